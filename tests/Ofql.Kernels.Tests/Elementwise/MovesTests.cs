using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Elementwise;

public sealed unsafe class MovesTests
{
    /// <summary>From and to any column, across panel borders, of panels, of single columns and of a single row spread over all.</summary>
    [Fact]
    public void Columns_between_random_places()
    {
        var random = new Random(1);
        for (var trial = 0; trial < 300; trial++)
        {
            int rows = random.Next(2, 40), columns = random.Next(1, 80);
            int fromColumns = columns + random.Next(0, 40), toColumns = columns + random.Next(0, 40);
            int fromColumn = random.Next(0, fromColumns - columns + 1), toColumn = random.Next(0, toColumns - columns + 1);
            bool spread = random.Next(3) == 0, accumulate = random.Next(2) == 0;
            int first = random.Next(0, rows), end = random.Next(first, rows + 1);
            using Matrix source = Matrix.Random(spread ? 1 : rows, fromColumns, 2), before = Matrix.Random(rows, toColumns, 3), target = before.Copy();
            Moves.Columns(
                source.Pointer, source.Layout, fromColumn, target.Pointer, target.Layout, toColumn, columns, accumulate, first, end);
            target.AssertEach($"{columns} columns {fromColumn} -> {toColumn}", (r, c) =>
            {
                if (r < first || r >= end || c < toColumn || c >= toColumn + columns)
                    return (before[r, c], 0);
                var moved = source[spread ? 0 : r, c - toColumn + fromColumn];
                return (accumulate ? moved + before[r, c] : moved, 0);
            });
            target.AssertGuardsAndPadding();
        }
    }

    [Fact]
    public void Spreading_a_column_and_a_number()
    {
        foreach (var (rows, columns) in new[] { (2, 2), (17, 31), (33, 32), (9, 70), (5, 1) })
        {
            using Matrix source = Matrix.Random(rows, 1, 1), before = Matrix.Random(rows, columns, 2), target = before.Copy();
            Moves.SpreadColumn(source.Pointer, target.Pointer, target.Layout, 1, rows);
            target.AssertEach("spread column", (r, c) => (r < 1 ? before[r, c] : source[r, 0], 0));
            target.AssertGuardsAndPadding();
            Moves.SpreadNumber(0.5f, target.Pointer, target.Layout, accumulate: false, 1, rows);
            Moves.SpreadNumber(0.25f, target.Pointer, target.Layout, accumulate: true, 1, rows);
            target.AssertEach("spread number", (r, c) => (r < 1 ? before[r, c] : 0.75, 0));
            target.AssertGuardsAndPadding();
        }
    }

    [Fact]
    public void Repeating_rows_and_its_gradient()
    {
        foreach (var (rows, columns, times) in new[] { (2, 2, 2), (7, 33, 10), (16, 70, 3), (33, 1, 5), (5, 32, 1) })
        {
            using Matrix source = Matrix.Random(rows, columns, 1), target = new(rows * times, columns);
            Moves.RepeatRows(source.Pointer, source.Layout, target.Pointer, target.Layout, times, 0, rows);
            target.AssertEach("repeated", (r, c) => (source[r / times, c], 0));
            target.AssertGuardsAndPadding();
            using Matrix g = Matrix.Random(rows * times, columns, 2), before = Matrix.Random(rows, columns, 3);
            foreach (var accumulate in new[] { false, true })
            {
                using var sum = before.Copy();
                Moves.SumRepeatedRows(g.Pointer, g.Layout, sum.Pointer, sum.Layout, times, accumulate, 0, rows);
                sum.AssertEach("summed", (r, c) =>
                {
                    var terms = Enumerable.Range(r * times, times).Select(i => (double)g[i, c]).Append(accumulate ? before[r, c] : 0).ToArray();
                    return (terms.Sum(), Rounding.Sum(times, terms.Sum(Math.Abs)));
                });
                sum.AssertGuardsAndPadding();
            }
        }
    }

    [Fact]
    public void Regrouping_a_column_and_back()
    {
        foreach (var (rows, columns) in new[] { (2, 2), (16, 10), (5, 50), (33, 33) })
        {
            using Matrix column = Matrix.Random(rows * columns, 1, 1), matrix = Matrix.Random(rows, columns, 2), back = Matrix.Random(rows * columns, 1, 3);
            Moves.Regroup(column.Pointer, matrix.Pointer, matrix.Layout, toColumn: false, accumulate: false, 0, rows);
            matrix.AssertEach("grouped", (r, c) => (column[(r * columns) + c, 0], 0));
            matrix.AssertGuardsAndPadding();
            Moves.Regroup(back.Pointer, matrix.Pointer, matrix.Layout, toColumn: true, accumulate: false, 0, rows);
            back.AssertSameBits("back", column);
            Moves.Regroup(back.Pointer, matrix.Pointer, matrix.Layout, toColumn: true, accumulate: true, 0, rows);
            back.AssertEach("twice", (r, _) => (2 * column[r, 0], 0));
            back.AssertGuards();
        }
    }

