using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Optimization;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Randomness;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Graphs;

/// <summary>Dense layers of which some inputs are the same for all rows, and programs of which some values need computing once.</summary>
public sealed class SharedInputTests
{
    [Theory]
    [InlineData(5, 33, Activation.Mish)]
    [InlineData(16, 3, Activation.Identity)]
    [InlineData(40, 70, Activation.Tanh)]
    [InlineData(1, 33, Activation.Mish)]
    public void Shared_rows_between_and_behind_varying_ones(int rows, int outputs, Activation activation) =>
        new NodeCheck(rows, threads: 2)
            .Value(rows, 3).Value(1, 4).Value(1, 34).Value(rows, 5).Value(1, 2).Parameter(48, outputs).Parameter(1, outputs)
            .Agrees(
                x => Dense(Concatenate(x[0], x[1], x[2], x[3], x[4]), x.Block, x.Tensor(5), x.Tensor(6), activation),
                x => Reference.Dense(Join(x[0], x[1], x[2], x[3], x[4]), x[5], x[6], activation));

    [Fact]
    public void Without_bias_and_with_rows_of_several_per_batch_element() =>
        new NodeCheck(5).Value(15, 3).Value(1, 4).Parameter(7, 40).Agrees(
            x => Dense(Concatenate(x[1], x[0]), x.Block, x.Tensor(2), null, Activation.Identity),
            x => Reference.Dense(Matrix.Concatenate(Spread(x[1], 15), x[0]), x[2], null, Activation.Identity));

    [Fact]
    public void One_weight_with_shared_rows_twice_and_once_without() =>
        new NodeCheck(9, threads: 2).Value(9, 3).Value(1, 4).Value(9, 4).Parameter(7, 33).Parameter(1, 33).Agrees(
            x =>
            {
                Node Layer(Node v, Node w) => Dense(Concatenate(v, w), x.Block, x.Tensor(3), x.Tensor(4), Activation.Mish);
                return Layer(x[0], x[1]) * Layer(x[0], x[2]) + Layer(2f * x[0], 0.5f * x[1]);
            },
            x =>
            {
                Matrix Layer(Matrix v, Matrix w) => Reference.Dense(Join(v, w), x[3], x[4], Activation.Mish);
                return Matrix.Combine(
                    Matrix.Combine(Layer(x[0], x[1]), Layer(x[0], x[2]), (p, q) => p * q), Layer(x[0].Map(v => 2 * v), x[1].Map(v => 0.5 * v)), (p, q) => p + q);
            });

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void A_constant_beside_rows(int rows) =>
        new NodeCheck(rows).Value(rows, 3).Parameter(5, 33).Parameter(1, 33).Agrees(
            x => Dense(Concatenate(x.Graph.Constant(0.3f, 1, 2), x[0]), x.Block, x.Tensor(1), x.Tensor(2), Activation.Mish),
            x => Reference.Dense(Matrix.Concatenate(Matrix.Of(rows, 2, (_, _) => 0.3f), x[0]), x[1], x[2], Activation.Mish));

    [Fact]
    public void A_tangent_of_the_whole_input_counts_all_of_it()
    {
        using var graph = new Graph.Graph(4);
        var (block, weight, bias) = Layer(5, 33);
        using var _ = block;
        var x = Concatenate(Input(graph, 4, 3), Input(graph, 1, 2));
        var along = Input(graph, 4, 5);
        var y = Dense(x, block, weight, bias, Activation.Identity);
        var plain = Dense(along, block, weight, null, Activation.Identity);
        var tangent = graph.Jvp(y, (x, along));
        using var team = new WorkerTeam(1);
        using var program = new ProgramBuilder(graph).Compute(tangent, plain).Build(team);
        program.Run();
        Assert.Equal(Values(program, plain), Values(program, tangent));
    }

