using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Graphs;

/// <summary>What adds up, what is stopped, and what is refused.</summary>
public sealed class GraphRuleTests
{
    private static readonly float[] _two = [3, -2];

    [Fact]
    public void The_harness_notices_a_wrong_value_a_wrong_gradient_and_a_wrong_tangent()
    {
        Refused("value", x => x[0] * 1.0001f, x => x[0]);
        Refused("gradient", x => StopGradient(x[0]) * x[0], x => x[0].Map(v => v * v), "tangent");
        Refused("tangent", x => StopGradient(x[0]) + (x[0] * 0f), x => x[0]);

        static void Refused(string what, Func<NodeCheck.Recorded, Node> build, Func<Matrix[], Matrix> reference, string? instead = null)
        {
            var failure = Assert.ThrowsAny<Exception>(() => new NodeCheck(5).Value(5, 3).Agrees(build, reference));
            Assert.Contains(instead ?? what, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_stopped_gradient_does_not_flow()
    {
        using var run = new SmallProgram(2, [2, 1], _two);
        run.Differentiate(Sum(StopGradient(run.X) * run.X));
        Assert.Equal(_two, run.Gradient());
        Assert.Equal([9f, 4f], run.Value(StopGradient(run.X) * run.X));
        // Not even where another path to the same value is open.
        run.Differentiate(Sum(Square(run.X)) + Sum(StopGradient(Square(run.X))));
        Assert.Equal([6f, -4f], run.Gradient());
    }

    [Fact]
    public void A_stopped_value_is_a_constant_to_forward_mode()
    {
        using var run = new SmallProgram(2, [2, 1], _two);
        var one = run.Graph.Constant(1f, 2);
        Assert.Equal(_two, run.Value(run.Graph.Jvp(StopGradient(run.X) * run.X, (run.X, one))));
        Assert.Equal([0f, 0f], run.Value(run.Graph.Jvp(StopGradient(run.X), (run.X, one))));
        Assert.Equal([0f, 0f], run.Value(run.Graph.Jvp(Negative(run.X), (run.X, one))));
        Assert.Equal([1f, 1f], run.Value(run.Graph.Jvp(run.X, (run.X, one))));
    }

    [Fact]
    public void Negative_marks_what_is_below_zero_and_has_no_gradient()
    {
        using var run = new SmallProgram(5, [5, 1], [-1, 0, 2, -0f, -1e-30f]);
        Assert.Equal([1f, 0, 0, 0, 1], run.Value(Negative(run.X)));
        run.Differentiate(Sum(Negative(run.X) * run.X));
        Assert.Equal([1f, 0, 0, 0, 1], run.Gradient());
    }

    [Fact]
    public void At_a_kink_one_side_counts()
    {
        using var run = new SmallProgram(3, [3, 1], [0, -1, 1]);
        Gradient([0, -1, 1], Abs(run.X));
        // Inside, the bounds included or not, but never more than 1.
        run.Differentiate(Sum(Clamp(run.X, -1f, 1f)));
        Assert.Equal(1f, run.Gradient()[0]);
        Assert.All(run.Gradient(), g => Assert.InRange(g, 0, 1));
        Gradient([0, 0, 1], Activate(run.X, Activation.Relu));
        // Equal values: the whole gradient goes to one of them.
        Gradient([1, 1, 1], Min(run.X, run.X));
        Gradient([1, 1, 1], Max(run.X, 1f * run.X));

        void Gradient(float[] expected, Node y)
        {
            run.Differentiate(Sum(y));
            Assert.Equal(expected, run.Gradient());
        }
    }

    [Fact]
    public void Several_losses_over_one_block_add_up()
    {
        using var run = new SmallProgram(2, [2, 1], _two);
        run.Differentiate(Sum(Square(run.X)), Sum(5f * run.X), Mean(run.X));
        Assert.Equal([(2 * 3) + 5 + 0.5f, (2 * -2) + 5 + 0.5f], run.Gradient());
    }

    [Fact]
    public void Several_losses_add_up_in_every_kind_of_parameter()
    {
        // A weight, a single column, a bias, scale and shift of a layer norm, a vector: two losses against their sum.
        var layout = new ParameterLayout();
        ParameterTensor w = layout.AddMatrix("w", 3, 33), b = layout.AddVector("b", 33), scale = layout.AddVector("scale", 33), shift = layout.AddVector("shift", 33);
        ParameterTensor column = layout.AddMatrix("column", 33, 1), one = layout.AddVector("one", 1);
        using var apart = new ParameterBlock("apart", layout);
        apart.Initialize(new Kernels.Randomness.RandomStream(3, "initialize"));
        using var together = new ParameterBlock("together", layout);
        together.CopyFrom(apart);
        using var graph = new Graph.Graph(40);
        var x = graph.Input("x", 3);
        x.Write(Matrix.Random(new Kernels.Randomness.RandomStream(3, "x"), 40, 3).ToSingles());
        using var team = new WorkerTeam(2);
        var (first, second) = Losses(apart);
        var (p, q) = Losses(together);
        using var program = new ProgramBuilder(graph).Gradient(first, apart).Gradient(second, apart).Gradient(p + q, together).Build(team);
        program.Run();
        foreach (var tensor in layout.Tensors)
        {
            float[] left = new float[tensor.Count], right = new float[tensor.Count];
            apart.ReadGradient(tensor, left);
            together.ReadGradient(tensor, right);
            Assert.Contains(left, value => value != 0);
            for (var i = 0; i < left.Length; i++)
                Assert.Equal(right[i], left[i], 1e-5f * right.Max(Math.Abs));
        }

        (Node, Node) Losses(ParameterBlock block)
        {
            var hidden = LayerNorm(Dense(x, block, w, b, Activation.Mish), block, scale, shift);
            var y = Dense(hidden, block, column, null, Activation.Identity) * graph.Parameter(block, one);
            return (Mean(Square(y)), Mean(y) + Mean(hidden * hidden));
        }
    }

    [Fact]
    public void Each_block_gets_the_gradient_of_its_own_loss()
    {
        using var graph = new Graph.Graph(2);
        var layout = new ParameterLayout();
        var p = layout.AddVector("p", 2);
        using ParameterBlock a = new("a", layout), b = new("b", layout);
        a.Write(p, [2, 3]);
        b.Write(p, [5, 7]);
        var product = graph.Parameter(a, p) * graph.Parameter(b, p);
        using var team = new WorkerTeam(1);
        using (var program = new ProgramBuilder(graph).Gradient(Sum(product), a).Gradient(Sum(Square(product)), b).Build(team))
            program.Run();
        Assert.Equal([5f, 7f], Gradient(a));
        Assert.Equal([2 * 10 * 2f, 2 * 21 * 3f], Gradient(b));
        // A block that is not asked for keeps the gradient it has.
        using (var program = new ProgramBuilder(graph).Gradient(Sum(product * 3f), a).Build(team))
            program.Run();
        Assert.Equal([15f, 21f], Gradient(a));
        Assert.Equal([2 * 10 * 2f, 2 * 21 * 3f], Gradient(b));

        float[] Gradient(ParameterBlock block)
        {
            var values = new float[2];
            block.ReadGradient(p, values);
            return values;
        }
    }

    [Fact]
    public void Parameters_that_no_loss_reaches_have_no_gradient_whatever_an_earlier_program_left_there()
    {
        using var graph = new Graph.Graph(2);
        var layout = new ParameterLayout();
        ParameterTensor p = layout.AddVector("p", 2), q = layout.AddVector("q", 2);
        using ParameterBlock block = new("block", layout);
        block.Write(p, [2, 3]);
        block.Write(q, [5, 7]);
        using var team = new WorkerTeam(1);
        using (var both = new ProgramBuilder(graph).Gradient(Sum(graph.Parameter(block, p) * graph.Parameter(block, q)), block).Build(team))
            both.Run();
        using (var one = new ProgramBuilder(graph).Gradient(Sum(Square(graph.Parameter(block, p))), block).Build(team))
            one.Run();
        float[] left = [1, 1], right = [1, 1];
        block.ReadGradient(p, left);
        block.ReadGradient(q, right);
        Assert.Equal([4f, 6f], left);
        Assert.Equal([0f, 0f], right);
    }

    [Fact]
    public void What_is_written_back_into_a_block_leaves_nothing_of_numbers_that_were_none()
    {
        var layout = new ParameterLayout();
        var weight = layout.AddMatrix("w", 3, 5);
        using ParameterBlock block = new("block", layout), fresh = new("fresh", layout);
        float[] values = [.. Enumerable.Range(0, 15).Select(i => (float)i)];
        unsafe
        {
            for (var i = 0; i < layout.Length; i++)
                block.Values[i] = float.NaN;
            block.Write(weight, values);
            fresh.Write(weight, values);
            Assert.True(new ReadOnlySpan<float>(block.Values, layout.Length).SequenceEqual(new ReadOnlySpan<float>(fresh.Values, layout.Length)));
        }
    }

    [Fact]
    public void What_cannot_be_run_soundly_is_refused()
    {
        using var graph = new Graph.Graph(4);
        ParameterLayout layout = new(), shorter = new();
        var p = layout.AddVector("p", 40);
        _ = shorter.AddVector("p", 2);
        using ParameterBlock online = new("online", layout), target = new("target", shorter);
        using var adam = new Ofql.Graph.Optimization.Adam(online, new Ofql.Graph.Optimization.AdamOptions(0.1));
        using var team = new WorkerTeam(1);
        var loss = Sum(Square(graph.Parameter(online, p)));
        Refused("their layouts differ", () => new ProgramBuilder(graph).Compute(loss).Average(new Ofql.Graph.Optimization.MovingAverage(online, target, 0.5)).Build(team));
        Refused("two steps in one program", () => new ProgramBuilder(graph).Gradient(loss, online).Step(adam).Step(adam));
        Refused("one row for the whole batch", () => new ProgramBuilder(graph).Fill(new NoRows(), graph.Input("shared", 1, rows: 1)));

        static void Refused(string words, Action build) => Assert.Contains(words, Assert.Throws<GraphException>(build).Message, StringComparison.Ordinal);
    }

    private sealed class NoRows : IRowSource
    {
        public void Fill(int first, int end)
        {
            // Never run.
        }
    }

    [Fact]
    public void A_gradient_into_a_tangent_is_refused_with_the_remedy()
    {
        using var run = new SmallProgram(2, [2, 3], [1, 2, 3, 4, 5, 6]);
        var one = run.Graph.Constant(1f, 2, 3);
        Node[] functions =
        [
            Square(run.X), Tanh(run.X), run.X * Square(run.X), LogSumExp(run.X), MaxColumns(run.X),
            Sinusoid(Columns(run.X, 0, 1), SinusoidFrequencies.MeanFlow(4)), run.X / (Square(run.X) + 1f),
        ];
        foreach (var function in functions)
        {
            var tangent = run.Graph.Jvp(function, (run.X, one));
            var failure = Assert.Throws<GraphException>(() => run.Differentiate(Sum(tangent)));
            Assert.Contains("StopGradient", failure.Message, StringComparison.Ordinal);
            Assert.Contains("tangent", failure.Message, StringComparison.Ordinal);
            run.Differentiate(Sum(StopGradient(tangent) * SumColumns(run.X)));
            var second = Assert.Throws<GraphException>(() => run.Graph.Jvp(tangent, (run.X, one)));
            Assert.Contains("second derivatives", second.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_gradient_into_the_tangent_of_a_layer_is_refused_even_where_only_its_weights_learn()
    {
        var layout = new ParameterLayout();
        ParameterTensor w = layout.AddMatrix("w", 3, 2), scale = layout.AddVector("scale", 3), shift = layout.AddVector("shift", 3);
        using var block = new ParameterBlock("block", layout);
        using var graph = new Graph.Graph(2);
        Node x = graph.Input("x", 3), v = graph.Input("v", 3);
        using var team = new WorkerTeam(1);
        foreach (var y in new[] { Dense(x, block, w, null, Activation.Identity), Dense(x, block, w, null, Activation.Mish), LayerNorm(x, block, scale, shift) })
        {
            var failure = Assert.Throws<GraphException>(() => new ProgramBuilder(graph).Gradient(Sum(graph.Jvp(y, (x, v))), block).Build(team));
            Assert.Contains("StopGradient", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using Graph.Graph graph = new(4), other = new(4);
        Node a = graph.Input("a", 3), b = graph.Input("b", 2), tall = graph.Input("tall", 3, 8), column = graph.Input("column", 1);
        var layout = new ParameterLayout();
        ParameterTensor w = layout.AddMatrix("w", 3, 2), narrow = layout.AddMatrix("narrow", 3, 1), thin = layout.AddMatrix("thin", 1, 3), v = layout.AddVector("v", 2);
        using var block = new ParameterBlock("block", layout);
        Refused("cannot be spread", () => a + b);
        Refused("cannot be spread", () => a * tall);
        Refused("does not have 8 rows", () => Concatenate(a, tall));
        Refused("mixes two graphs", () => a + other.Input("elsewhere", 3));
        Refused("multiple of 4", () => graph.Input("odd", 3, 6));
        Refused("do not exist", () => Columns(a, 1, 3));
        Refused("do not exist", () => Columns(a, -1, 2));
        Refused("groups of 3", () => GroupRows(column, 3));
        Refused("groups of 2", () => GroupRows(tall, 2));
        Refused("cannot be cut into 2", () => SplitRows(a, 2));
        Refused("groups of 3 rows", () => SumRows(column, 3));
        Refused("no 4-th largest", () => MaxColumns(a, 4));
        Refused("no 2-th largest", () => MaxColumns(column, 2));
        Refused("one time per row", () => Sinusoid(a, SinusoidFrequencies.DiffusionQl(4)));
        Refused("even", () => Sinusoid(column, SinusoidFrequencies.DiffusionQl(5)));
        Refused("takes 3 inputs", () => Dense(b, block, w, null, Activation.Mish));
        Refused("single column", () => Dense(column, block, thin, null, Activation.Mish));
        Refused("apply Activate", () => Dense(a, block, narrow, null, Activation.Mish));
        Refused("3 columns", () => LayerNorm(a, block, v, v));
        Refused("has shape [4, 2]", () => graph.Jvp(a, (a, b)));
        Refused("is a number [1, 1]", () => Build(a));
        Refused("does not depend on the parameters of 'block'", () => Build(Sum(a)));
        Refused("does not depend on the parameters of 'block'", () => Build(Sum(StopGradient(Dense(a, block, w, null, Activation.Mish)))));

        Node Build(Node loss)
        {
            using var team = new WorkerTeam(1);
            new ProgramBuilder(graph).Gradient(loss, block).Build(team).Dispose();
            return loss;
        }

        static void Refused(string reason, Func<Node> build) =>
            Assert.Contains(reason, Assert.Throws<GraphException>(build).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_what_was_asked_for_can_be_read()
    {
        using var run = new SmallProgram(2, [2, 1], _two);
        Node square = Square(run.X), sum = Sum(square);
        var program = run.Build(builder => builder.Gradient(sum, run.Block));
        program.Run();
        Assert.Equal(13f, program.Scalar(sum));
        var failure = Assert.Throws<GraphException>(() => program.Read(square, new float[2]));
        Assert.Contains("Compute", failure.Message, StringComparison.Ordinal);
        Assert.Throws<GraphException>(() => program.Scalar(Sum(run.X)));
        var all = run.Build(builder => builder.Gradient(sum, run.Block).KeepAll());
        all.Run();
        var values = new float[2];
        all.Read(square, values);
        Assert.Equal([9f, 4f], values);
        Assert.Throws<ArgumentException>(() => all.Read(square, new float[3]));
    }

    [Fact]
    public void Inputs_and_parameters_take_the_number_of_values_they_have()
    {
        using var graph = new Graph.Graph(4);
        var x = graph.Input("x", 40);
        Assert.Throws<ArgumentException>(() => x.Write(new float[159]));
        Assert.ThrowsAny<ArgumentException>(() => x.WriteRow(0, new float[41]));
        Assert.ThrowsAny<ArgumentException>(() => x.WriteRow(0, new float[39]));
        Assert.ThrowsAny<ArgumentException>(() => x.WriteRow(4, new float[40]));
        Assert.ThrowsAny<ArgumentException>(() => x.WriteNumber(0, 1f));
        Assert.ThrowsAny<ArgumentException>(() => graph.Input("t", 1).WriteNumber(-1, 1f));
        var layout = new ParameterLayout();
        var w = layout.AddMatrix("w", 2, 3);
        using var block = new ParameterBlock("block", layout);
        Assert.Throws<GraphException>(() => block.Write(w, new float[5]));
        Assert.Throws<GraphException>(() => block.Read(w, new float[7]));
        Assert.Contains("prefix", Assert.Throws<GraphException>(() => layout.AddVector("w", 1)).Message, StringComparison.Ordinal);
        Assert.Contains("w", Assert.Throws<GraphException>(() => layout["v"]).Message, StringComparison.Ordinal);
        Assert.Throws<GraphException>(() => graph.Parameter(block, w));
    }

    [Fact]
    public void A_matrix_in_file_order_is_its_transpose_in_memory()
    {
        using var graph = new Graph.Graph(2);
        var layout = new ParameterLayout();
        var w = layout.AddMatrix("w", 2, 3);
        using var block = new ParameterBlock("block", layout);
        block.Write(w, [1, 2, 3, 4, 5, 6]);
        var x = graph.Input("x", 2);
        x.Write([1, 0, 0, 1]);
        var y = Dense(x, block, w, null, Activation.Identity);
        using var team = new WorkerTeam(1);
        using var program = new ProgramBuilder(graph).Compute(y).Build(team);
        program.Run();
        var values = new float[6];
        program.Read(y, values);
        Assert.Equal([1f, 3, 5, 2, 4, 6], values);
    }
}
