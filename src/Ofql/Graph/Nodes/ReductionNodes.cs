using Ofql.Graph.Execution;
using Ofql.Graph.Outlines;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Reductions;

namespace Ofql.Graph.Nodes;

/// <summary>factor times the sum over all entries: [1, 1].</summary>
internal sealed unsafe class TotalNode(Node x, float factor) : Node(x.Graph, $"total({x.Name})", 1, 1, x)
{
    internal override void EmitForward(Emitter emitter) =>
        TotalInstructions.Emit(emitter, emitter.Value(Inputs[0]), emitter.Value(this), factor);

    internal override Node? Tangent(Node?[] tangents) => new TotalNode(tangents[0]!, factor);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        Storage g = gradient.Storage, dx = target.Storage;
        emitter.Add(new RowInstruction(emitter, dx.Layout, [g], [dx], (first, end) =>
        {
            Moves.SpreadNumber(*g.Pointer * factor, dx.Pointer, dx.Layout, target.Accumulate, first, end);
            Moves.ClearPadding(dx.Pointer, dx.Layout, first, end);
        }));
    }

    // Over several rows it would be another number for every size of the batch.
    internal override int Describe(OutlineBuilder outline) => Inputs[0].Rows > 1
        ? base.Describe(outline)
        : outline.Add(new UnaryStep(UnaryOperation.Scale, factor, 0f, outline.Add(new ReduceStep(RowReduction.Sum, outline[Inputs[0]]), this)), this);
}

/// <summary>Sum over the columns of each row: [R, 1].</summary>
internal sealed unsafe class SumColumnsNode(Node x) : Node(x.Graph, $"sum columns({x.Name})", x.Rows, 1, x)
{
    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this);
        emitter.Add(new RowInstruction(emitter, Layout, [x], [y], (first, end) => RowReductions.Sum(
            x.Pointer, x.Layout, y.Pointer, false, first, end), exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new SumColumnsNode(tangents[0]!);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        Storage g = gradient.Storage, dx = target.Storage;
        var spread = target.Accumulate ? emitter.Auxiliary(this, "spread", dx.Layout) : dx;
        emitter.Add(new RowInstruction(emitter, Layout, [g], [spread], (first, end) =>
        {
            Moves.SpreadColumn(g.Pointer, spread.Pointer, spread.Layout, first, end);
            Moves.ClearPadding(spread.Pointer, spread.Layout, first, end);
        }, exact: true));
        if (target.Accumulate)
            ElementwiseInstructions.Binary(emitter, BinaryOperation.Add, dx, spread, dx);
    }

    internal override int Describe(OutlineBuilder outline) => outline.Add(new ReduceStep(RowReduction.Sum, outline[Inputs[0]]), this);
}

/// <summary>Largest entry of each row, or the rank-th largest: [R, 1]. The gradient goes to the first that is.</summary>
internal sealed unsafe class MaxColumnsNode : Node
{
    private readonly int _rank;

    public MaxColumnsNode(Node x, int rank)
        : base(x.Graph, $"max({x.Name})", x.Rows, 1, x)
    {
        if (rank < 1 || rank > x.Columns)
            throw new GraphException($"There is no {rank}-th largest of the {x.Columns} columns of {x}.");
        _rank = rank;
    }

    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this), index = Index(emitter);
        emitter.Add(new RowInstruction(emitter, Layout, [x], [y, index], (first, end) =>
        {
            if (_rank == 1)
                RowReductions.Maximum(x.Pointer, x.Layout, y.Pointer, index.Pointer, first, end);
            else
                RowReductions.Ranked(x.Pointer, x.Layout, _rank, y.Pointer, index.Pointer, first, end);
        }, exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new MaxColumnsTangentNode(this, tangents[0]!);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        Storage g = gradient.Storage, dx = target.Storage, index = Index(emitter);
        emitter.Add(new RowInstruction(emitter, Layout, [g, index], [dx], (first, end) =>
        {
            RowReductions.Scatter(g.Pointer, index.Pointer, dx.Pointer, dx.Layout, target.Accumulate, first, end);
            Moves.ClearPadding(dx.Pointer, dx.Layout, first, end);
        }, exact: true));
    }

    internal override int Describe(OutlineBuilder outline) => outline.Add(new ReduceStep(RowReduction.Largest, outline[Inputs[0]], _rank), this);

    internal Storage Index(Emitter emitter) => emitter.Auxiliary(this, "index", Layout);
}

/// <summary>ydot[r] = xdot[r, index of the maximum, or of the rank-th].</summary>
internal sealed unsafe class MaxColumnsTangentNode(MaxColumnsNode primal, Node along) : TangentNode(primal, along)
{
    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(along), y = emitter.Value(this), index = primal.Index(emitter);
        emitter.Add(new RowInstruction(emitter, Layout, [x, index], [y], (first, end) => RowReductions.Gather(
            x.Pointer, x.Layout, index.Pointer, y.Pointer, first, end), exact: true));
    }
}

/// <summary>ln sum e^x over the columns of each row: [R, 1]; keeps the softmax for both derivatives.</summary>
internal sealed unsafe class LogSumExpNode(Node x) : Node(x.Graph, $"logsumexp({x.Name})", x.Rows, 1, x)
{
    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this), softmax = Softmax(emitter);
        emitter.Add(new RowInstruction(emitter, Layout, [x], [y, softmax], (first, end) =>
        {
            RowReductions.LogSumExp(x.Pointer, x.Layout, y.Pointer, softmax.Pointer, first, end);
            Moves.ClearPadding(softmax.Pointer, softmax.Layout, first, end);
        }, exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new LogSumExpTangentNode(this, tangents[0]!);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        Storage g = gradient.Storage, dx = target.Storage, softmax = Softmax(emitter);
        emitter.Add(new RowInstruction(emitter, Layout, [g, softmax], [dx], (first, end) =>
        {
            RowReductions.ScaleRows(g.Pointer, softmax.Pointer, dx.Pointer, dx.Layout, target.Accumulate, first, end);
            Moves.ClearPadding(dx.Pointer, dx.Layout, first, end);
        }, exact: true));
    }

    internal override int Describe(OutlineBuilder outline) => outline.Add(new ReduceStep(RowReduction.LogSumExp, outline[Inputs[0]]), this);

    internal Storage Softmax(Emitter emitter) => emitter.Auxiliary(this, "softmax", Inputs[0].Layout);
}

/// <summary>ydot[r] = sum over columns of softmax xdot.</summary>
internal sealed unsafe class LogSumExpTangentNode(LogSumExpNode primal, Node along) : TangentNode(primal, along)
{
    internal override void EmitForward(Emitter emitter)
    {
        var weighted = emitter.Auxiliary(this, "weighted", along.Layout);
        var y = emitter.Value(this);
        ElementwiseInstructions.Binary(emitter, BinaryOperation.Multiply, primal.Softmax(emitter), emitter.Value(along), weighted);
        emitter.Add(new RowInstruction(emitter, Layout, [weighted], [y], (first, end) => RowReductions.Sum(
            weighted.Pointer, weighted.Layout, y.Pointer, false, first, end), exact: true));
    }
}
