using Ofql.Graph.Execution;
using Ofql.Graph.Outlines;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Reductions;

namespace Ofql.Graph.Nodes;

/// <summary>
/// y = xhat weight + bias over the columns of each row, xhat = scale (x - mean) / sqrt(variance + eps): layer normalisation (Ba et al. 2016),
/// or root-mean-square normalisation (Zhang and Sennrich 2019), which takes no mean off and has no bias.
/// </summary>
internal sealed unsafe class RowNormNode : Node
{
    private readonly ParameterBlock _block;
    private readonly ParameterTensor _weight;
    private readonly ParameterTensor? _bias;
    private readonly NormForm _form;

    public RowNormNode(Node x, ParameterBlock block, ParameterTensor weight, ParameterTensor? bias, NormForm form)
        : base(x.Graph, $"{block.Name}.{weight.Name}", x.Rows, x.Columns, x)
    {
        if (weight.Count != x.Columns || (bias is not null && bias.Count != x.Columns))
            throw new GraphException($"Norm '{weight.Name}' has {(weight.Count != x.Columns ? weight : bias!).Count} entries; {x} has {x.Columns} columns.");
        _block = block;
        _weight = weight;
        _bias = bias;
        _form = form;
    }

    internal override ParameterBlock Block => _block;

    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this), normalized = Normalized(emitter), inverse = Inverse(emitter);
        Storage weight = emitter.Parameter(_block, _weight);
        var bias = _bias is null ? null : emitter.Parameter(_block, _bias);
        emitter.Add(new RowInstruction(emitter, Layout, bias is null ? [x, weight] : [x, weight, bias], [y, normalized, inverse], (first, end) =>
        {
            RowNorm.Forward(
                x.Pointer, x.Layout, weight.Pointer, bias == null ? null : bias.Pointer, _form, y.Pointer, normalized.Pointer, inverse.Pointer, first, end);
            Moves.ClearPadding(y.Pointer, y.Layout, first, end);
            Moves.ClearPadding(normalized.Pointer, normalized.Layout, first, end);
        }, exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new RowNormTangentNode(this, tangents[0]!);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        Storage g = gradient.Storage, normalized = Normalized(emitter);
        if (emitter.IsDifferentiated(_block))
            EmitParameterGradient(emitter, g, normalized);
        if (emitter.ContributionTo(Inputs[0]) is { } target)
            EmitInputGradient(emitter, g, normalized, target);
    }

    internal override int Describe(OutlineBuilder outline) => _form.Centered
        ? outline.Add(new NormalizeStep(outline[Inputs[0]], outline.Parameter(_block, _weight), outline.Parameter(_block, _bias!), _form.Epsilon), this)
        : DescribeRootMeanSquare(outline);

    internal void EmitTangent(Emitter emitter, Storage along, Storage y)
    {
        Storage normalized = Normalized(emitter), inverse = Inverse(emitter), weight = emitter.Parameter(_block, _weight);
        emitter.Add(new RowInstruction(emitter, Layout, [along, normalized, inverse, weight], [y], (first, end) =>
        {
            RowNorm.Tangent(along.Pointer, along.Layout, weight.Pointer, _form, normalized.Pointer, inverse.Pointer, y.Pointer, first, end);
            Moves.ClearPadding(y.Pointer, y.Layout, first, end);
        }, exact: true));
    }

    private void EmitParameterGradient(Emitter emitter, Storage g, Storage normalized)
    {
        var (dw, accumulate) = emitter.ParameterContribution(_block, _weight);
        var (db, accumulateBias) = _bias is null ? (null, accumulate) : emitter.ParameterContribution(_block, _bias);
        // Elsewhere one of them may have a gradient already and the other not.
        var together = db is not null && accumulateBias == accumulate;
        emitter.Add(new TaskInstruction(Columns, [g, normalized], together ? [dw, db!] : [dw], (first, end) => RowNorm.ParameterGradient(
            g.Pointer, g.Layout, normalized.Pointer, dw.Pointer, together ? db!.Pointer : null, accumulate, first, end)));
        if (db is not null && !together)
        {
            emitter.Add(new TaskInstruction(g.Layout.Panels, [g], [db], (first, end) => RowReductions.ColumnSums(
                g.Pointer, g.Layout, db.Pointer, accumulateBias, first, end)));
        }
    }

    private void EmitInputGradient(Emitter emitter, Storage g, Storage normalized, Contribution target)
    {
        Storage inverse = Inverse(emitter), weight = emitter.Parameter(_block, _weight), dx = target.Storage;
        emitter.Add(new RowInstruction(emitter, Layout, [g, normalized, inverse, weight], [dx], (first, end) =>
        {
            RowNorm.InputGradient(g.Pointer, g.Layout, weight.Pointer, _form, normalized.Pointer, inverse.Pointer, dx.Pointer, target.Accumulate, first, end);
            Moves.ClearPadding(dx.Pointer, dx.Layout, first, end);
        }, exact: true));
    }

    /// <summary>x (scale (mean x^2 + eps)^(-1/2)) weight.</summary>
    private int DescribeRootMeanSquare(OutlineBuilder outline)
    {
        var x = outline[Inputs[0]];
        var sum = outline.Add(new ReduceStep(RowReduction.Sum, outline.Add(new UnaryStep(UnaryOperation.Square, 0f, 0f, x), this)), Rows, 1);
        var mean = Column(UnaryOperation.Offset, _form.Epsilon, Column(UnaryOperation.Scale, 1f / Columns, sum));
        var inverse = Column(UnaryOperation.Scale, _form.Scale, Column(UnaryOperation.Power, -0.5f, mean));
        var normalized = outline.Add(new BinaryStep(BinaryOperation.Multiply, x, inverse), this);
        return outline.Add(new BinaryStep(BinaryOperation.Multiply, normalized, outline.Parameter(_block, _weight)), this);

        int Column(UnaryOperation operation, float constant, int of) => outline.Add(new UnaryStep(operation, constant, 0f, of), Rows, 1);
    }

    private Storage Normalized(Emitter emitter) => emitter.Auxiliary(this, "normalized", Layout);

    private Storage Inverse(Emitter emitter) => emitter.Auxiliary(this, "inverse deviation", new PanelLayout(Rows, 1));
}

/// <summary>The tangent of a norm for fixed weight and bias.</summary>
internal sealed class RowNormTangentNode(RowNormNode primal, Node along) : TangentNode(primal, along)
{
    internal override void EmitForward(Emitter emitter) => primal.EmitTangent(emitter, emitter.Value(along), emitter.Value(this));
}