    [Fact]
    public void What_follows_from_parameters_is_computed_again_only_when_they_change()
    {
        var (block, weight, bias) = Layer(7, 33);
        using var _ = block;
        using var graph = new Graph.Graph(1);
        var input = graph.Input("x", 3);
        input.Write([0.1f, -0.2f, 0.3f]);
        Node Network() => Dense(Concatenate(input, Dense(graph.Constant(0.7f, 1, 7), block, weight, bias, Activation.Mish)), block, Wide(block), bias, Activation.Mish);
        var y = Network();
        using var team = new WorkerTeam(1);
        using var program = new ProgramBuilder(graph).Compute(y).Build(team);
        program.Run();
        Assert.False(program.WasPrepared);
        var first = Values(program, y);
        program.Run();
        Assert.True(program.WasPrepared);
        Assert.Equal(first, Values(program, y));

        input.Write([0.5f, 0.5f, -1f]);
        program.Run();
        Assert.True(program.WasPrepared);
        Assert.Equal(Fresh(), Values(program, y));

        block.Write(bias, Enumerable.Range(0, 33).Select(i => 0.01f * i).ToArray());
        program.Run();
        Assert.False(program.WasPrepared);
        Assert.Equal(Fresh(), Values(program, y));

        // A step of an optimiser and a moving average change parameters too.
        using var adam = new Adam(block, new AdamOptions(0.1));
        using var learning = new ProgramBuilder(graph).Gradient(Sum(y), block).Step(adam).Build(team);
        learning.Run();
        program.Run();
        Assert.False(program.WasPrepared);
        Assert.Equal(Fresh(), Values(program, y));
        using var other = new ParameterBlock("other", block.Layout);
        using var averaging = new ProgramBuilder(graph).Compute(y).Average(new MovingAverage(other, block, 0.5)).Build(team);
        averaging.Run();
        program.Run();
        Assert.Equal(Fresh(), Values(program, y));

        float[] Fresh()
        {
            using var again = new ProgramBuilder(graph).Compute(y).Build(team);
            again.Run();
            return Values(again, y);
        }
    }

    [Theory]
    [InlineData(33, Activation.Mish)]
    [InlineData(256, Activation.Relu)]
    [InlineData(40, Activation.Sigmoid)]
    [InlineData(3, Activation.Identity)]
    public void Halved_weights_give_nearly_the_same_and_follow_the_parameters(int outputs, Activation activation)
    {
        var (block, weight, bias) = Layer(7, outputs);
        using var _ = block;
        using var graph = new Graph.Graph(1);
        var input = graph.Input("x", 3);
        input.Write([0.4f, -0.2f, 0.9f]);
        // What comes from outside is not rounded: here it does not come to the layer as it is.
        var y = Dense(Concatenate(Tanh(input), Dense(graph.Constant(0.7f, 1, 7), block, weight, bias, activation)), block, Wide(block), null, activation);
        var outside = Dense(Concatenate(input, graph.Constant(0.7f, 1, outputs)), block, Wide(block), null, activation);
        using var team = new WorkerTeam(1);
        using Program exact = new ProgramBuilder(graph).Compute(y, outside).Build(team), halved = new ProgramBuilder(graph).Compute(y, outside).HalveWeights().Build(team);
        for (var round = 0; round < 2; round++)
        {
            exact.Run();
            var expected = Values(exact, y);
            halved.Run();
            Assert.False(halved.WasPrepared);
            var found = Values(halved, y);
            Assert.NotEqual(expected, found);
            Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 0.002f * (1 + Math.Abs(pair.First))));
            Assert.Equal(Values(exact, outside), Values(halved, outside));
            halved.Run();
            Assert.True(halved.WasPrepared);
            Assert.Equal(found, Values(halved, y));
            block.Write(Wide(block), Enumerable.Range(0, (outputs + 3) * outputs).Select(i => (float)Math.Sin(i) / outputs).ToArray());
        }

        Assert.Equal(0, Allocations.Of(100, halved.Run).Thread);
        var refused = Assert.Throws<GraphException>(() => new ProgramBuilder(graph).Gradient(Sum(y), block).HalveWeights().Build(team));
        Assert.Contains("only compute values", refused.Message, StringComparison.Ordinal);
    }

    private static Matrix Join(params Matrix[] parts)
    {
        var rows = parts.Max(part => part.Rows);
        return parts.Select(part => Spread(part, rows)).Aggregate((a, b) => Matrix.Concatenate(a, b));
    }

    private static Matrix Spread(Matrix row, int rows) => row.Rows == rows ? row : Matrix.Of(rows, row.Columns, (_, column) => row[0, column]);

    private static InputNode Input(Graph.Graph graph, int rows, int columns)
    {
        var input = graph.Input("input", columns, rows);
        var random = new RandomStream(3, $"input {rows} {columns}");
        input.Write(Enumerable.Range(0, rows * columns).Select(_ => (float)random.NextNormal()).ToArray());
        return input;
    }

    private static ParameterTensor Wide(ParameterBlock block) => block.Layout.Tensors.Single(tensor => tensor.Name == "wide");

    private static (ParameterBlock Block, ParameterTensor Weight, ParameterTensor Bias) Layer(int inputs, int outputs)
    {
        var layout = new ParameterLayout();
        var weight = layout.AddMatrix("weight", inputs, outputs);
        var bias = layout.AddVector("bias", outputs);
        layout.AddMatrix("wide", outputs + 3, outputs);
        var block = new ParameterBlock("block", layout);
        block.Initialize(new RandomStream(1, "layer"));
        return (block, weight, bias);
    }

    private static float[] Values(Program program, Node node)
    {
        var values = new float[node.Rows * node.Columns];
        program.Read(node, values);
        return values;
    }
}
