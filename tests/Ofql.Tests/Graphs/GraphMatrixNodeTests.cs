using Ofql.Graph;
using Ofql.Graph.Nodes;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Graphs;

/// <summary>Nodes that move or reduce entries: value, gradient, tangent, duality (see <see cref="NodeCheck"/>).</summary>
public sealed class GraphMatrixNodeTests
{
    [Fact]
    public void Sum_and_mean_of_all_entries()
    {
        foreach (var (rows, columns) in Shapes.All)
        {
            new NodeCheck(rows).Value(rows, columns).Agrees(x => Sum(x[0]), x => Number(x[0].Values.Sum()));
            new NodeCheck(rows).Value(rows, columns).Agrees(x => Mean(x[0]), x => Number(x[0].Values.Average()));
        }

        new NodeCheck(16).Value(1, 40).Agrees(x => Mean(x[0]), x => Number(x[0].Values.Average()));
        new NodeCheck(5).Value(15, 3).Agrees(x => Sum(x[0]), x => Number(x[0].Values.Sum()));
    }

    [Fact]
    public void Sum_maximum_and_log_sum_exp_of_each_row()
    {
        foreach (var (rows, columns) in Shapes.All)
            CheckRows(rows, rows, columns);
        CheckRows(16, 1, 40);
        CheckRows(5, 15, 33);

        static void CheckRows(int batch, int rows, int columns)
        {
            new NodeCheck(batch).Value(rows, columns).Agrees(x => SumColumns(x[0]), x => x[0].PerRow(row => row.Sum()));
            new NodeCheck(batch).Value(rows, columns).Agrees(x => MaxColumns(x[0]), x => x[0].PerRow(row => row.Max()));
            new NodeCheck(batch).Value(rows, columns).Agrees(x => LogSumExp(x[0]), x => x[0].PerRow(row => Math.Log(row.Sum(Math.Exp))));
        }
    }

    [Fact]
    public void The_gradient_of_a_maximum_goes_to_the_first_of_equals()
    {
        using var run = new SmallProgram(4, [4, 3], [1, 5, 5, 2, 2, 1, 0, 0, 0, -1, -3, -1]);
        run.Differentiate(Sum(MaxColumns(run.X)));
        Assert.Equal([0f, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0], run.Gradient());
    }

    [Fact]
    public void Columns_side_by_side_with_rows_and_numbers_spread()
    {
        foreach (var (rows, columns) in Shapes.All)
        {
            // Parts that start and end inside panels of 32, a row, a column, a number.
            new NodeCheck(rows).Value(rows, columns).Value(1, 3).Value(rows, 1).Value(1, 1).Value(rows, 32).Value(1, 33)
                .Agrees(x => Concatenate(x[0], x[1], x[2], x[3], x[4], x[5]), Matrix.Concatenate);
        }

        new NodeCheck(16).Value(16, 3).Agrees(x => Concatenate(x[0]), x => x[0]);
        new NodeCheck(16).Value(1, 3).Value(1, 1).Agrees(x => Concatenate(x[0], x[1]), Matrix.Concatenate);
        new NodeCheck(5).Value(15, 3).Value(1, 2).Agrees(x => Concatenate(x[0], x[1]), Matrix.Concatenate);
        new NodeCheck(5).Value(5, 3).Agrees(x => Concatenate(x[0], x[0], Square(x[0])), x => Matrix.Concatenate(x[0], x[0], x[0].Map(v => v * v)));
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(3, 0, 3)]
    [InlineData(3, 1, 1)]
    [InlineData(40, 30, 5)]
    [InlineData(40, 0, 32)]
    [InlineData(40, 32, 8)]
    [InlineData(40, 39, 1)]
    [InlineData(80, 5, 70)]
    public void A_run_of_columns(int columns, int first, int count)
    {
        foreach (var rows in Shapes.Rows)
        {
            new NodeCheck(rows).Value(rows, columns).Agrees(
                x => Columns(x[0], first, count), x => Matrix.Of(rows, count, (row, column) => x[0][row, first + column]));
        }

        new NodeCheck(16).Value(1, columns).Agrees(x => Columns(x[0], first, count), x => Matrix.Of(1, count, (row, column) => x[0][row, first + column]));
    }

