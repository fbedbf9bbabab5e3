using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Randomness;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Graphs;

/// <summary>
/// Checks a node, or an expression of nodes, against a computation in double: value, gradient, tangent, and that gradient and
/// tangent are adjoint.
/// </summary>
/// <remarks>
/// Finite differences are taken of the reference, in double: with a step of 1e-5 their own error is about 1e-10, so that the
/// tolerance is that of one float computation (1e-5 of the largest entry: some 100 roundings of 6e-8) and not that of float
/// differences, which would be 1e-3 at best.
/// Every differentiated input is X = I W with a parameter W, so that dL/dW is exactly dL/dX. Each check runs in four settings:
/// X used once or twice (a gradient that is written, a gradient that is added to), X plain or activated (a gradient that the
/// consumer multiplies by the stored derivative of a dense layer).
/// </remarks>
internal sealed class NodeCheck(int batch, int threads = 1)
{
    private const double Step = 1e-5;
    private const double Tolerance = 1e-5;

    /// <summary>Entries this small are compared absolutely.</summary>
    private const double Floor = 0.05;

    private const int SampledEntries = 20;

    private readonly List<Given> _given = [];

    /// <summary>A value X [rows, columns] that the expression is a function of.</summary>
    public NodeCheck Value(int rows, int columns, double low = -2, double high = 2)
    {
        _given.Add(new Given(rows, columns, low, high, IsParameter: false));
        return this;
    }

    /// <summary>A parameter: a weight [inputs, outputs], or a vector where there is one input.</summary>
    public NodeCheck Parameter(int inputs, int outputs, double low = -1, double high = 1)
    {
        _given.Add(new Given(inputs, outputs, low, high, IsParameter: true));
        return this;
    }

    /// <summary>Runs the check in all four settings.</summary>
    /// <param name="build">The expression.</param>
    /// <param name="reference">The same in double, of values and parameters in the order they were given.</param>
    public void Agrees(Func<Recorded, Node> build, Func<Matrix[], Matrix> reference)
    {
        foreach (var twice in new[] { false, true })
        {
            foreach (var activated in new[] { false, true })
                new Setting(this, build, reference, twice, activated).Run();
        }
    }

    private static void Close(string what, double expected, double actual, double scale)
    {
        if (!(Math.Abs(actual - expected) <= Tolerance * Math.Max(scale, Floor)))
            Assert.Fail($"{what}: expected {expected:g9}, found {actual:g9} (scale {scale:g3}).");
    }

    private static void Close(string what, Matrix expected, Matrix actual)
    {
        var scale = expected.Values.Max(Math.Abs);
        for (var i = 0; i < expected.Values.Length; i++)
            Close($"{what}, row {i / expected.Columns}, column {i % expected.Columns}", expected.Values[i], actual.Values[i], scale);
    }

    internal sealed record Given(int Rows, int Columns, double Low, double High, bool IsParameter)
    {
        /// <summary>Softplus keeps positive what must be positive.</summary>
        public Activation Activation => IsParameter ? Activation.Identity : Low >= 0 ? Activation.Softplus : Activation.Tanh;

        public double Activate(double x) => Low >= 0 ? Math.Log(1 + Math.Exp(x)) : Math.Tanh(x);
    }

    /// <summary>What an expression is built of.</summary>
    internal sealed class Recorded(Graph.Graph graph, ParameterBlock block, ParameterTensor[] tensors, Node?[] values)
    {
        public Graph.Graph Graph => graph;

        public ParameterBlock Block => block;

        /// <summary>A value, in the order given.</summary>
        public Node this[int index] => values[index]!;

        public ParameterTensor Tensor(int index) => tensors[index];
    }

    private sealed class Setting
    {
        private readonly NodeCheck _check;
        private readonly Func<Matrix[], Matrix> _reference;
        private readonly bool _twice;
        private readonly bool _activated;
        private readonly Func<Recorded, Node> _build;
        private readonly RandomStream _random;
        private readonly Matrix[] _at;
        private readonly Matrix[] _directions;
        private readonly Matrix[] _secondUse;
        private Matrix _upstream = new(1, 1);

