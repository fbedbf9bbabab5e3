using Ofql.Graph.Execution;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Reductions;

namespace Ofql.Graph.Nodes;

/// <summary>
/// y = f(x W + b): x [R, K], W [K, N], y [R, N]. One fused kernel; the activation's derivative is stored beside y where a
/// backward or tangent pass will need it, so that both are a product and a multiplication.
/// </summary>
internal sealed unsafe class DenseNode : Node
{
    private readonly ParameterBlock _block;
    private readonly ParameterTensor _weight;
    private readonly ParameterTensor? _bias;

    public DenseNode(Node x, ParameterBlock block, ParameterTensor weight, ParameterTensor? bias, Activation activation)
        : base(x.Graph, $"{block.Name}.{weight.Name}", x.Rows, weight.Outputs, x)
    {
        if (x.Columns != weight.Inputs)
            throw new GraphException($"Layer '{block.Name}.{weight.Name}' takes {weight.Inputs} inputs; {x} has {x.Columns} columns.");
        if (x.Layout.Width == 1)
            throw new GraphException($"Layer '{block.Name}.{weight.Name}' takes a single column, which is not supported: join a constant column to it.");
        if (activation != Activation.Identity && weight.Outputs == 1)
            throw new GraphException($"Layer '{block.Name}.{weight.Name}' has one output and an activation: apply Activate to its result instead.");
        _block = block;
        _weight = weight;
        _bias = bias;
        Activation = activation;
    }

    public Activation Activation { get; }

    internal override ParameterBlock Block => _block;

    private bool IsRow => Rows == 1;