    [Fact]
    public void Overlapping_runs_of_columns_add_their_gradients() => new NodeCheck(5).Value(5, 40).Agrees(
        x => Columns(x[0], 0, 35) * Columns(x[0], 5, 35), x => Matrix.Of(5, 35, (row, column) => x[0][row, column] * x[0][row, column + 5]));

    [Fact]
    public void Rows_repeated()
    {
        foreach (var (rows, columns) in Shapes.All)
        {
            foreach (var times in new[] { 1, 2, 10 })
                new NodeCheck(rows).Value(rows, columns).Agrees(x => RepeatRows(x[0], times), x => Matrix.Of(rows * times, columns, (row, column) => x[0][row / times, column]));
        }

        new NodeCheck(5).Value(10, 3).Agrees(x => RepeatRows(x[0], 3), x => Matrix.Of(30, 3, (row, column) => x[0][row / 3, column]));
    }

    [Fact]
    public void A_column_read_as_groups()
    {
        foreach (var rows in Shapes.Rows)
        {
            foreach (var size in new[] { 1, 3, 32, 40 })
                new NodeCheck(rows).Value(rows * size, 1).Agrees(x => GroupRows(x[0], size), x => Matrix.Of(rows, size, (row, column) => x[0][(row * size) + column, 0]));
        }
    }

    [Fact]
    public void A_column_read_as_groups_in_more_than_one_block_of_rows() => new NodeCheck(300).Value(900, 1).Agrees(
        // What one block of rows writes too far, another has already computed.
        x => GroupRows(Square(x[0]), 3), x => Matrix.Of(300, 3, (row, column) => Math.Pow(x[0][(row * 3) + column, 0], 2)));

    [Fact]
    public void Rows_cut_into_several()
    {
        foreach (var (rows, columns) in Shapes.All)
        {
            foreach (var pieces in new[] { 1, 2, 7 })
                new NodeCheck(rows).Value(rows, columns * pieces).Agrees(x => SplitRows(x[0], pieces), x => Matrix.Of(rows * pieces, columns, (row, column) => x[0][row / pieces, (row % pieces * columns) + column]));
        }

        new NodeCheck(300).Value(300, 6).Agrees(
            x => SplitRows(Square(x[0]), 3), x => Matrix.Of(900, 2, (row, column) => Math.Pow(x[0][row / 3, (row % 3 * 2) + column], 2)));
    }

    [Fact]
    public void Sums_of_groups_of_rows()
    {
        foreach (var (rows, columns) in Shapes.All)
        {
            foreach (var size in new[] { 1, 2, 10 })
                new NodeCheck(rows).Value(rows * size, columns).Agrees(x => SumRows(x[0], size), x => Matrix.Of(rows, columns, (row, column) => Enumerable.Range(row * size, size).Sum(i => x[0][i, column])));
        }

        new NodeCheck(5).Value(30, 3).Agrees(x => SumRows(x[0], 3), x => Matrix.Of(10, 3, (row, column) => Enumerable.Range(row * 3, 3).Sum(i => x[0][i, column])));
    }

    [Fact]
    public void The_entry_of_a_rank_in_each_row()
    {
        foreach (var (rows, columns) in Shapes.All)
        {
            // Entries far apart: between near ones a difference quotient would see the rank change hands. 7 is prime to all numbers of columns.
            var apart = Enumerable.Range(0, columns).Select(column => (float)(5 * (column * 7 % columns))).ToArray();
            foreach (var rank in new[] { 1, Math.Min(columns, 2), (columns + 1) / 2, columns })
            {
                new NodeCheck(rows).Value(rows, columns).Agrees(
                    x => MaxColumns(x[0] + Row(x.Graph, apart), rank), x => x[0].PerRow(row => row.Select((value, i) => value + apart[i]).OrderDescending().ElementAt(rank - 1)));
            }
        }

        static Node Row(Graph.Graph graph, float[] values)
        {
            var row = graph.Input("apart", values.Length, 1);
            row.Write(values);
            return row;
        }
    }

