using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Optimization;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Matrices;

namespace Ofql.Graph;

/// <summary>
/// States what one run of a program is to do, in order: fill inputs, compute values, take gradients of losses with respect to
/// blocks, step optimisers, average targets. <see cref="Build"/> makes the program.
/// </summary>
public sealed class ProgramBuilder(Graph graph)
{
    private readonly List<Node> _outputs = [];
    private readonly List<(InputNode[] Inputs, IRowSource Source)> _sources = [];
    private readonly List<(Node Loss, ParameterBlock Block)> _gradients = [];
    private readonly List<Action<Emitter>> _updates = [];
    private readonly List<ParameterBlock> _updated = [];
    private readonly HashSet<Adam> _stepped = [];
    private bool _keepAll;
    private bool _halfWeights;

    /// <summary>Computes these values and keeps them readable after the run.</summary>
    public ProgramBuilder Compute(params Node[] nodes)
    {
        _outputs.AddRange(nodes);
        return this;
    }

    /// <summary>Fills inputs at the start of every run, row by row, on all threads.</summary>
    /// <exception cref="GraphException">An input of one row for all: one thread would fill it while others read.</exception>
    public ProgramBuilder Fill(IRowSource source, params InputNode[] inputs)
    {
        if (graph.Batch > 1 && Array.Find(inputs, input => input.Rows == 1) is { } shared)
            throw new GraphException($"Input '{shared.Name}' has one row for the whole batch of {graph.Batch}: write it before the run instead of filling it by rows.");
        _sources.Add((inputs, source));
        return this;
    }

    /// <summary>Fills the inputs of a source that knows them.</summary>
    public ProgramBuilder Fill(IStreamSource source) => Fill(source, [.. source.Inputs]);

    /// <summary>Writes dL/d parameters into the block's gradient. Several losses over one block add up.</summary>
    public ProgramBuilder Gradient(Node loss, ParameterBlock block)
    {
        _gradients.Add((loss, block));
        _outputs.Add(loss);
        return this;
    }

    /// <summary>Then takes a step of the optimiser on its block.</summary>
    /// <exception cref="GraphException">It takes one already: both would have the rate of the second.</exception>
    public ProgramBuilder Step(Adam optimizer)
    {
        if (!_stepped.Add(optimizer))
            throw new GraphException($"The optimiser of block '{optimizer.Block.Name}' takes two steps in one program. Run the program twice, or use another optimiser.");
        _updates.Add(optimizer.Emit);
        _updated.Add(optimizer.Block);
        return this;
    }

    /// <summary>Then moves a target block towards its online block.</summary>
    public ProgramBuilder Average(MovingAverage average)
    {
        _updates.Add(average.Emit);
        _updated.Add(average.Target);
        return this;
    }

    /// <summary>Keeps every intermediate value readable, for tests: no memory is shared, no row is left out.</summary>
    public ProgramBuilder KeepAll(bool keep = true)
    {
        _keepAll = keep;
        return this;
    }

    /// <summary>
    /// Lets layers of a single row that follow another layer read their weights at two bytes each, in a copy that is made anew when parameters change: as whole numbers of
    /// parts of a column's largest weight (<see cref="HalfWeights"/>), times inputs as parts of the largest of them. Such a layer waits for nothing but its weights. For programs that only compute values.
    /// </summary>
    public ProgramBuilder HalveWeights(bool halve = true)
    {
        _halfWeights = halve;
        return this;
    }

    /// <summary>Makes the program, to be run by <paramref name="team"/>.</summary>
    /// <exception cref="GraphException">A loss is no number, does not depend on its block, or lets a gradient into a tangent; weights are halved in a program that learns.</exception>
    public Program Build(WorkerTeam team)
    {
        if (_halfWeights && _gradients.Count + _updates.Count > 0)
            throw new GraphException("Weights of two bytes are for programs that only compute values; this one takes gradients or changes parameters.");
        var emitter = new Emitter(graph) { LeavesRowsOut = !_keepAll, HalvesWeights = _halfWeights };
        foreach (var (inputs, source) in _sources)
            emitter.Add(new FillInputsInstruction(graph.Batch, inputs.Select(emitter.Value).ToArray(), source));
        var needed = FindNeeded();
        var passes = _gradients.Select(gradient => new BackwardPass(graph, gradient.Loss, gradient.Block)).ToList();
        foreach (var dense in passes.SelectMany(pass => pass.DenseNodes))
            emitter.RequireDerivative(dense);
        foreach (var node in graph.Nodes.Where(node => needed[node.Id]))
            (node as DenseTangentNode)?.RequireDerivative(emitter);
        foreach (var node in graph.Nodes.Where(node => needed[node.Id]))
            node.EmitForward(emitter);
        foreach (var pass in passes)
            emitter.EmitBackward(pass);
        // What another program left there would be stepped along again.
        foreach (var unreached in _gradients.Select(gradient => gradient.Block).Distinct().SelectMany(emitter.Unreached).ToList())
            emitter.Add(new FillInstruction(unreached, 0f));
        foreach (var update in _updates)
            update(emitter);
        return Finish(emitter, needed, team);
    }

    private Program Finish(Emitter emitter, bool[] needed, WorkerTeam team)
    {
        var readable = new Dictionary<Node, Storage>();
        foreach (var node in graph.Nodes.Where(node => needed[node.Id] && (_keepAll || _outputs.Contains(node))))
        {
            readable[node] = emitter.Value(node);
            readable[node].Pinned = true;
        }

        var still = _updated.Count + _gradients.Count > 0 ? [] : Preparation.Of(emitter.Instructions, graph.Nodes.OfType<InputNode>().Select(emitter.Value));
        var preparation = Schedule.Build(still);
        Phase[] phases = [.. preparation, .. Schedule.Build(emitter.Instructions.Except(still).ToList())];
        var memory = MemoryPlan.Build(emitter.Storages, phases, _keepAll ? null : graph.Workspace);
        foreach (var instruction in emitter.Instructions)
            instruction.Bind();
        var multiplicity = graph.Nodes.Where(node => needed[node.Id]).Max(node => Math.Max(1, node.Rows / graph.Batch));
        var read = graph.Nodes.Where(node => needed[node.Id]).Select(node => node.Block).OfType<ParameterBlock>().Distinct().ToArray();
        return new Program(team, graph.Batch, multiplicity, phases, memory, readable, new Preparation(preparation.Length, read), [.. _updated]);
    }

    private bool[] FindNeeded()
    {
        var needed = new bool[graph.Nodes.Count];
        foreach (var node in _outputs)
            needed[node.Id] = true;
        for (var id = needed.Length - 1; id >= 0; id--)
        {
            if (!needed[id])
                continue;
            foreach (var input in graph.Nodes[id].Operands)
                needed[input.Id] = true;
        }

        return needed;
    }
}
