using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels;

namespace Ofql.Graph;

/// <summary>
/// The recorder of a differentiable program for a batch of fixed size. Nodes are recorded once; <see cref="ProgramBuilder"/>
/// turns what is asked of them (values, gradients, optimiser steps) into a program that is replayed.
/// </summary>
public sealed class Graph : IDisposable
{
    private readonly List<Node> _nodes = [];
    private readonly List<NativeBuffer<float>> _buffers = [];

    /// <summary>A graph over <paramref name="batch"/> rows.</summary>
    public Graph(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        Batch = batch;
    }

    /// <summary>Rows B of the batch.</summary>
    public int Batch { get; }

    internal IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>Where the programs of this graph keep what they need during a run.</summary>
    internal Workspace Workspace { get; } = new();

    /// <summary>An input [B, columns], or [rows, columns] with rows a multiple of B or 1.</summary>
    public InputNode Input(string name, int columns, int? rows = null) => new(this, name, rows ?? Batch, columns);

    /// <summary>A fixed number in every entry of a [rows, columns] matrix.</summary>
    public Node Constant(float value, int rows = 1, int columns = 1) => new ConstantNode(this, value, rows, columns);

    /// <summary>A parameter vector as the row [1, N].</summary>
    /// <exception cref="GraphException">The parameter is a matrix.</exception>
    public Node Parameter(ParameterBlock block, ParameterTensor tensor) => tensor.IsMatrix
        ? throw new GraphException($"Parameter '{block.Name}.{tensor.Name}' is a matrix; a value of its own takes a vector. Use it in Dense.")
        : new ParameterNode(this, block, tensor);

    /// <summary>
    /// Forward mode: the derivative of <paramref name="output"/> when each given node moves along its tangent and everything
    /// else stands still. The result is a constant to reverse mode; using it without <see cref="Functions.StopGradient"/> in a
    /// loss is an error.
    /// </summary>
    /// <exception cref="GraphException">A tangent has another shape than its node.</exception>
    public Node Jvp(Node output, params (Node At, Node Along)[] directions) => Jvp(output, where: null, directions);

    /// <summary>
    /// The same for a use that multiplies the result by <paramref name="where"/> or leaves it alone where that is 0: in those rows it may be 0 instead of the
    /// derivative, and is then not computed.
    /// </summary>
    /// <param name="output">Whose derivative.</param>
    /// <param name="where">A column [B, 1]; null for all rows.</param>
    /// <param name="directions">Nodes and their tangents.</param>
    /// <exception cref="GraphException">A tangent has another shape than its node, or <paramref name="where"/> is no column.</exception>
    public Node Jvp(Node output, Node? where, params (Node At, Node Along)[] directions)
    {
        if (where is not null && where.Columns != 1)
            throw new GraphException($"{where} says in which rows a derivative is wanted; expected a column.");
        var tangents = new Dictionary<Node, Node?>();
        foreach (var (at, along) in directions)
        {
            if (at.Rows != along.Rows || at.Columns != along.Columns)
                throw new GraphException($"The tangent of {at} has shape [{along.Rows}, {along.Columns}].");
            tangents[at] = along;
        }

        return TangentOf(output, where, tangents) ?? Constant(0f, output.Rows, output.Columns);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Workspace.Dispose();
        foreach (var buffer in _buffers)
            buffer.Dispose();
    }

    internal int Register(Node node)
    {
        if (node.Rows != 1 && node.Rows % Batch != 0)
            throw new GraphException($"{node} has {node.Rows} rows; a graph over batches of {Batch} takes 1 row or a multiple of {Batch}.");
        _nodes.Add(node);
        return _nodes.Count - 1;
    }

    internal NativeBuffer<float> Allocate(int length)
    {
        var buffer = new NativeBuffer<float>(length);
        _buffers.Add(buffer);
        return buffer;
    }

    private static Node? TangentOf(Node node, Node? where, Dictionary<Node, Node?> tangents)
    {
        if (tangents.TryGetValue(node, out var known))
            return known;
        var inputs = new Node?[node.Inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
            inputs[i] = TangentOf(node.Inputs[i], where, tangents);
        var tangent = inputs.All(input => input is null) ? null : node.Tangent(inputs, where);
        tangents[node] = tangent;
        return tangent;
    }
}
