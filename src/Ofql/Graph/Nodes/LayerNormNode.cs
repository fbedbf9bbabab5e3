using Ofql.Graph.Execution;
using Ofql.Graph.Outlines;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;

namespace Ofql.Graph.Nodes;

/// <summary>y = (x - mean) / sqrt(variance + eps) * weight + bias over the columns of each row (Ba et al. 2016).</summary>
internal sealed unsafe class LayerNormNode : Node
{
    private readonly ParameterBlock _block;
    private readonly ParameterTensor _weight;
    private readonly ParameterTensor _bias;
    private readonly float _epsilon;

    public LayerNormNode(Node x, ParameterBlock block, ParameterTensor weight, ParameterTensor bias, float epsilon)
        : base(x.Graph, $"{block.Name}.{weight.Name}", x.Rows, x.Columns, x)
    {
        if (weight.Count != x.Columns || bias.Count != x.Columns)
            throw new GraphException($"Layer norm '{weight.Name}' has {weight.Count} entries; {x} has {x.Columns} columns.");
        _block = block;
        _weight = weight;
        _bias = bias;
        _epsilon = epsilon;
    }

    internal override ParameterBlock Block => _block;

    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this), normalized = Normalized(emitter), inverse = Inverse(emitter);
        Storage weight = emitter.Parameter(_block, _weight), bias = emitter.Parameter(_block, _bias);
        emitter.Add(new RowInstruction(emitter, Layout, [x, weight, bias], [y, normalized, inverse], (first, end) =>
        {
            LayerNorm.Forward(x.Pointer, x.Layout, weight.Pointer, bias.Pointer, _epsilon, y.Pointer, normalized.Pointer, inverse.Pointer, first, end);
            Moves.ClearPadding(y.Pointer, y.Layout, first, end);
            Moves.ClearPadding(normalized.Pointer, normalized.Layout, first, end);
        }, exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new LayerNormTangentNode(this, tangents[0]!);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        Storage g = gradient.Storage, normalized = Normalized(emitter);
        if (emitter.IsDifferentiated(_block))
        {
            var (dw, accumulate) = emitter.ParameterContribution(_block, _weight);
            var (db, _) = emitter.ParameterContribution(_block, _bias);
            emitter.Add(new TaskInstruction(Columns, [g, normalized], [dw, db], (first, end) => LayerNorm.ParameterGradient(
                g.Pointer, g.Layout, normalized.Pointer, dw.Pointer, db.Pointer, accumulate, first, end)));
        }

        if (emitter.ContributionTo(Inputs[0]) is { } target)
            EmitInputGradient(emitter, g, normalized, target);
    }

    internal override int Describe(OutlineBuilder outline) =>
        outline.Add(new NormalizeStep(outline[Inputs[0]], outline.Parameter(_block, _weight), outline.Parameter(_block, _bias), _epsilon), this);

    internal void EmitTangent(Emitter emitter, Storage along, Storage y)
    {
        Storage normalized = Normalized(emitter), inverse = Inverse(emitter), weight = emitter.Parameter(_block, _weight);
        emitter.Add(new RowInstruction(emitter, Layout, [along, normalized, inverse, weight], [y], (first, end) =>
        {
            LayerNorm.Tangent(along.Pointer, along.Layout, weight.Pointer, normalized.Pointer, inverse.Pointer, y.Pointer, first, end);
            Moves.ClearPadding(y.Pointer, y.Layout, first, end);
        }, exact: true));
    }

    private void EmitInputGradient(Emitter emitter, Storage g, Storage normalized, Contribution target)
    {
        Storage inverse = Inverse(emitter), weight = emitter.Parameter(_block, _weight), dx = target.Storage;
        emitter.Add(new RowInstruction(emitter, Layout, [g, normalized, inverse, weight], [dx], (first, end) =>
        {
            LayerNorm.InputGradient(g.Pointer, g.Layout, weight.Pointer, normalized.Pointer, inverse.Pointer, dx.Pointer, target.Accumulate, first, end);
            Moves.ClearPadding(dx.Pointer, dx.Layout, first, end);
        }, exact: true));
    }

    private Storage Normalized(Emitter emitter) => emitter.Auxiliary(this, "normalized", Layout);

    private Storage Inverse(Emitter emitter) => emitter.Auxiliary(this, "inverse deviation", new PanelLayout(Rows, 1));
}

/// <summary>The tangent of a layer norm for fixed weight and bias.</summary>
internal sealed class LayerNormTangentNode(LayerNormNode primal, Node along) : TangentNode(primal, along)
{
    internal override void EmitForward(Emitter emitter) => primal.EmitTangent(emitter, emitter.Value(along), emitter.Value(this));
}
