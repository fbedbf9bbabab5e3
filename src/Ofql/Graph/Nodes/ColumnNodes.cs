using Ofql.Graph.Execution;
using Ofql.Graph.Outlines;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Reductions;

namespace Ofql.Graph.Nodes;

/// <summary>[x, y, ..]: columns side by side; a single row is spread over all rows.</summary>
internal sealed unsafe class ConcatenateNode : Node
{
    public ConcatenateNode(Node[] parts)
        : base(parts[0].Graph, $"[{string.Join(", ", parts.Select(part => part.Name))}]", parts.Max(part => part.Rows), parts.Sum(part => part.Columns), parts)
    {
        if (parts.FirstOrDefault(part => part.Rows != Rows && part.Rows != 1) is { } odd)
            throw new GraphException($"{this}: the part {odd} does not have {Rows} rows.");
    }

    internal override void EmitForward(Emitter emitter)
    {
        var y = emitter.Value(this);
        var column = 0;
        foreach (var part in Inputs)
        {
            var at = column;
            var x = emitter.Value(part);
            emitter.Add(new RowInstruction(emitter, Layout, [x], [y], (first, end) => Moves.Columns(
                x.Pointer, x.Layout, 0, y.Pointer, y.Layout, at, x.Layout.Columns, false, first, end), exact: true));
            column += part.Columns;
        }

        emitter.Add(new RowInstruction(emitter, Layout, [], [y], (first, end) => Moves.ClearPadding(y.Pointer, y.Layout, first, end)));
    }

    internal override Node? Tangent(Node?[] tangents)
    {
        // Parts that stand still are a row of zeros, but one of them has all rows where only single rows move.
        var spread = tangents.All(tangent => tangent is null || tangent.Rows != Rows);
        var parts = new Node[Inputs.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var rows = spread && Inputs[i].Rows == Rows ? Rows : 1;
            spread &= rows == 1;
            parts[i] = tangents[i] ?? Graph.Constant(0f, rows, Inputs[i].Columns);
        }

        return new ConcatenateNode(parts);
    }

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        var column = 0;
        foreach (var part in Inputs)
        {
            if (emitter.ContributionTo(part) is { } target)
                EmitPart(emitter, gradient.Storage, column, part, target);
            column += part.Columns;
        }
    }

    internal override int Describe(OutlineBuilder outline) =>
        outline.Add(new JoinStep(Array.ConvertAll(Inputs, part => outline.Spread(outline[part], Rows, part.Columns))), this);

    private void EmitPart(Emitter emitter, Storage dy, int column, Node part, Contribution target)
    {
        if (part.Rows == Rows)
        {
            ColumnsNode.EmitCopy(emitter, dy, column, target.Storage, 0, part.Columns, target.Accumulate);
            return;
        }

        // A row that was spread: its gradient is the sum over all rows.
        var slice = emitter.New(part.Name + ".rows", new PanelLayout(Rows, part.Columns));
        ColumnsNode.EmitCopy(emitter, dy, column, slice, 0, part.Columns, accumulate: false);
        emitter.Add(new TaskInstruction(slice.Layout.Panels, [slice], [target.Storage], (first, end) => RowReductions.ColumnSums(
            slice.Pointer, slice.Layout, target.Storage.Pointer, target.Accumulate, first, end)));
    }
}

/// <summary>A run of columns.</summary>
internal sealed unsafe class ColumnsNode : Node
{
    private readonly int _first;

    public ColumnsNode(Node x, int first, int count)
        : base(x.Graph, $"{x.Name}[{first}..{first + count}]", x.Rows, count, x)
    {
        if (first < 0 || first + count > x.Columns)
            throw new GraphException($"Columns {first} to {first + count - 1} of {x} do not exist.");
        _first = first;
    }

    /// <summary>Copies or adds a run of columns, row by row.</summary>
    public static void EmitCopy(Emitter emitter, Storage source, int from, Storage target, int to, int count, bool accumulate) =>
        emitter.Add(new RowInstruction(emitter, target.Layout, [source], [target], (first, end) =>
        {
            Moves.Columns(source.Pointer, source.Layout, from, target.Pointer, target.Layout, to, count, accumulate, first, end);
            Moves.ClearPadding(target.Pointer, target.Layout, first, end);
        }, exact: true));

    internal override void EmitForward(Emitter emitter) =>
        EmitCopy(emitter, emitter.Value(Inputs[0]), _first, emitter.Value(this), 0, Columns, accumulate: false);

    internal override Node? Tangent(Node?[] tangents) => new ColumnsNode(tangents[0]!, _first, Columns);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        var dx = target.Storage;
        if (!target.Accumulate)
        {
            emitter.Add(new RowInstruction(emitter, dx.Layout, [], [dx], (first, end) => Moves.SpreadNumber(
                0f, dx.Pointer, dx.Layout, accumulate: false, first, end)));
        }

        EmitCopy(emitter, gradient.Storage, 0, dx, _first, Columns, accumulate: true);
    }

    internal override int Describe(OutlineBuilder outline) => outline.Add(new ColumnsStep(outline[Inputs[0]], _first), this);
}

/// <summary>A row, a column or a number spread over a matrix.</summary>
internal sealed unsafe class SpreadNode : Node
{
    private SpreadNode(Node x, int rows, int columns)
        : base(x.Graph, $"spread({x.Name})", rows, columns, x)
    {
    }

    private bool SpreadsColumns => Inputs[0].Columns == 1 && Columns > 1;

    private bool SpreadsRows => Inputs[0].Rows == 1 && Rows > 1;

    /// <summary>x in the given shape: x itself where it fits.</summary>
    public static Node To(Node x, int rows, int columns)
    {
        if (x.Rows == rows && x.Columns == columns)
            return x;
        if ((x.Rows != rows && x.Rows != 1) || (x.Columns != columns && x.Columns != 1))
            throw new GraphException($"{x} cannot be spread to [{rows}, {columns}].");
        return new SpreadNode(x, rows, columns);
    }

    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(Inputs[0]), y = emitter.Value(this);
        bool number = SpreadsColumns && Inputs[0].Rows == 1, column = SpreadsColumns;
        emitter.Add(new RowInstruction(emitter, Layout, [x], [y], (first, end) =>
        {
            if (number)
                Moves.SpreadNumber(*x.Pointer, y.Pointer, y.Layout, accumulate: false, first, end);
            else if (column)
                Moves.SpreadColumn(x.Pointer, y.Pointer, y.Layout, first, end);
            else
                Moves.Columns(x.Pointer, x.Layout, 0, y.Pointer, y.Layout, 0, y.Layout.Columns, false, first, end);
            Moves.ClearPadding(y.Pointer, y.Layout, first, end);
        }, exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => To(tangents[0]!, Rows, Columns);

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        Storage dy = gradient.Storage, dx = target.Storage;
        if (SpreadsRows && (SpreadsColumns || Columns == 1))
        {
            TotalInstructions.Emit(emitter, dy, dx, 1f, target.Accumulate);
        }
        else if (SpreadsColumns)
        {
            emitter.Add(new RowInstruction(emitter, Layout, [dy], [dx], (first, end) => RowReductions.Sum(
                dy.Pointer, dy.Layout, dx.Pointer, target.Accumulate, first, end), exact: true));
        }
        else
        {
            emitter.Add(new TaskInstruction(dy.Layout.Panels, [dy], [dx], (first, end) => RowReductions.ColumnSums(
                dy.Pointer, dy.Layout, dx.Pointer, target.Accumulate, first, end)));
        }
    }

    internal override int Describe(OutlineBuilder outline) => outline.Spread(outline[Inputs[0]], Rows, Columns);
}