        public Setting(NodeCheck check, Func<Recorded, Node> build, Func<Matrix[], Matrix> reference, bool twice, bool activated)
        {
            (_check, _build, _reference, _twice, _activated) = (check, build, reference, twice, activated);
            _random = new RandomStream(17, "node check");
            _at = Draw(given => (given.Low, given.High));
            _directions = Draw(_ => (-1, 1));
            _secondUse = Draw(given => twice && !given.IsParameter ? (-1, 1) : (0, 0));
        }

        private List<Given> Given => _check._given;

        private string Name => $"[used {(_twice ? "twice" : "once")}{(_activated ? ", activated" : "")}, {string.Join(" ", Given.Select(g => $"{g.Rows}x{g.Columns}"))}] ";

        public void Run()
        {
            using var graph = new Graph.Graph(_check.Batch);
            var layout = new ParameterLayout();
            var tensors = Given.Select((given, i) => given switch
            {
                { IsParameter: false } => layout.AddMatrix($"x{i}", Math.Max(2, given.Rows), given.Columns),
                { Rows: 1 } => layout.AddVector($"p{i}", given.Columns),
                _ => layout.AddMatrix($"p{i}", given.Rows, given.Columns),
            }).ToArray();
            using var block = new ParameterBlock("block", layout);
            for (var i = 0; i < tensors.Length; i++)
                block.Write(tensors[i], Matrix.Of(tensors[i].Inputs, tensors[i].Outputs, (r, c) => r < _at[i].Rows ? _at[i][r, c] : 0.5).Transposed().ToSingles());

            var values = tensors.Select((tensor, i) => Given[i].IsParameter ? null : Variable(graph, block, tensor, i)).ToArray();
            var recorded = new Recorded(graph, block, tensors, values);
            var y = _build(recorded);
            var activated = Activated(_at);
            var expected = _reference(activated);
            Assert.Equal((expected.Rows, expected.Columns), (y.Rows, y.Columns));
            _upstream = Matrix.Random(_random, y.Rows, y.Columns);
            var loss = Sum(y * Constant(graph, "upstream", _upstream));
            for (var i = 0; i < values.Length && _twice; i++)
                loss = values[i] is { } value ? loss + Sum(value * Constant(graph, "second use", _secondUse[i])) : loss;
            var tangents = Tangents(graph, y, values);

            using var team = new WorkerTeam(_check.Threads);
            using var program = new ProgramBuilder(graph).Compute(y).Compute(tangents.Select(tangent => tangent.Node).ToArray()).Gradient(loss, block).Build(team);
            program.Run();
            // Twice: nothing of a run may be left over for the next.
            program.Run();
            Close(Name + "value", expected, Read(program, y));
            foreach (var (node, moving) in tangents)
                CheckTangent(activated, moving, Read(program, node));
            var gradients = tensors.Select((tensor, i) => Gradient(block, tensor, _at[i])).ToArray();
            CheckGradients(gradients);
            if (!_activated && !_twice && tangents.Count > 0)
                CheckDuality(gradients, Read(program, tangents[0].Node));
        }

        /// <summary>X = f(I W).</summary>
        private Node Variable(Graph.Graph graph, ParameterBlock block, ParameterTensor tensor, int index)
        {
            var given = Given[index];
            var identity = Constant(graph, "identity", Matrix.Of(given.Rows, tensor.Inputs, (row, column) => row == column ? 1 : 0));
            if (!_activated)
                return Dense(identity, block, tensor, null, Activation.Identity);
            return given.Columns > 1
                ? Dense(identity, block, tensor, null, given.Activation)
                : Activate(Dense(identity, block, tensor, null, Activation.Identity), given.Activation);
        }

        /// <summary>Along all values at once, then along each alone.</summary>
        private List<(Node Node, bool[] Moving)> Tangents(Graph.Graph graph, Node y, Node?[] values)
        {
            var along = values.Select((value, i) => value is null ? null : Constant(graph, "direction", _directions[i])).ToArray();
            var all = values.Select(value => value is not null).ToArray();
            List<bool[]> choices = [all];
            if (all.Count(moving => moving) > 1)
                choices.AddRange(Enumerable.Range(0, values.Length).Where(i => all[i]).Select(i => all.Select((_, j) => j == i).ToArray()));
            return choices.Where(moving => moving.Contains(true)).Select(moving =>
                (graph.Jvp(y, values.Index().Where(v => moving[v.Index]).Select(v => (v.Item!, (Node)along[v.Index]!)).ToArray()), moving)).ToList();
        }