    [Fact]
    public void Repeated_rows_added()
    {
        foreach (var (rows, columns, times) in new[] { (2, 2, 2), (7, 33, 10), (33, 1, 5), (5, 32, 1) })
        {
            using Matrix source = Matrix.Random(rows, columns, 1), before = Matrix.Random(rows * times, columns, 2), target = before.Copy();
            Moves.RepeatRows(source.Pointer, source.Layout, target.Pointer, target.Layout, times, 0, rows, accumulate: true);
            target.AssertEach("added", (r, c) => (before[r, c] + source[r / times, c], 0));
            target.AssertGuardsAndPadding();
        }
    }

    [Fact]
    public void Picking_rows_and_placing_them()
    {
        foreach (var (rows, columns) in new[] { (2, 2), (17, 31), (33, 32), (48, 70) })
        {
            using Matrix source = Matrix.Random(rows, columns, 1), where = new(rows, 1), picked = new(rows, columns), factor = Matrix.Random(rows, columns, 3);
            using Matrix before = Matrix.Random(rows, columns, 4), target = before.Copy(), scaled = before.Copy();
            for (var row = 0; row < rows; row++)
                where.Pointer[row] = row % 3 == 1 ? 0.5f + row : 0f;
            var moving = Enumerable.Range(1, rows - 1).Where(row => row % 3 == 1).ToArray();
            Assert.Equal(moving.Length, Moves.PickRows(source.Pointer, where.Pointer, picked.Pointer, picked.Layout, 1, rows));
            picked.AssertEach("picked", (r, c) => (r >= 1 && r <= moving.Length ? source[moving[r - 1], c] : 0, 0));
            picked.AssertGuardsAndPadding();
            Moves.PlaceRows(picked.Pointer, where.Pointer, null, target.Pointer, target.Layout, 1, rows);
            Moves.PlaceRows(picked.Pointer, where.Pointer, factor.Pointer, scaled.Pointer, scaled.Layout, 1, rows);
            target.AssertEach("placed", (r, c) => (r < 1 ? before[r, c] : where[r, 0] == 0 ? 0 : source[r, c], 0));
            scaled.AssertEach("placed and scaled", (r, c) => (r < 1 ? before[r, c] : where[r, 0] == 0 ? 0 : source[r, c] * factor[r, c], 0));
            target.AssertGuardsAndPadding();
            scaled.AssertGuardsAndPadding();
        }
    }

    [Fact]
    public void Cutting_rows_and_back()
    {
        foreach (var (rows, columns, pieces) in new[] { (2, 2, 2), (16, 10, 5), (5, 1, 50), (3, 33, 7), (4, 64, 3), (1, 40, 6) })
        {
            using Matrix whole = Matrix.Random(rows, columns * pieces, 1), parts = Matrix.Random(rows * pieces, columns, 2), back = Matrix.Random(rows, columns * pieces, 3);
            Moves.CutRows(whole.Pointer, whole.Layout, parts.Pointer, parts.Layout, toWhole: false, accumulate: false, 0, rows);
            parts.AssertEach("cut", (r, c) => (whole[r / pieces, (r % pieces * columns) + c], 0));
            parts.AssertGuardsAndPadding();
            Moves.CutRows(back.Pointer, back.Layout, parts.Pointer, parts.Layout, toWhole: true, accumulate: false, 0, rows);
            back.AssertSameBits("back", whole);
            Moves.CutRows(back.Pointer, back.Layout, parts.Pointer, parts.Layout, toWhole: true, accumulate: true, 0, rows);
            back.AssertEach("twice", (r, c) => (2 * whole[r, c], 0));
            back.AssertGuardsAndPadding();
        }
    }

    [Fact]
    public void Clearing_padding_clears_padding_alone()
    {
        foreach (var columns in new[] { 1, 2, 31, 32, 33, 64, 70 })
        {
            using Matrix matrix = Matrix.Random(20, columns, 1), before = matrix.Copy();
            for (var row = 0; row < 20; row++)
            {
                for (var column = columns; column < matrix.Layout.Panels * matrix.Layout.Width; column++)
                    matrix[row, column] = float.NaN;
            }

            Moves.ClearPadding(matrix.Pointer, matrix.Layout, 0, 20);
            matrix.AssertSameBits("cleared", before);
            matrix.AssertGuardsAndPadding();
        }
    }
}
