using Ofql.Graph.Execution;
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
}
