using Ofql.Formats.Onnx;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Outlines;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Randomness;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Formats.Tests.Onnx;

/// <summary>Every function of a graph as operators of ONNX: the same values for batches of any size, from one description.</summary>
public sealed class OnnxLoweringTests
{
    private const int Columns = 6;

    private static readonly Dictionary<string, Func<Given, Node>> Expressions = new()
    {
        ["dense"] = given => Dense(given.X, given.Block, given.Weight, given.Bias, Activation.Mish),
        ["dense without bias"] = given => Dense(given.X, given.Block, given.Weight, null, Activation.Identity),
        ["dense of what all rows share"] = given => Dense(Concatenate(Cut(given.X, 0, 3), Cut(given.Row, 0, 3)), given.Block, given.Weight, given.Bias, Activation.Tanh),
        ["shared before and behind"] = given => Dense(Concatenate(given.Number, Cut(given.X, 1, 4), Cut(given.Row, 0, 1)), given.Block, given.Weight, given.Bias, Activation.Relu),
        ["shared, without bias"] = given => Dense(Concatenate(given.Number, Cut(given.X, 1, 5)), given.Block, given.Weight, null, Activation.Identity),
        ["one output"] = given => Dense(Concatenate(Cut(given.Row, 0, 3), Cut(given.X, 0, 3)), given.Block, given.Column, null, Activation.Identity),
        ["columns and rows"] = given => Concatenate(Cut(given.X, 2, 3), given.Row, given.Number, Cut(given.X, 0, 1)) * 2f,
        ["sums of shapes"] = given => (given.X + given.Row) * (Cut(given.X, 0, 1) - given.Number) / (Square(given.Y) + 2f),
        ["a column and a row"] = given => Cut(given.X, 0, 1) * given.Row,
        ["min and max"] = given => Min(given.X, given.Y) - Max(given.X, given.Row),
        ["scale and offset"] = given => 1f - (0.3f * given.X) + 2f,
        ["absolute and root"] = given => Sqrt(Abs(given.X) + 0.1f),
        ["exponential and logarithm"] = given => Log(Exp(given.X) + 1f),
        ["reciprocal and power"] = given => Reciprocal(Square(given.X) + 1f) + Power(Abs(given.Y) + 0.1f, 1.7f),
        ["sine and cosine"] = given => Sin(3f * given.X) * Cos(given.Y),
        ["clamp"] = given => Clamp(given.X, -0.5f, 0.25f),
        ["negative"] = given => Negative(given.X) + given.Y,
        ["stop"] = given => StopGradient(given.X) + StopGradient(given.Row),
        ["layer norm"] = given => LayerNorm(given.X, given.Block, given.Scale, given.Shift, 1e-6f),
        ["layer norm and the same parameter as a row"] = given => LayerNorm(given.X, given.Block, given.Scale, given.Shift) + given.X.Graph.Parameter(given.Block, given.Scale),
        ["root mean square norm"] = given => RootMeanSquareNorm(given.X, given.Block, given.Scale, 1e-6f, 2f) + RootMeanSquareNorm(given.Row, given.Block, given.Scale, 1e-6f),
        ["sum of columns"] = given => SumColumns(given.X) + SumColumns(given.Row),
        ["mean of a row"] = given => given.X * Mean(given.Row) + Sum(given.Number),
        ["largest"] = given => MaxColumns(given.X) + MaxColumns(given.Y, 3),
        ["log sum exp"] = given => LogSumExp(given.X),
        ["sinusoid"] = given => Sinusoid(Cut(given.X, 0, 1), SinusoidFrequencies.DiffusionQl(10)) * 1f,
        ["sinusoids of a number"] = given => Concatenate(given.X, Sinusoid(given.Number, SinusoidFrequencies.MeanFlow(8)), Sinusoid(given.Number, SinusoidFrequencies.DiffusionQl(6))),
        ["repeated, cut and summed"] = given => SumRows(RepeatRows(given.X, 3) * SplitRows(Concatenate(given.X, given.Y, given.X), 3), 3),
        ["grouped"] = given => GroupRows(SumColumns(SplitRows(given.X, 2)), 2),
        ["constants"] = given => given.X + given.X.Graph.Constant(0.5f, given.X.Rows, Columns) + given.X.Graph.Constant(0.25f, 1, Columns),
        ["rows of several per element"] = given => SumRows(Concatenate(RepeatRows(given.X, 2), given.Row), 2),
        ["an input itself"] = given => given.X,
    };

