using Ofql.Data;
using Ofql.Environments;
using Ofql.Environments.Maze2d;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Data;

public class DataReportTests
{
    [Fact]
    public void Episodes_are_counted_by_how_they_end()
    {
        using var data = Make(7);
        data.Terminated.Writable(1)[0] = 1;
        data.Truncated.Writable(4)[0] = 1;
        var report = DataReport.Of(data, new ReferenceScore(0, 10).Normalize);
        Assert.Equal((1L, 1L, 1L, 3L), (
            report.Episodes.Terminated, report.Episodes.Truncated, report.Episodes.CutByEndOfData, report.Episodes.Count));

        // Rewards are 0 .. 6: returns 0+1, 2+3+4, 5+6; lengths 2, 3, 2.
        var returns = report.Episodes.Returns;
        Assert.Equal((1, 9, 11), (returns.Minimum, returns.Median, returns.Maximum));
        Assert.Equal((5, 10), (returns.LowerQuartile, returns.UpperQuartile));
        Assert.Equal(7, returns.Mean, 1e-12);
        Assert.Equal(7.0 / 3, report.Episodes.Lengths.Mean, 1e-12);
        Assert.Equal(70, report.NormalizedMeanReturn!.Value, 1e-12);
        Assert.Null(DataReport.Of(data).NormalizedMeanReturn);
    }

    [Fact]
    public void Columns_are_summarised_and_constant_ones_named()
    {
        using var data = Make(101);
        var report = DataReport.Of(data);
        Assert.Equal((101L, 2, 1), (report.Rows, report.StateSize, report.ActionSize));
        var column = report.Observations[0];
        Assert.Equal(("observations[0]", 0, 100), (column.Name, column.Minimum, column.Maximum));
        Assert.Equal(50, column.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(((101 * 101) - 1) / 12.0), column.StandardDeviation, 1e-9);
        Assert.Equal(["observations[1]", "actions[0]"], report.ConstantColumns.Select(constant => constant.Name));
        Assert.Equal((1L, (long?)null), (report.Rewards.Zeros, column.FirstNotFinite));
        Assert.Null(report.Rewards.DistinctValues);
        Assert.Equal(default, report.NotFinite);
        Assert.Equal(default, report.Discontinuities);
    }

    [Fact]
    public void A_small_variation_around_a_large_mean_is_not_lost()
    {
        using var data = Make(1000);
        for (var row = 0; row < 1000; row++)
            data.Observations.Writable(row)[1] = 8_000_000 + (row % 2);
        var column = DataReport.Of(data).Observations[1];
        Assert.Equal(8_000_000.5, column.Mean, 1e-9);
        Assert.Equal(0.5, column.StandardDeviation, 1e-12);
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_found_with_their_first_row()
    {
        using var data = Make(10);
        data.Observations.Writable(3)[0] = float.NaN;
        data.NextObservations.Writable(5)[1] = float.PositiveInfinity;
        data.NextObservations.Writable(7)[1] = float.NegativeInfinity;
        data.Actions.Writable(3)[0] = float.NaN;
        var report = DataReport.Of(data);
        Assert.Equal(new RowFinding(3, 3), report.NotFinite);
        Assert.Equal((1L, 0L, (long?)3), (
            report.Observations[0].NaNs, report.Observations[0].Infinities, report.Observations[0].FirstNotFinite));
        Assert.Equal((0L, 2L, (long?)5), (
            report.NextObservations[1].NaNs, report.NextObservations[1].Infinities, report.NextObservations[1].FirstNotFinite));
        Assert.Equal(9, report.Observations[0].Maximum);
        Assert.Equal(0, report.ActionsOutOfRange.Count);
        Assert.False(report.Actions[0].IsConstant);
    }

    [Fact]
    public void Actions_out_of_range_duplicates_and_breaks_are_found()
    {
        using var data = Make(10);
        data.Actions.Writable(4)[0] = 1.25f;
        data.Actions.Writable(6)[0] = -1.25f;
        Copy(data, from: 2, to: 8);
        Copy(data, from: 2, to: 9);
        var report = DataReport.Of(data);
        Assert.Equal(new RowFinding(2, 4), report.ActionsOutOfRange);
        Assert.Equal(2, report.Duplicates);
        Assert.Equal(new RowFinding(2, 7), report.Discontinuities);

        data.Truncated.Writable(7)[0] = 1;
        data.Terminated.Writable(8)[0] = 1;
        report = DataReport.Of(data);
        Assert.Equal(default, report.Discontinuities);
        Assert.Equal(1, report.Duplicates);
    }

    [Fact]
    public void Few_distinct_rewards_are_listed()
    {
        using var raw = Maze2dDataCollector.Collect(Maze2dTask.Named("maze2d-umaze-v1"), 5000, new RandomStream(0, "collect"));
        using var data = raw.ToTransitions();
        var report = DataReport.Of(data);
        Assert.Equal([0f, 1f], report.Rewards.DistinctValues);
        Assert.Equal(data.Count, report.Rewards.Zeros + (long)Math.Round(report.Rewards.Column.Mean * data.Count));
        Assert.Equal(0, report.Episodes.CutByEndOfData);
        Assert.Equal(0, report.Discontinuities.Count);
        Assert.Equal(0, report.ActionsOutOfRange.Count);
    }

    /// <summary>Observations (row, 1), action 0.5, reward row; successors are the next row's.</summary>
    private static TransitionDataset Make(int rows)
    {
        var data = new TransitionDataset(
            Column<float>.Allocate(rows, 2),
            Column<float>.Allocate(rows, 1),
            Column<float>.Allocate(rows, 1),
            Column<float>.Allocate(rows, 2),
            Column<byte>.Allocate(rows, 1),
            Column<byte>.Allocate(rows, 1));
        for (var row = 0; row < rows; row++)
        {
            (data.Observations.Writable(row)[0], data.Observations.Writable(row)[1]) = (row, 1);
            (data.NextObservations.Writable(row)[0], data.NextObservations.Writable(row)[1]) = (row + 1, 1);
            data.Actions.Writable(row)[0] = 0.5f;
            data.Rewards.Writable(row)[0] = row;
        }

        return data;
    }

    private static void Copy(TransitionDataset data, int from, int to)
    {
        data.Observations[from].CopyTo(data.Observations.Writable(to));
        data.NextObservations[from].CopyTo(data.NextObservations.Writable(to));
        data.Actions[from].CopyTo(data.Actions.Writable(to));
        data.Rewards[from].CopyTo(data.Rewards.Writable(to));
    }
}
