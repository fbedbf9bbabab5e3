using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Outlines;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;

namespace Ofql.Graph;

/// <summary>
/// A value of the differentiable program: an R x C matrix. R is the batch, a multiple of it, or 1; [1, 1] is a number. Every
/// kind of node brings three things: its forward instruction, its tangent (Jacobian-vector product) and its backward
/// instructions (vector-Jacobian product).
/// </summary>
public abstract class Node
{
    private protected Node(Graph graph, string name, int rows, int columns, params Node[] inputs)
    {
        foreach (var input in inputs)
        {
            if (input.Graph != graph)
                throw new GraphException($"Node '{name}' mixes two graphs.");
        }

        Graph = graph;
        Name = name;
        Inputs = inputs;
        IsStill = inputs.Length > 0 ? inputs.All(input => input.IsStill) : this is not InputNode;
        Layout = new PanelLayout(rows, columns);
        Id = graph.Register(this);
    }

    /// <summary>The graph this node belongs to.</summary>
    public Graph Graph { get; }

    /// <summary>Name for messages.</summary>
    public string Name { get; }

    /// <summary>Rows R.</summary>
    public int Rows => Layout.Rows;

    /// <summary>Columns C.</summary>
    public int Columns => Layout.Columns;

    internal int Id { get; }

    /// <summary>Whether the value follows from constants and parameters alone.</summary>
    internal bool IsStill { get; }

    internal Node[] Inputs { get; }

    /// <summary>The nodes whose values its instructions read and to which they carry gradients: the inputs, or what they consist of.</summary>
    internal virtual Node[] Operands => Inputs;

    internal PanelLayout Layout { get; }

    /// <summary>The parameter block whose values this node reads directly, if any.</summary>
    internal virtual ParameterBlock? Block => null;

    /// <summary>Whether gradients may flow back to the inputs.</summary>
    internal virtual bool PassesGradient => true;

    /// <summary>a + b, element by element; a row, a column or a number is spread over the other's shape.</summary>
    public static Node operator +(Node a, Node b) => Combine(BinaryOperation.Add, a, b);

    /// <summary>a - b.</summary>
    public static Node operator -(Node a, Node b) => Combine(BinaryOperation.Subtract, a, b);

    /// <summary>a b, element by element.</summary>
    public static Node operator *(Node a, Node b) => Combine(BinaryOperation.Multiply, a, b);

    /// <summary>a / b, element by element.</summary>
    public static Node operator /(Node a, Node b) => Combine(BinaryOperation.Divide, a, b);

    /// <summary>-a.</summary>
    public static Node operator -(Node a) => -1f * a;

    /// <summary>c a.</summary>
    public static Node operator *(float c, Node a) => new UnaryNode(a, UnaryOperation.Scale, c);

    /// <summary>c a.</summary>
    public static Node operator *(Node a, float c) => c * a;

    /// <summary>a / c.</summary>
    public static Node operator /(Node a, float c) => 1f / c * a;

    /// <summary>a + c.</summary>
    public static Node operator +(Node a, float c) => new UnaryNode(a, UnaryOperation.Offset, c);

    /// <summary>a - c.</summary>
    public static Node operator -(Node a, float c) => a + -c;

    /// <summary>c - a.</summary>
    public static Node operator -(float c, Node a) => -a + c;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{Rows}, {Columns}]";

    /// <summary>Combines two values, spreading the smaller where shapes differ.</summary>
    internal static Node Combine(BinaryOperation operation, Node a, Node b)
    {
        var rows = Math.Max(a.Rows, b.Rows);
        var columns = Math.Max(a.Columns, b.Columns);
        return new BinaryNode(operation, SpreadNode.To(a, rows, columns), SpreadNode.To(b, rows, columns));
    }

    /// <summary>Adds the instructions that compute the value.</summary>
    internal abstract void EmitForward(Emitter emitter);

    /// <summary>
    /// The derivative of the value along the given derivatives of the inputs (null = zero), as a node; null where it is zero.
    /// Tangent nodes are constants to reverse mode.
    /// </summary>
    internal abstract Node? Tangent(Node?[] tangents);

    /// <summary>The same, of which rows may be left out (0) in which <paramref name="where"/> is 0; most nodes leave none out.</summary>
    internal virtual Node? Tangent(Node?[] tangents, Node? where) => Tangent(tangents);

    /// <summary>Adds the instructions that carry <paramref name="gradient"/> (dL/d value) on to the inputs and parameters.</summary>
    internal abstract void EmitBackward(Emitter emitter, GradientSlot gradient);

    /// <summary>Adds the steps that compute the value to an outline; the place of the last.</summary>
    internal virtual int Describe(OutlineBuilder outline) => throw new GraphException(
        $"{this} has no description for other programs: what acts computes each element of a batch by itself, without tangents.");
}
