using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Randomness;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Graphs;

/// <summary>Derivatives that are wanted in some rows only.</summary>
public sealed class MovingRowsTests
{
    private const int Inputs = 70;

    /// <summary>Batch, outputs, share of the rows that move.</summary>
    public static TheoryData<int, int, double> Shapes => new()
    {
        { 16, 64, 0.5 }, { 33, 70, 0.5 }, { 250, 96, 0.3 }, { 300, 65, 0.9 }, { 256, 64, 0 }, { 256, 64, 1 }, { 2, 64, 0.5 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Rows_that_are_wanted_have_the_bits_of_all_rows_and_the_others_are_zero(int batch, int outputs, double share)
    {
        foreach (var (activation, threads) in ((Activation, int)[])[(Activation.Mish, 1), (Activation.Identity, 3)])
        {
            using var run = new Run(batch, outputs, share, activation);
            using var team = new WorkerTeam(threads);
            using var program = new ProgramBuilder(run.Graph).Compute(run.Some, run.All).Build(team);
            for (var repeat = 0; repeat < 2; repeat++)
            {
                program.Run();
                float[] some = Values(program, run.Some), all = Values(program, run.All);
                for (var row = 0; row < batch; row++)
                {
                    var expected = run.Where[row] == 0 ? new float[outputs] : all.AsSpan(row * outputs, outputs).ToArray();
                    Assert.Equal(expected, some.AsSpan(row * outputs, outputs).ToArray());
                }
            }

            // Both tangents of two layers; the values besides.
            long layers = Inputs + outputs, moving = run.Where.Count(value => value != 0);
            Assert.Equal(2 * outputs * layers * (batch + batch + moving), program.MultiplyAdds);
        }
    }

    [Fact]
    public void Where_every_value_is_kept_no_row_is_left_out()
    {
        using var run = new Run(40, 64, 0.5, Activation.Mish);
        using var team = new WorkerTeam(1);
        using var program = new ProgramBuilder(run.Graph).Compute(run.Some, run.All).KeepAll().Build(team);
        program.Run();
        Assert.Equal(Values(program, run.All), Values(program, run.Some));
    }

    [Fact]
    public void Rows_are_named_by_a_column()
    {
        using var run = new Run(5, 64, 0.5, Activation.Mish);
        var failure = Assert.Throws<GraphException>(() => run.Graph.Jvp(run.All, where: run.All, []));
        Assert.Contains("expected a column", failure.Message, StringComparison.Ordinal);
    }

    private static float[] Values(Program program, Node node)
    {
        var values = new float[node.Rows * node.Columns];
        program.Read(node, values);
        return values;
    }

    /// <summary>Two dense layers and their tangent, in all rows and in those that a column names.</summary>
    private sealed class Run : IDisposable
    {
        private readonly ParameterBlock _block;

        public Run(int batch, int outputs, double share, Activation activation)
        {
            Graph = new Graph.Graph(batch);
            var layout = new ParameterLayout();
            ParameterTensor first = layout.AddMatrix("first", Inputs, outputs), second = layout.AddMatrix("second", outputs, outputs), bias = layout.AddVector("bias", outputs);
            _block = new ParameterBlock("block", layout);
            foreach (var tensor in layout.Tensors)
                _block.Write(tensor, Normal(tensor.Count, tensor.Name, 0.1f));
            InputNode x = Graph.Input("x", Inputs), along = Graph.Input("along", Inputs), where = Graph.Input("where", 1);
            x.Write(Normal(batch * Inputs, "x"));
            along.Write(Normal(batch * Inputs, "along"));
            var uniform = new float[batch];
            Noise.FillUniform(new RandomStream(1, "where"), uniform);
            Where = Array.ConvertAll(uniform, u => u < share ? u + 0.1f : 0f);
            where.Write(Where);
            var y = Dense(Dense(x, _block, first, bias, activation), _block, second, bias, activation);
            All = Graph.Jvp(y, (x, along));
            Some = Graph.Jvp(y, where, (x, along));
        }

        public Graph.Graph Graph { get; }

        public float[] Where { get; }

        public Node All { get; }

        public Node Some { get; }

        public void Dispose()
        {
            Graph.Dispose();
            _block.Dispose();
        }

        private static float[] Normal(int count, string name, float scale = 1)
        {
            var values = new float[count];
            Noise.FillNormal(new RandomStream(7, name), values);
            return Array.ConvertAll(values, value => scale * value);
        }
    }
}