        private void CheckTangent(Matrix[] at, bool[] moving, Matrix actual)
        {
            Matrix Moved(double step) => _reference(at.Select((x, i) => moving[i] ? x.PlusScaled(step, _directions[i]) : x).ToArray());
            var expected = Matrix.Combine(Moved(Step), Moved(-Step), (above, below) => (above - below) / (2 * Step));
            Close($"{Name}tangent along {string.Join(",", moving)}", expected, actual);
        }

        private void CheckGradients(Matrix[] gradients)
        {
            for (var i = 0; i < gradients.Length; i++)
            {
                var moved = i;
                var scale = gradients[i].Values.Max(Math.Abs);
                foreach (var entry in Entries(gradients[i].Values.Length))
                {
                    var single = new Matrix(_at[i].Rows, _at[i].Columns);
                    single.Values[entry] = 1;
                    Close($"{Name}gradient {i}, entry {entry}", Slope((j, x, step) => j == moved ? x.PlusScaled(step, single) : x), gradients[i].Values[entry], scale);
                }
            }

            // One direction through all entries of all values.
            double found = 0, size = 0;
            for (var i = 0; i < gradients.Length; i++)
            {
                found += gradients[i].Dot(_directions[i]);
                size += gradients[i].AbsoluteDot(_directions[i]);
            }

            Close(Name + "gradient along a direction", Slope((j, x, step) => x.PlusScaled(step, _directions[j])), found, size);
        }

        /// <summary>dL by central differences.</summary>
        private double Slope(Func<int, Matrix, double, Matrix> move) =>
            (Loss(_at.Select((x, j) => move(j, x, Step)).ToArray()) - Loss(_at.Select((x, j) => move(j, x, -Step)).ToArray())) / (2 * Step);

        private double Loss(Matrix[] x)
        {
            var activated = Activated(x);
            return _upstream.Dot(_reference(activated)) + activated.Select((value, i) => value.Dot(_secondUse[i])).Sum();
        }

        /// <summary>g . (J v) = (J^T g) . v.</summary>
        private void CheckDuality(Matrix[] gradients, Matrix tangent)
        {
            var values = Enumerable.Range(0, gradients.Length).Where(i => !Given[i].IsParameter).ToArray();
            Close(Name + "duality", values.Sum(i => gradients[i].Dot(_directions[i])), _upstream.Dot(tangent),
                values.Sum(i => gradients[i].AbsoluteDot(_directions[i])));
        }

        private Matrix[] Activated(Matrix[] x) =>
            _activated ? x.Select((value, i) => Given[i].IsParameter ? value : value.Map(Given[i].Activate)).ToArray() : x;

        private Matrix[] Draw(Func<Given, (double Low, double High)> range) =>
            Given.Select(given => Matrix.Random(_random, given.Rows, given.Columns, range(given).Low, range(given).High)).ToArray();

        private IEnumerable<int> Entries(int count) =>
            count <= SampledEntries ? Enumerable.Range(0, count) : Enumerable.Range(0, SampledEntries).Select(_ => (int)_random.NextIndex(count));

        private static InputNode Constant(Graph.Graph graph, string name, Matrix values)
        {
            var input = graph.Input(name, values.Columns, values.Rows);
            input.Write(values.ToSingles());
            return input;
        }

        private static Matrix Read(Program program, Node node)
        {
            var values = new float[node.Rows * node.Columns];
            program.Read(node, values);
            return Matrix.FromSingles(node.Rows, node.Columns, values);
        }

        private static Matrix Gradient(ParameterBlock block, ParameterTensor tensor, Matrix like)
        {
            var values = new float[tensor.Count];
            block.ReadGradient(tensor, values);
            var whole = Matrix.FromSingles(tensor.Outputs, tensor.Inputs, values).Transposed();
            // A value of one row has a second, unused row of W.
            return Matrix.Of(like.Rows, like.Columns, (row, column) => whole[row, column]);
        }
    }

    private int Batch => batch;

    private int Threads => threads;
}
