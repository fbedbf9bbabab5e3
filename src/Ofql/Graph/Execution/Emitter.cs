using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Matrices;

namespace Ofql.Graph.Execution;

/// <summary>dL/d value of a node while a backward pass is emitted.</summary>
/// <param name="Storage">Where it lies.</param>
/// <param name="PreActivation">The kernel that wrote it has already multiplied by the stored activation derivative.</param>
internal readonly record struct GradientSlot(Storage Storage, bool PreActivation);

/// <summary>Where a contribution to a gradient goes, and whether it adds to one already there.</summary>
internal readonly record struct Contribution(Storage Storage, bool Accumulate, Storage? FusedDerivative);

/// <summary>Collects the instructions of one program and the storages they use.</summary>
internal sealed unsafe class Emitter(Graph graph)
{
    private readonly Dictionary<Node, Storage> _values = [];
    private readonly Dictionary<DenseNode, Storage> _derivatives = [];
    private readonly HashSet<DenseNode> _needsDerivative = [];
    private readonly Dictionary<(ParameterBlock, ParameterTensor), Storage> _parameters = [];
    private readonly Dictionary<(ParameterBlock, ParameterTensor), Storage> _gradients = [];
    private readonly HashSet<Storage> _writtenGradients = [];
    private readonly Dictionary<(ParameterBlock, ParameterTensor, RowSelection?), Storage> _transposed = [];
    private readonly Dictionary<(ParameterBlock, ParameterTensor, RowSelection), Storage> _selected = [];
    private readonly Dictionary<Storage, Storage> _halved = [];
    private readonly Dictionary<(Node, string), Storage> _auxiliary = [];
    private BackwardPass? _backward;

    public Graph Graph { get; } = graph;

    public List<Instruction> Instructions { get; } = [];

    public List<Storage> Storages { get; } = [];

    public int Batch => Graph.Batch;

    /// <summary>Whether rows of a value that nobody uses may be left out; not where every value is to be read.</summary>
    public bool LeavesRowsOut { get; init; } = true;

    /// <summary>Whether layers of a single row read their weights at two bytes each.</summary>
    public bool HalvesWeights { get; init; }

    /// <summary>Whether a layout is computed row by row with the batch, or once.</summary>
    public WorkKind KindOf(in PanelLayout layout) => layout.Rows == 1 || Batch == 1 ? WorkKind.Single : WorkKind.Rows;

    public void Add(Instruction instruction) => Instructions.Add(instruction);

    public Storage New(string name, PanelLayout layout) => New(name, layout, layout.Length, whole: false);

    public Storage New(string name, PanelLayout layout, int length, bool whole)
    {
        var storage = new Storage(name, layout, length, whole);
        Storages.Add(storage);
        return storage;
    }

    /// <summary>Memory owned by somebody else: inputs, parameters.</summary>
    public static Storage External(string name, PanelLayout layout, float* pointer) =>
        new(name, layout, layout.Length, whole: false) { Pointer = pointer, Pinned = true };

    public Storage Value(Node node)
    {
        if (!_values.TryGetValue(node, out var storage))
            _values[node] = storage = node is IOwnedValue owned ? External(node.Name, node.Layout, owned.Pointer) : New(node.Name, node.Layout);
        return storage;
    }

    /// <summary>Lets a node's value be another's memory.</summary>
    public void Alias(Node node, Storage storage) => _values[node] = storage;

    /// <summary>Extra memory of a node, kept from its forward to its backward pass.</summary>
    public Storage Auxiliary(Node node, string name, PanelLayout layout)
    {
        if (!_auxiliary.TryGetValue((node, name), out var storage))
            _auxiliary[(node, name)] = storage = New($"{node.Name}.{name}", layout);
        return storage;
    }

    public void RequireDerivative(DenseNode node) => _needsDerivative.Add(node);

    public bool NeedsDerivative(DenseNode node) => _needsDerivative.Contains(node);

    public Storage Derivative(DenseNode node)
    {
        if (!_derivatives.TryGetValue(node, out var storage))
            _derivatives[node] = storage = New(node.Name + ".derivative", node.Layout);
        return storage;
    }

