using Ofql.Kernels.Matrices;
using Ofql.Kernels.Reductions;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Reductions;

public sealed unsafe class ReductionTests
{
    public static TheoryData<int, int> Shapes()
    {
        var data = new TheoryData<int, int> { { 256, 256 }, { 256, 1 }, { 2, 1 }, { 1, 40 } };
        for (var i = 1; i <= 70; i++)
            data.Add(1 + (i * 29 % 65), i);
        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Row_sums_and_group_sums(int rows, int columns)
    {
        using Matrix x = Matrix.Random(rows, columns, 1), before = Matrix.Random(rows, 1, 2);
        foreach (var accumulate in new[] { false, true })
        {
            using var y = before.Copy();
            RowReductions.Sum(x.Pointer, x.Layout, y.Pointer, accumulate, 0, rows);
            y.AssertEach("row sums", (r, _) => Sum(columns, c => x[r, c], accumulate ? before[r, 0] : 0));
            y.AssertGuards();
        }

        var groups = (rows + RowReductions.GroupRows - 1) / RowReductions.GroupRows;
        double[] whole = new double[groups], parts = new double[groups];
        fixed (double* p = whole, q = parts)
        {
            RowReductions.GroupSums(x.Pointer, x.Layout, p, 0, rows);
            for (var first = (groups - 1) * RowReductions.GroupRows; first >= 0; first -= RowReductions.GroupRows)
                RowReductions.GroupSums(x.Pointer, x.Layout, q, first, Math.Min(rows, first + RowReductions.GroupRows));
        }

        Assert.Equal(whole, parts);
        var (sum, bound) = Sum(rows * columns, i => x[i / columns, i % columns], 0);
        Assert.InRange(whole.Sum() - sum, -bound, bound);
    }

    /// <summary>Stored rows beyond the true ones, which hold NaN here, never count, also where a range includes them.</summary>
    [Fact]
    public void Padding_rows_do_not_count()
    {
        using Matrix x = Matrix.Random(19, 5, 1), column = Matrix.Random(19, 1, 2);
        var partial = stackalloc double[2];
        RowReductions.GroupSums(x.Pointer, x.Layout, partial, 0, x.Layout.StoredRows);
        Assert.False(double.IsNaN(partial[1]));
        RowReductions.GroupSums(column.Pointer, column.Layout, partial, 0, column.Layout.StoredRows);
        Assert.False(double.IsNaN(partial[1]));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_entry_of_a_rank_and_its_column(int rows, int columns)
    {
        using Matrix x = Matrix.Random(rows, columns, 1), y = new(rows, 1), index = new(rows, 1);
        for (var row = 0; row < rows; row++)
        {
            // Equal entries, now and then infinite ones.
            for (var column = 0; column < columns; column++)
                x[row, column] = (row + column) % 11 == 5 ? float.PositiveInfinity : (row + column) % 13 == 3 ? float.NegativeInfinity : MathF.Round(3 * x[row, column]);
        }

        foreach (var rank in new[] { 1, Math.Min(columns, 2), (columns + 1) / 2, columns })
        {
            RowReductions.Ranked(x.Pointer, x.Layout, rank, y.Pointer, index.Pointer, 0, rows);
            for (var row = 0; row < rows; row++)
            {
                // A stable sort keeps equal ones from left to right.
                var expected = Enumerable.Range(0, columns).OrderByDescending(column => x[row, column]).ElementAt(rank - 1);
                Assert.Equal((x[row, expected], (float)expected), (y[row, 0], index[row, 0]));
            }

            y.AssertGuards();
        }
    }

    [Fact]
    public void A_NaN_ranks_as_infinite()
    {
        using Matrix x = Matrix.Random(1, 4, 1), y = new(1, 1), index = new(1, 1);
        (x[0, 0], x[0, 1], x[0, 2], x[0, 3]) = (1f, float.PositiveInfinity, float.NaN, 2f);
        int[] columns = [1, 2, 3, 0];
        for (var rank = 1; rank <= 4; rank++)
        {
            RowReductions.Ranked(x.Pointer, x.Layout, rank, y.Pointer, index.Pointer, 0, 1);
            Assert.Equal((x[0, columns[rank - 1]], (float)columns[rank - 1]), (y[0, 0], index[0, 0]));
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Largest_entry_and_its_first_column(int rows, int columns)
    {
        // Few different values, so that ties occur.
        var random = new Random(1);
        using var x = Matrix.Of(new PanelLayout(rows, columns), (_, _) => random.Next(-6, 0));
        using Matrix y = new(rows, 1), index = new(rows, 1);
        RowReductions.Maximum(x.Pointer, x.Layout, y.Pointer, index.Pointer, 0, rows);
        for (var r = 0; r < rows; r++)
        {
            var row = Enumerable.Range(0, columns).Select(c => x[r, c]).ToArray();
            Assert.Equal(row.Max(), y[r, 0]);
            Assert.Equal(Array.IndexOf(row, row.Max()), (int)index[r, 0]);
        }

        y.AssertGuards();
        index.AssertGuards();
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Log_sum_exp_and_softmax(int rows, int columns)
    {
        foreach (var scale in new[] { 1.0, 30.0, 1000.0 })
        {
            using Matrix x = Matrix.Random(rows, columns, 1, -scale, scale), y = new(rows, 1), softmax = new(rows, columns);
            RowReductions.LogSumExp(x.Pointer, x.Layout, y.Pointer, softmax.Pointer, 0, rows);
            double[] largest = [.. Enumerable.Range(0, rows).Select(r => Enumerable.Range(0, columns).Max(c => (double)x[r, c]))];
            double[] total = [.. Enumerable.Range(0, rows).Select(r => Enumerable.Range(0, columns).Sum(c => Math.Exp(x[r, c] - largest[r])))];
            // x - max is rounded once, in units of scale; the exponential turns that into a relative error.
            var bound = (columns + 8 + (4 * scale)) * Rounding.Unit;
            y.AssertEach("log sum exp", (r, _) => (largest[r] + Math.Log(total[r]), bound));
            softmax.AssertEach("softmax", (r, c) => (Math.Exp(x[r, c] - largest[r]) / total[r], bound));
            softmax.AssertGuardsAndPadding();
            y.AssertGuards();
        }
    }

    [Fact]
    public void A_row_that_is_not_a_number_stays_so_and_leaves_the_others_alone()
    {
        using Matrix x = Matrix.Random(5, 40, 1), y = new(5, 1), softmax = new(5, 40), index = new(5, 1);
        x[2, 33] = float.NaN;
        RowReductions.LogSumExp(x.Pointer, x.Layout, y.Pointer, softmax.Pointer, 0, 5);
        for (var r = 0; r < 5; r++)
            Assert.Equal(r == 2, float.IsNaN(y[r, 0]));
        RowReductions.Maximum(x.Pointer, x.Layout, y.Pointer, index.Pointer, 0, 5);
        for (var r = 0; r < 5; r++)
            Assert.Equal(r == 2, float.IsNaN(y[r, 0]));
        Assert.Equal(33f, index[2, 0]);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Column_sums(int rows, int columns)
    {
        using Matrix x = Matrix.Random(rows, columns, 1), before = Matrix.Random(1, columns, 2);
        foreach (var accumulate in new[] { false, true })
        {
            using Matrix y = before.Copy(), parts = before.Copy();
            RowReductions.ColumnSums(x.Pointer, x.Layout, y.Pointer, accumulate, 0, x.Layout.Panels);
            y.AssertEach("column sums", (_, c) => Sum(rows, r => x[r, c], accumulate ? before[0, c] : 0));
            y.AssertGuardsAndPadding();
            for (var panel = x.Layout.Panels - 1; panel >= 0; panel--)
                RowReductions.ColumnSums(x.Pointer, x.Layout, parts.Pointer, accumulate, panel, panel + 1);
            parts.AssertSameBits("panel by panel", y);
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(4080)]
    [InlineData(4096)]
    [InlineData(4112)]
    [InlineData(100_000)]
    public void Sums_of_squares_in_chunks(int length)
    {
        using Matrix x = Matrix.Random(length, 1, 1);
        var chunks = FlatReductions.Chunks(length);
        double[] whole = new double[chunks], parts = new double[chunks];
        double total;
        fixed (double* p = whole, q = parts)
        {
            FlatReductions.SumsOfSquares(x.Pointer, length, p, 0, chunks);
            for (var chunk = chunks - 1; chunk >= 0; chunk--)
                FlatReductions.SumsOfSquares(x.Pointer, length, q, chunk, chunk + 1);
            total = FlatReductions.Total(p, chunks);
        }

        Assert.Equal(whole, parts);
        var expected = Enumerable.Range(0, length).Sum(i => (double)x[i, 0] * x[i, 0]);
        // Inside a chunk each lane adds up to 256 squares; the chunks are added in double.
        Assert.InRange(total / expected, 1 - Rounding.Sum(256, 1), 1 + Rounding.Sum(256, 1));
    }

    private static (double Value, double Bound) Sum(int terms, Func<int, double> term, double start)
    {
        double sum = start, magnitude = Math.Abs(start);
        for (var i = 0; i < terms; i++)
        {
            sum += term(i);
            magnitude += Math.Abs(term(i));
        }

        return (sum, Rounding.Sum(terms, magnitude));
    }
}