    [Fact]
    public void The_mean_of_the_best_of_candidates_per_state() => new NodeCheck(5).Value(50, 3).Value(5, 10).Agrees(
        // The weighted mean of a plan: weights of ten candidates per state, as a column, times the candidates.
        x => SumRows(SplitRows(x[1] - MaxColumns(x[1], 4), 10) * x[0], 10),
        x => Matrix.Of(5, 3, (row, column) => Enumerable.Range(0, 10).Sum(n =>
            (x[1][row, n] - Enumerable.Range(0, 10).Select(m => x[1][row, m]).OrderDescending().ElementAt(3)) * x[0][(row * 10) + n, column])));

    [Fact]
    public void The_best_of_candidates_per_state() => new NodeCheck(5).Value(5, 3).Value(50, 3).Agrees(
        x => MaxColumns(GroupRows(SumColumns(RepeatRows(x[0], 10) * x[1]), 10)),
        x => Matrix.Of(5, 1, (row, _) => Enumerable.Range(0, 10).Max(n => Enumerable.Range(0, 3).Sum(c => x[0][row, c] * x[1][(row * 10) + n, c]))));

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(64)]
    public void Sinusoids_of_a_time(int size)
    {
        var half = size / 2;
        foreach (var rows in Shapes.Rows)
        {
            CheckTimes(rows, rows);
            CheckTimes(rows, 1);
        }

        CheckTimes(5, 15);

        void CheckTimes(int batch, int rows)
        {
            new NodeCheck(batch).Value(rows, 1).Agrees(
                t => Sinusoid(t[0], SinusoidFrequencies.DiffusionQl(size)),
                t => Matrix.Of(rows, size, (row, c) => Wave(c < half, t[0][row, 0] * (float)Math.Exp(-Math.Log(10000) * (c % half) / Math.Max(1, half - 1)))));
            new NodeCheck(batch).Value(rows, 1).Agrees(
                t => Sinusoid(t[0], SinusoidFrequencies.MeanFlow(size)),
                t => Matrix.Of(rows, size, (row, c) => Wave(c >= half, t[0][row, 0] * (float)Math.Pow(10000, -(c % half) / (double)half))));
        }

        static double Wave(bool sine, double phase) => sine ? Math.Sin(phase) : Math.Cos(phase);
    }

    [Fact]
    public void Layer_norm_with_learned_scale_and_shift()
    {
        foreach (var (rows, columns) in Shapes.All)
            CheckNorm(rows, rows, columns);
        CheckNorm(16, 1, 40);
        CheckNorm(5, 15, 33);

        static void CheckNorm(int batch, int rows, int columns) =>
            new NodeCheck(batch).Value(rows, columns).Parameter(1, columns).Parameter(1, columns).Agrees(
                x => LayerNorm(x[0], x.Block, x.Tensor(1), x.Tensor(2), 1e-2f), x => Reference.LayerNorm(x[0], x[1], x[2], 1e-2f));
    }

    [Fact]
    public void Root_mean_square_norm_with_a_learned_scale()
    {
        foreach (var (rows, columns) in Shapes.All)
            CheckNorm(rows, rows, columns);
        CheckNorm(16, 1, 40);
        CheckNorm(5, 15, 33);

        static void CheckNorm(int batch, int rows, int columns) =>
            new NodeCheck(batch).Value(rows, columns).Parameter(1, columns).Agrees(
                x => RootMeanSquareNorm(x[0], x.Block, x.Tensor(1), 1e-2f, 1.5f), x => Reference.RootMeanSquareNorm(x[0], x[1], 1e-2f, 1.5));
    }

    [Fact]
    public void A_parameter_vector_as_a_row()
    {
        foreach (var (rows, columns) in Shapes.All)
        {
            new NodeCheck(rows).Value(rows, columns).Parameter(1, columns).Agrees(
                x => x[0] * x.Graph.Parameter(x.Block, x.Tensor(1)), x => Matrix.Combine(x[0], x[1], (a, b) => a * b));
            // Twice, and as a number: the learned temperature of CQL.
            new NodeCheck(rows).Value(rows, columns).Parameter(1, 1).Agrees(
                x => (Exp(x.Graph.Parameter(x.Block, x.Tensor(1))) * x[0]) + x.Graph.Parameter(x.Block, x.Tensor(1)),
                x => Matrix.Combine(x[0], x[1], (a, b) => (Math.Exp(b) * a) + b));
        }
    }

    private static Matrix Number(double value) => Matrix.Of(1, 1, (_, _) => value);
}
