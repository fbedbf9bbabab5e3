using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;

namespace Ofql.Tests.Graphs;

/// <summary>A graph with one differentiated value X = I W of given entries, for tests that look at exact numbers.</summary>
internal sealed class SmallProgram : IDisposable
{
    private readonly WorkerTeam _team = new(1);
    private readonly ParameterTensor _weight;
    private readonly List<Program> _programs = [];

    public SmallProgram(int batch, int[] shape, float[] x)
    {
        Graph = new Graph.Graph(batch);
        _weight = Layout.AddMatrix("x", Math.Max(2, shape[0]), shape[1]);
        Block = new ParameterBlock("block", Layout);
        var values = Matrix.FromSingles(shape[0], shape[1], x);
        Block.Write(_weight, Matrix.Of(_weight.Inputs, shape[1], (row, column) => row < shape[0] ? values[row, column] : 0).Transposed().ToSingles());
        var identity = Graph.Input("identity", _weight.Inputs, shape[0]);
        identity.Write(Matrix.Of(shape[0], _weight.Inputs, (row, column) => row == column ? 1 : 0).ToSingles());
        X = Functions.Dense(identity, Block, _weight, null, Activation.Identity);
    }

    public Graph.Graph Graph { get; }

    public ParameterLayout Layout { get; } = new();

    public ParameterBlock Block { get; }

    public Node X { get; }

    public Program Build(Func<ProgramBuilder, ProgramBuilder> ask)
    {
        var program = ask(new ProgramBuilder(Graph)).Build(_team);
        _programs.Add(program);
        return program;
    }

    /// <summary>Runs a program with the gradients of these losses.</summary>
    public void Differentiate(params Node[] losses) =>
        Build(builder => losses.Aggregate(builder, (b, loss) => b.Gradient(loss, Block))).Run();

    /// <summary>Value of a node, by a program of its own.</summary>
    public float[] Value(Node node)
    {
        var program = Build(builder => builder.Compute(node));
        program.Run();
        var values = new float[node.Rows * node.Columns];
        program.Read(node, values);
        return values;
    }

    /// <summary>dL/dX, row-major.</summary>
    public float[] Gradient()
    {
        var values = new float[_weight.Count];
        Block.ReadGradient(_weight, values);
        return Matrix.FromSingles(_weight.Outputs, _weight.Inputs, values).Transposed().ToSingles()[..(X.Rows * X.Columns)];
    }

    public void Dispose()
    {
        foreach (var program in _programs)
            program.Dispose();
        _team.Dispose();
        Graph.Dispose();
        Block.Dispose();
    }
}
