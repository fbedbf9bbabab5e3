namespace Ofql.Data;

/// <summary>
/// What is in a dataset, found in one pass over it before anything is trained on it: how episodes end, what every column
/// holds, and what looks wrong. Numbers only; whoever shows it decides on the words.
/// </summary>
public sealed record DataReport
{
    /// <summary>Number of transitions N.</summary>
    public required long Rows { get; init; }

    /// <summary>Size of a state S.</summary>
    public required int StateSize { get; init; }

    /// <summary>Size of an action A.</summary>
    public required int ActionSize { get; init; }

    /// <summary>The episodes and how they end.</summary>
    public required EpisodeSummary Episodes { get; init; }

    /// <summary>The rewards.</summary>
    public required RewardSummary Rewards { get; init; }

    /// <summary>One entry per state component [S].</summary>
    public required IReadOnlyList<ColumnSummary> Observations { get; init; }

    /// <summary>One entry per action component [A].</summary>
    public required IReadOnlyList<ColumnSummary> Actions { get; init; }

    /// <summary>One entry per component of the successors [S].</summary>
    public required IReadOnlyList<ColumnSummary> NextObservations { get; init; }

    /// <summary>Rows with an action entry outside -1 .. 1.</summary>
    public required RowFinding ActionsOutOfRange { get; init; }

    /// <summary>Rows with any number that is not finite.</summary>
    public required RowFinding NotFinite { get; init; }

    /// <summary>
    /// Rows within an episode whose successor is not the next row's state: the order is lost or an end mark is missing there
    /// (D4RL's maze2d and replay buffers have none; merged or shuffled logs have many).
    /// </summary>
    public required RowFinding Discontinuities { get; init; }

    /// <summary>
    /// Transitions that repeat an earlier one exactly, flags included. Counted by a 64-bit hash: a chance collision among 4
    /// million rows has a probability below 1e-6. Beyond 4 million different rows counted in a part of all hashes and scaled up.
    /// </summary>
    public required long Duplicates { get; init; }

    /// <summary>Whether <see cref="Duplicates"/> is such an estimate.</summary>
    public bool DuplicatesAreEstimated { get; init; }

    /// <summary>D4RL's normalised score of the mean episode return; null without reference returns.</summary>
    public required double? NormalizedMeanReturn { get; init; }

    /// <summary>All columns by name that never change: a constant input carries nothing and breaks a division by its deviation.</summary>
    public IEnumerable<ColumnSummary> ConstantColumns =>
        Observations.Concat(Actions).Append(Rewards.Column).Where(column => column.IsConstant);

    /// <summary>Reads the dataset once.</summary>
    /// <param name="dataset">Transitions in time order.</param>
    /// <param name="normalizedScore">
    /// The task's normalised score of a return, such as <c>score.Normalize</c>; a function, since data stands below environments.
    /// </param>
    /// <param name="cancellation">Stops the reading.</param>
    public static DataReport Of(
        TransitionDataset dataset, Func<double, double>? normalizedScore = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return new DataReportBuilder(dataset).Build(normalizedScore, cancellation);
    }
}

/// <summary>Episodes of a dataset. Every end mark closes one; rows after the last mark count as one more.</summary>
/// <param name="Terminated">Episodes ended by the task (also if the row is marked as both).</param>
/// <param name="Truncated">Episodes cut by the recording.</param>
/// <param name="CutByEndOfData">1 if the data ends without an end mark, else 0.</param>
/// <param name="Returns">Undiscounted returns, of incomplete episodes too.</param>
/// <param name="Lengths">Numbers of transitions.</param>
public sealed record EpisodeSummary(
    long Terminated, long Truncated, long CutByEndOfData, DistributionSummary Returns, DistributionSummary Lengths)
{
    /// <summary>Number of episodes.</summary>
    public long Count => Terminated + Truncated + CutByEndOfData;
}

/// <summary>A distribution in seven numbers.</summary>
/// <param name="Mean">Arithmetic mean.</param>
/// <param name="StandardDeviation">Sample standard deviation; NaN for one value.</param>
/// <param name="Minimum">Smallest value.</param>
/// <param name="LowerQuartile">A quarter lies below.</param>
/// <param name="Median">Half lies below.</param>
/// <param name="UpperQuartile">Three quarters lie below.</param>
/// <param name="Maximum">Largest value.</param>
public sealed record DistributionSummary(
    double Mean, double StandardDeviation, double Minimum, double LowerQuartile, double Median, double UpperQuartile, double Maximum)
{
    /// <summary>Summarises at least one value; sorts them in place.</summary>
    public static DistributionSummary OfSorting(Span<double> values)
    {
        values.Sort();
        return new DistributionSummary(
            Statistics.Mean(values),
            Statistics.StandardDeviation(values),
            values[0],
            Statistics.QuantileOfSorted(values, 0.25),
            Statistics.QuantileOfSorted(values, 0.5),
            Statistics.QuantileOfSorted(values, 0.75),
            values[^1]);
    }
}

/// <summary>One component of a column. The four figures are over its finite values, NaN if there is none.</summary>
/// <param name="Name">Column and component, such as <c>observations[3]</c>.</param>
/// <param name="Minimum">Smallest value.</param>
/// <param name="Maximum">Largest value.</param>
/// <param name="Mean">Arithmetic mean.</param>
/// <param name="StandardDeviation">Population standard deviation (divisor N).</param>
/// <param name="NaNs">Number of NaNs.</param>
/// <param name="Infinities">Number of infinities of either sign.</param>
/// <param name="FirstNotFinite">First row with a NaN or infinity; null if there is none.</param>
public sealed record ColumnSummary(
    string Name, double Minimum, double Maximum, double Mean, double StandardDeviation, long NaNs, long Infinities, long? FirstNotFinite)
{
    /// <summary>What the file calls this component, such as the column of a table; null where it does not.</summary>
    public string? Part { get; init; }

    /// <summary>Name and part, for people: <c>observations[3] (speed)</c>.</summary>
    public string Title => Part is null ? Name : $"{Name} ({Part})";

    /// <summary>All values are finite and equal.</summary>
    public bool IsConstant => NaNs + Infinities == 0 && Minimum == Maximum;
}

/// <summary>The rewards.</summary>
/// <param name="Column">Range, mean and deviation.</param>
/// <param name="Zeros">Rows with reward 0: nearly all of them in a sparse task.</param>
/// <param name="DistinctValues">The distinct rewards, ascending; null if there are more than 16.</param>
public sealed record RewardSummary(ColumnSummary Column, long Zeros, IReadOnlyList<float>? DistinctValues);

/// <summary>Rows with a property.</summary>
/// <param name="Count">How many.</param>
/// <param name="First">The first of them; null if there is none.</param>
public readonly record struct RowFinding(long Count, long? First)
{
    /// <summary>The finding with one more row.</summary>
    internal RowFinding Plus(long row) => new(Count + 1, First ?? row);
}