    public Storage Parameter(ParameterBlock block, ParameterTensor tensor)
    {
        if (!_parameters.TryGetValue((block, tensor), out var storage))
            _parameters[(block, tensor)] = storage = External($"{block.Name}.{tensor.Name}", tensor.Layout, block.Values + tensor.Offset);
        return storage;
    }

    /// <summary>Everything of a block that instructions of this program touch, for the optimiser's dependencies.</summary>
    public Storage[] ParameterStorages(ParameterBlock block) =>
        block.Layout.Tensors.Select(tensor => Parameter(block, tensor)).ToArray();

    public Storage Gradient(ParameterBlock block, ParameterTensor tensor)
    {
        if (!_gradients.TryGetValue((block, tensor), out var storage))
            _gradients[(block, tensor)] = storage = External($"grad {block.Name}.{tensor.Name}", tensor.Layout, block.GradientValues + tensor.Offset);
        return storage;
    }

    /// <summary>The gradient of a parameter and whether an earlier instruction of this program has written to it.</summary>
    public (Storage Storage, bool Accumulate) ParameterContribution(ParameterBlock block, ParameterTensor tensor)
    {
        var storage = Gradient(block, tensor);
        return (storage, !_writtenGradients.Add(storage));
    }

    /// <summary>Gradients of a block that no pass of this program has written to: no loss reaches those parameters.</summary>
    public IEnumerable<Storage> Unreached(ParameterBlock block) =>
        block.Layout.Tensors.Select(tensor => Gradient(block, tensor)).Where(gradient => !_writtenGradients.Contains(gradient));

    /// <summary>A weight, or some of its rows: these are copied once per program run.</summary>
    public Storage Rows(ParameterBlock block, ParameterTensor tensor, RowSelection? rows)
    {
        var whole = Parameter(block, tensor);
        if (rows is null)
            return whole;
        if (_selected.TryGetValue((block, tensor, rows), out var storage))
            return storage;
        var layout = new PanelLayout(rows.Count, tensor.Outputs, forcePanels: true);
        storage = New($"{block.Name}.{tensor.Name} rows", layout, layout.Length, whole: true);
        Add(new SelectRowsInstruction(whole, storage, rows));
        return _selected[(block, tensor, rows)] = storage;
    }

    /// <summary>W^T, or that of some rows of W, made once per program run.</summary>
    public Storage Transposed(ParameterBlock block, ParameterTensor tensor, RowSelection? rows = null)
    {
        if (_transposed.TryGetValue((block, tensor, rows), out var storage))
            return storage;
        var source = Rows(block, tensor, rows);
        var layout = new PanelLayout(tensor.Outputs, source.Layout.Rows, forcePanels: true);
        storage = New($"{block.Name}.{tensor.Name}^T", layout, layout.Length, whole: true);
        Add(new TransposeInstruction(source, storage));
        return _transposed[(block, tensor, rows)] = storage;
    }

    /// <summary>A weight (or rows of one) at two bytes a number, made once per change of the parameters.</summary>
    public Storage Halved(Storage weight)
    {
        if (_halved.TryGetValue(weight, out var storage))
            return storage;
        storage = New(weight.Name + " halved", new PanelLayout(1, HalfWeights.Length(weight.Layout)));
        Add(new TaskInstruction(weight.Layout.Panels, [weight], [storage], (first, end) => HalfWeights.Pack(weight.Pointer, weight.Layout, storage.Pointer, first, end)));
        return _halved[weight] = storage;
    }

    /// <summary>Whether the parameters of a block are being differentiated.</summary>
    public bool IsDifferentiated(ParameterBlock block) => _backward!.Block == block;

    /// <summary>Where to add dL/d <paramref name="input"/>; null where nobody needs it.</summary>
    public Contribution? ContributionTo(Node input, bool canFuse = false) => _backward!.ContributionTo(this, input, canFuse);

    /// <summary>Emits a backward pass.</summary>
    public void EmitBackward(BackwardPass pass)
    {
        _backward = pass;
        pass.Emit(this);
        _backward = null;
    }
}

/// <summary>A node whose value lies in memory of its own, shared by all programs of the graph.</summary>
internal unsafe interface IOwnedValue
{
    float* Pointer { get; }
}