    private bool IsColumn => _weight.Outputs == 1;

    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), w = emitter.Parameter(_block, _weight), y = emitter.Value(this);
        var bias = _bias is null ? null : emitter.Parameter(_block, _bias);
        Storage[] reads = bias is null ? [x, w] : [x, w, bias];
        var derivative = Activation != Activation.Identity && emitter.NeedsDerivative(this) ? emitter.Derivative(this) : null;
        if (IsColumn)
        {
            emitter.Add(new RowInstruction(emitter, Layout, reads, [y], (first, end) => SingleColumn.Forward(
                x.Pointer, x.Layout.PanelStride, x.Layout.Panels, w.Pointer, bias == null ? null : bias.Pointer, y.Pointer, false, first, end), exact: true));
        }
        else if (IsRow)
        {
            EmitSingleRow(emitter, reads, x, w, bias, y, derivative);
        }
        else
        {
            emitter.Add(new ProductInstruction(emitter, x, w, bias, y, accumulate: false,
                derivative is null ? ProductEpilogue.Activate : ProductEpilogue.ActivateAndDifferentiate, Activation, derivative));
            if (Activation is Activation.Sigmoid or Activation.Softplus && Columns % PanelLayout.PanelWidth != 0)
                emitter.Add(new RowInstruction(emitter, Layout, [], [y], (first, end) => Moves.ClearPadding(y.Pointer, y.Layout, first, end)));
        }
    }

    internal override Node? Tangent(Node?[] tangents) => tangents[0] is { } along ? new DenseTangentNode(this, along) : null;

    /// <summary>xdot W into <paramref name="y"/>, times f' where there is an activation.</summary>
    internal void EmitTangent(Emitter emitter, Storage x, Storage y)
    {
        var w = emitter.Parameter(_block, _weight);
        var derivative = Activation == Activation.Identity ? null : emitter.Derivative(this);
        Storage[] reads = derivative is null ? [x, w] : [x, w, derivative];
        if (IsColumn)
        {
            emitter.Add(new RowInstruction(emitter, Layout, reads, [y], (first, end) => SingleColumn.Forward(
                x.Pointer, x.Layout.PanelStride, x.Layout.Panels, w.Pointer, null, y.Pointer, false, first, end), exact: true));
        }
        else if (IsRow)
        {
            EmitRowProduct(emitter, reads, x, w, null, y, Activation.Identity);
            if (derivative is not null)
                ElementwiseInstructions.Binary(emitter, BinaryOperation.Multiply, y, derivative, y);
        }
        else
        {
            emitter.Add(new ProductInstruction(emitter, x, w, null, y, accumulate: false,
                derivative is null ? ProductEpilogue.None : ProductEpilogue.MultiplyByDerivative, Activation.Identity, derivative));
        }
    }

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        var dy = gradient.Storage;
        if (!gradient.PreActivation && Activation != Activation.Identity)
            ElementwiseInstructions.Binary(emitter, BinaryOperation.Multiply, dy, emitter.Derivative(this), dy);
        if (emitter.IsDifferentiated(_block))
            EmitParameterGradients(emitter, dy);
        if (emitter.ContributionTo(Inputs[0], canFuse: true) is { } target)
            EmitInputGradient(emitter, dy, target);
    }

    private void EmitSingleRow(Emitter emitter, Storage[] reads, Storage x, Storage w, Storage? bias, Storage y, Storage? derivative)
    {
        if (derivative is null)
        {
            EmitRowProduct(emitter, reads, x, w, bias, y, Activation);
            return;
        }

        var before = emitter.Auxiliary(this, "preactivation", Layout);
        EmitRowProduct(emitter, reads, x, w, bias, before, Activation.Identity);
        var one = emitter.Auxiliary(this, "one", Layout);
        emitter.Add(new FillInstruction(one, 1f));
        ElementwiseInstructions.Unary(emitter, UnaryNode.OperationOf(Activation), 0, 0, before, y);
        ElementwiseInstructions.UnaryDerivative(emitter, UnaryNode.OperationOf(Activation), 0, 0, before, y, one, derivative, accumulate: false);
    }

    private static void EmitRowProduct(Emitter emitter, Storage[] reads, Storage x, Storage w, Storage? bias, Storage y, Activation activation)
    {
        var kernel = SingleRow.Select(activation);
        int k = x.Layout.Columns, panels = y.Layout.Panels;
        emitter.Add(new SingleInstruction(reads, [y], () => kernel(
            x.Pointer, k, w.Pointer, w.Layout.PanelStride, panels, bias == null ? null : bias.Pointer, y.Pointer)));
    }

    private void EmitParameterGradients(Emitter emitter, Storage dy)
    {
        var x = emitter.Value(Inputs[0]);
        var (dw, accumulate) = emitter.ParameterContribution(_block, _weight);
        if (IsColumn)
        {
            emitter.Add(new TaskInstruction(x.Layout.Panels, [x, dy], [dw], (first, end) => SingleColumn.WeightGradient(
                x.Pointer, x.Layout.PanelStride, dy.Pointer, Rows, dw.Pointer, accumulate, first, end)));
        }
        else
        {
            emitter.Add(new WeightGradientInstruction(x, dy, dw, accumulate));
        }

        if (_bias is null)
            return;
        var (db, accumulateBias) = emitter.ParameterContribution(_block, _bias);
        emitter.Add(new TaskInstruction(dy.Layout.Panels, [dy], [db], (first, end) => RowReductions.ColumnSums(
            dy.Pointer, dy.Layout, db.Pointer, accumulateBias, first, end)));
    }

    private void EmitInputGradient(Emitter emitter, Storage dy, Contribution target)
    {
        var dx = target.Storage;
        var derivative = target.FusedDerivative;
        if (IsColumn)
        {
            var w = emitter.Parameter(_block, _weight);
            emitter.Add(new RowInstruction(emitter, Layout, derivative is null ? [dy, w] : [dy, w, derivative], [dx], (first, end) => SingleColumn.InputGradient(
                dy.Pointer, w.Pointer, derivative == null ? null : derivative.Pointer, dx.Pointer, dx.Layout.PanelStride, dx.Layout.Panels, target.Accumulate, first, end), exact: true));
            return;
        }

        var transposed = emitter.Transposed(_block, _weight);
        if (IsRow)
        {
            var product = target.Accumulate ? emitter.Auxiliary(this, "input gradient", dx.Layout) : dx;
            EmitRowProduct(emitter, [dy, transposed], dy, transposed, null, product, Activation.Identity);
            if (target.Accumulate)
                ElementwiseInstructions.Binary(emitter, BinaryOperation.Add, dx, product, dx);
            if (derivative is not null)
                ElementwiseInstructions.Binary(emitter, BinaryOperation.Multiply, dx, derivative, dx);
            return;
        }

        emitter.Add(new ProductInstruction(emitter, dy, transposed, null, dx, target.Accumulate,
            derivative is null ? ProductEpilogue.None : ProductEpilogue.MultiplyByDerivative, Activation.Identity, derivative));
    }
}

/// <summary>ydot = (xdot W) f'(x W + b): the tangent of a dense layer for fixed parameters.</summary>
internal sealed class DenseTangentNode(DenseNode primal, Node along) : TangentNode(primal, along)
{
    /// <summary>Tells the forward pass of the layer to store its derivative.</summary>
    public void RequireDerivative(Emitter emitter)
    {
        if (primal.Activation != Activation.Identity)
            emitter.RequireDerivative(primal);
    }

    internal override void EmitForward(Emitter emitter) => primal.EmitTangent(emitter, emitter.Value(along), emitter.Value(this));
}