    static OnnxLoweringTests()
    {
        foreach (var activation in Enum.GetValues<Activation>())
            Expressions[$"activation {activation}"] = given => Activate(2f * given.X, activation) + Activate(given.Row, activation);
    }

    public static TheoryData<string> Names => new(Expressions.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void An_expression_has_the_same_values(string name)
    {
        using var given = new Given(2);
        var outline = Outline.Of([("result", Expressions[name](given))]);
        var model = new OnnxModel(8, 18, "", "", [], OnnxLowering.Graph("test", outline));
        var interpreter = OnnxInterpreter.Of(OnnxWriter.Bytes(model));
        foreach (var batch in (int[])[1, 2, 7, 33])
        {
            using var run = new Given(batch);
            var node = Expressions[name](run);
            using var team = new WorkerTeam(1);
            using var program = new ProgramBuilder(run.Graph).Compute(node).Build(team);
            var inputs = new Dictionary<string, OnnxValue>();
            var random = new RandomStream(1, "values");
            foreach (var input in (InputNode[])[run.FirstInput, run.SecondInput])
            {
                var values = Enumerable.Range(0, batch * Columns).Select(_ => (float)random.NextNormal()).ToArray();
                input.Write(values);
                inputs[input.Name] = OnnxValue.Matrix(batch, values);
            }

            program.Run();
            var expected = new float[node.Rows * node.Columns];
            program.Read(node, expected);
            var found = interpreter.Run(inputs)["result"];
            Assert.Equal([node.Rows, node.Columns], found.Shape);
            for (var i = 0; i < expected.Length; i++)
                Assert.InRange(found.Values[i], expected[i] - (1e-5 * (1 + Math.Abs(expected[i]))), expected[i] + (1e-5 * (1 + Math.Abs(expected[i]))));
        }
    }

    [Fact]
    public void What_has_no_meaning_for_one_state_is_refused()
    {
        using var given = new Given(2);
        Refused("by itself", given.X - Mean(given.X));
        Refused("by itself", given.Graph.Jvp(Exp(given.X), (given.X, given.Y)));
        Refused("single row for a batch", given.X + RepeatRows(given.Row, 2));
        using var one = new Given(1);
        Refused("batches of 2 or more", one.X);

        static void Refused(string words, Node node) =>
            Assert.Contains(words, Assert.Throws<GraphException>(() => Outline.Of([("result", node)])).Message, StringComparison.Ordinal);
    }

    private static Node Cut(Node x, int first, int count) => Functions.Columns(x, first, count);

    /// <summary>Inputs x and y [B, 6], a row, a number and parameters.</summary>
    private sealed class Given : IDisposable
    {
        public Given(int batch)
        {
            Graph = new Graph.Graph(batch);
            FirstInput = Graph.Input("x", Columns);
            SecondInput = Graph.Input("y", Columns);
            var layout = new ParameterLayout();
            Weight = layout.AddMatrix("weight", Columns, 40);
            Bias = layout.AddVector("bias", 40);
            Column = layout.AddMatrix("column", Columns, 1);
            Scale = layout.AddVector("scale", Columns);
            Shift = layout.AddVector("shift", Columns);
            var row = layout.AddVector("row", Columns);
            var number = layout.AddVector("number", 1);
            Block = new ParameterBlock("block", layout);
            Block.Initialize(new RandomStream(2, "parameters"));
            (X, Y, Row, Number) = (FirstInput, SecondInput, Graph.Parameter(Block, row), Graph.Parameter(Block, number));
        }

        public Graph.Graph Graph { get; }

        public InputNode FirstInput { get; }

        public InputNode SecondInput { get; }

        public Node X { get; }

        public Node Y { get; }

        public Node Row { get; }

        public Node Number { get; }

        public ParameterBlock Block { get; }

        public ParameterTensor Weight { get; }

        public ParameterTensor Bias { get; }

        public ParameterTensor Column { get; }

        public ParameterTensor Scale { get; }

        public ParameterTensor Shift { get; }

        public void Dispose()
        {
            Graph.Dispose();
            Block.Dispose();
        }
    }
}
