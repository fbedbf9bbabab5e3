using Ofql.Graph.Execution;
using Ofql.Graph.Outlines;
using Ofql.Kernels.Elementwise;

namespace Ofql.Graph.Nodes;

/// <summary>Each row several times in a row: [R n, C], for candidate actions per state.</summary>
internal sealed unsafe class RepeatRowsNode(Node x, int times) : Node(x.Graph, $"repeat({x.Name})", x.Rows * times, x.Columns, x)
{
    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this);
        emitter.Add(new RowInstruction(emitter, x.Layout, [x], [y], (first, end) => Moves.RepeatRows(
            x.Pointer, x.Layout, y.Pointer, y.Layout, times, first, end), exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new RepeatRowsNode(tangents[0]!, times);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        Storage dy = gradient.Storage, dx = target.Storage;
        emitter.Add(new RowInstruction(emitter, dx.Layout, [dy], [dx], (first, end) => Moves.SumRepeatedRows(
            dy.Pointer, dy.Layout, dx.Pointer, dx.Layout, times, target.Accumulate, first, end), exact: true));
    }

    internal override int Describe(OutlineBuilder outline)
    {
        OutlineBuilder.RequireBatch(this, Inputs[0]);
        return outline.Add(new RepeatStep(outline[Inputs[0]], times), this);
    }
}

/// <summary>A column [R n, 1] read as a matrix [R, n].</summary>
internal sealed unsafe class GroupRowsNode : Node
{
    public GroupRowsNode(Node x, int size)
        : base(x.Graph, $"group({x.Name})", x.Rows / size, size, x)
    {
        if (x.Columns != 1 || x.Rows % size != 0)
            throw new GraphException($"{x} is not a column of groups of {size} rows.");
    }

    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this);
        emitter.Add(new RowInstruction(emitter, Layout, [x], [y], (first, end) =>
        {
            Moves.Regroup(x.Pointer, y.Pointer, y.Layout, toColumn: false, accumulate: false, first, end);
            Moves.ClearPadding(y.Pointer, y.Layout, first, end);
        }, exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new GroupRowsNode(tangents[0]!, Columns);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        Storage dy = gradient.Storage, dx = target.Storage;
        emitter.Add(new RowInstruction(emitter, Layout, [dy], [dx], (first, end) => Moves.Regroup(
            dx.Pointer, dy.Pointer, dy.Layout, toColumn: true, target.Accumulate, first, end), exact: true));
    }

    internal override int Describe(OutlineBuilder outline) => outline.Add(new ReshapeStep(outline[Inputs[0]]), this);
}

/// <summary>Each row cut into several rows: [R, n C] read as [R n, C].</summary>
internal sealed unsafe class SplitRowsNode : Node
{
    private readonly int _pieces;

    public SplitRowsNode(Node x, int pieces)
        : base(x.Graph, $"split({x.Name})", x.Rows * pieces, x.Columns / pieces, x)
    {
        if (x.Columns % pieces != 0)
            throw new GraphException($"The rows of {x} cannot be cut into {pieces} equal ones.");
        _pieces = pieces;
    }

    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this);
        emitter.Add(new RowInstruction(emitter, x.Layout, [x], [y], (first, end) =>
        {
            Moves.CutRows(x.Pointer, x.Layout, y.Pointer, y.Layout, toWhole: false, accumulate: false, first, end);
            Moves.ClearPadding(y.Pointer, y.Layout, first * _pieces, end * _pieces);
        }, exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new SplitRowsNode(tangents[0]!, _pieces);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        Storage dy = gradient.Storage, dx = target.Storage;
        emitter.Add(new RowInstruction(emitter, dx.Layout, [dy], [dx], (first, end) =>
        {
            Moves.CutRows(dx.Pointer, dx.Layout, dy.Pointer, dy.Layout, toWhole: true, target.Accumulate, first, end);
            Moves.ClearPadding(dx.Pointer, dx.Layout, first, end);
        }, exact: true));
    }

    internal override int Describe(OutlineBuilder outline)
    {
        OutlineBuilder.RequireBatch(this, Inputs[0]);
        return outline.Add(new ReshapeStep(outline[Inputs[0]]), this);
    }
}

/// <summary>The sum of each group of n rows: [R n, C] to [R, C]; what <see cref="RepeatRowsNode"/> is the transpose of.</summary>
internal sealed unsafe class SumRowsNode : Node
{
    private readonly int _size;

    public SumRowsNode(Node x, int size)
        : base(x.Graph, $"sum rows({x.Name})", x.Rows / size, x.Columns, x)
    {
        if (x.Rows % size != 0)
            throw new GraphException($"{x} does not consist of groups of {size} rows.");
        _size = size;
    }

    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this);
        emitter.Add(new RowInstruction(emitter, Layout, [x], [y], (first, end) => Moves.SumRepeatedRows(
            x.Pointer, x.Layout, y.Pointer, y.Layout, _size, accumulate: false, first, end), exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new SumRowsNode(tangents[0]!, _size);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        Storage dy = gradient.Storage, dx = target.Storage;
        emitter.Add(new RowInstruction(emitter, Layout, [dy], [dx], (first, end) => Moves.RepeatRows(
            dy.Pointer, dy.Layout, dx.Pointer, dx.Layout, _size, first, end, target.Accumulate), exact: true));
    }

    internal override int Describe(OutlineBuilder outline) => outline.Add(new SumRowsStep(outline[Inputs[0]], _size), this);
}
