using Ofql.Graph.Execution;
using Ofql.Graph.Outlines;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Elementwise;

namespace Ofql.Graph.Nodes;

/// <summary>y = f(x), element by element.</summary>
internal sealed class UnaryNode(Node x, UnaryOperation operation, float c0 = 0f, float c1 = 0f)
    : Node(x.Graph, $"{operation}({x.Name})", x.Rows, x.Columns, x)
{
    public UnaryOperation Operation => operation;

    public float C0 => c0;

    public float C1 => c1;

    internal override bool PassesGradient => operation != UnaryOperation.Negative;

    /// <summary>The elementwise form of an activation.</summary>
    public static UnaryOperation OperationOf(Activation activation) => Enum.Parse<UnaryOperation>(activation.ToString());

    internal override void EmitForward(Emitter emitter) =>
        ElementwiseInstructions.Unary(emitter, operation, c0, c1, emitter.Value(Inputs[0]), emitter.Value(this));

    internal override Node? Tangent(Node?[] tangents) => operation switch
    {
        UnaryOperation.Negative => null,
        UnaryOperation.Scale => c0 * tangents[0]!,
        UnaryOperation.Offset => tangents[0],
        _ => new UnaryTangentNode(this, tangents[0]!),
    };

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        ElementwiseInstructions.UnaryDerivative(
            emitter, operation, c0, c1, emitter.Value(Inputs[0]), emitter.Value(this), gradient.Storage, target.Storage, target.Accumulate);
    }

    internal override int Describe(OutlineBuilder outline) => outline.Add(new UnaryStep(operation, c0, c1, outline[Inputs[0]]), this);
}

/// <summary>ydot = xdot f'(x).</summary>
internal sealed class UnaryTangentNode(UnaryNode primal, Node along) : TangentNode(primal, primal.Inputs[0], along)
{
    internal override void EmitForward(Emitter emitter) => ElementwiseInstructions.UnaryDerivative(
        emitter, primal.Operation, primal.C0, primal.C1, emitter.Value(primal.Inputs[0]), emitter.Value(primal), emitter.Value(along), emitter.Value(this), accumulate: false);
}

/// <summary>y = f(a, b), element by element, for two values of one shape.</summary>
internal sealed class BinaryNode : Node
{
    public BinaryNode(BinaryOperation operation, Node a, Node b)
        : base(a.Graph, operation.ToString(), a.Rows, a.Columns, a, b)
    {
        if (a.Rows != b.Rows || a.Columns != b.Columns)
            throw new GraphException($"{operation} of {a} and {b}: the shapes do not fit.");
        Operation = operation;
    }

    public BinaryOperation Operation { get; }

    internal override void EmitForward(Emitter emitter) =>
        ElementwiseInstructions.Binary(emitter, Operation, emitter.Value(Inputs[0]), emitter.Value(Inputs[1]), emitter.Value(this));

    internal override Node? Tangent(Node?[] tangents) => (Operation, tangents[0], tangents[1]) switch
    {
        (BinaryOperation.Add, { } a, { } b) => a + b,
        (BinaryOperation.Add, var a, var b) => a ?? b,
        (BinaryOperation.Subtract, { } a, { } b) => a - b,
        (BinaryOperation.Subtract, { } a, null) => a,
        (BinaryOperation.Subtract, null, { } b) => -b,
        _ => new BinaryTangentNode(this, tangents[0], tangents[1]),
    };

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        for (var argument = 0; argument < 2; argument++)
        {
            if (emitter.ContributionTo(Inputs[argument]) is not { } target)
                continue;
            ElementwiseInstructions.BinaryDerivative(
                emitter, Operation, argument == 1, emitter.Value(Inputs[0]), emitter.Value(Inputs[1]), emitter.Value(this), gradient.Storage, target.Storage, target.Accumulate);
        }
    }

    // The step spreads its operands itself, as far as they have the shape of the result between them.
    internal override int Describe(OutlineBuilder outline)
    {
        Node a = BeforeSpreading(Inputs[0]), b = BeforeSpreading(Inputs[1]);
        if (Math.Max(a.Rows, b.Rows) != Rows || Math.Max(a.Columns, b.Columns) != Columns)
            (a, b) = (Inputs[0], Inputs[1]);
        return outline.Add(new BinaryStep(Operation, outline[a], outline[b]), this);
    }

    private static Node BeforeSpreading(Node node) => node is SpreadNode ? node.Inputs[0] : node;
}

/// <summary>ydot = adot df/da + bdot df/db.</summary>
internal sealed class BinaryTangentNode(BinaryNode primal, Node? first, Node? second)
    : TangentNode(primal, [.. primal.Inputs, .. new[] { first, second }.OfType<Node>()])
{
    internal override void EmitForward(Emitter emitter)
    {
        Storage a = emitter.Value(primal.Inputs[0]), b = emitter.Value(primal.Inputs[1]), y = emitter.Value(primal);
        if (first is not null)
            ElementwiseInstructions.BinaryDerivative(emitter, primal.Operation, false, a, b, y, emitter.Value(first), emitter.Value(this), accumulate: false);
        if (second is not null)
        {
            ElementwiseInstructions.BinaryDerivative(
                emitter, primal.Operation, true, a, b, y, emitter.Value(second), emitter.Value(this), accumulate: first is not null);
        }
    }
}
