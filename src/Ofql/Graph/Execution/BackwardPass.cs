using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;

namespace Ofql.Graph.Execution;

/// <summary>
/// Reverse mode over a recorded graph: which nodes lie between the loss and the block, how many contributions each gradient
/// gets, and the order in which they are emitted.
/// </summary>
internal sealed class BackwardPass
{
    private readonly Graph _graph;
    private readonly Node _loss;
    private readonly bool[] _active;
    private readonly int[] _contributions;
    private readonly Dictionary<Node, GradientSlot> _slots = [];

    public BackwardPass(Graph graph, Node loss, ParameterBlock block)
    {
        if (loss.Rows != 1 || loss.Columns != 1)
            throw new GraphException($"A loss is a number [1, 1]; {loss} is not. Take its mean or sum.");
        _graph = graph;
        _loss = loss;
        Block = block;
        _active = FindActive();
        _contributions = CountContributions();
        if (!_active[loss.Id])
            throw new GraphException($"{loss} does not depend on the parameters of '{block.Name}'.");
    }

    public ParameterBlock Block { get; }

    /// <summary>Dense nodes whose activation derivative the pass will need.</summary>
    public IEnumerable<DenseNode> DenseNodes =>
        _graph.Nodes.OfType<DenseNode>().Where(node => _active[node.Id] && node.Activation != Activation.Identity);

    public void Emit(Emitter emitter)
    {
        var seed = emitter.New("dL/dL", _loss.Layout);
        emitter.Add(new FillInstruction(seed, 1f));
        _slots[_loss] = new GradientSlot(seed, PreActivation: false);
        for (var id = _loss.Id; id >= 0; id--)
        {
            var node = _graph.Nodes[id];
            if (_slots.TryGetValue(node, out var slot))
                node.EmitBackward(emitter, slot);
        }
    }

    /// <summary>See <see cref="Emitter.ContributionTo"/>. The single contribution to an activated dense node may include f'.</summary>
    public Contribution? ContributionTo(Emitter emitter, Node input, bool canFuse)
    {
        if (!_active[input.Id])
            return null;
        if (_slots.TryGetValue(input, out var slot))
            return new Contribution(slot.Storage, Accumulate: true, FusedDerivative: null);
        var fuse = canFuse && _contributions[input.Id] == 1 && input is DenseNode { Activation: not Activation.Identity };
        var storage = emitter.New("d" + input.Name, input.Layout);
        _slots[input] = new GradientSlot(storage, fuse);
        return new Contribution(storage, Accumulate: false, fuse ? emitter.Derivative((DenseNode)input) : null);
    }

    /// <summary>Nodes that the loss depends on, that depend on the block, with gradients passing all the way.</summary>
    private bool[] FindActive()
    {
        var dependsOnBlock = new bool[_graph.Nodes.Count];
        foreach (var node in _graph.Nodes)
            dependsOnBlock[node.Id] = node.Block == Block || (node.PassesGradient && node.Operands.Any(input => dependsOnBlock[input.Id]));

        var reached = new bool[_graph.Nodes.Count];
        reached[_loss.Id] = true;
        for (var id = _loss.Id; id >= 0; id--)
        {
            var node = _graph.Nodes[id];
            if (!reached[id] || !node.PassesGradient)
                continue;
            foreach (var input in node.Operands)
                reached[input.Id] |= dependsOnBlock[input.Id];
        }

        for (var id = 0; id < reached.Length; id++)
            reached[id] &= dependsOnBlock[id];
        return reached;
    }

    private int[] CountContributions()
    {
        var counts = new int[_graph.Nodes.Count];
        foreach (var node in _graph.Nodes)
        {
            if (!_active[node.Id] || !node.PassesGradient)
                continue;
            foreach (var input in node.Operands)
                counts[input.Id]++;
        }

        return counts;
    }
}
