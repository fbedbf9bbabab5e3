using System.Globalization;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Formats.Tables;

namespace Ofql.Cli.Runs;

/// <summary>What is checked of the data before the first update, when it costs nothing yet to mend it.</summary>
internal static class DatasetChecks
{
    // States of this size enter a network of fresh weights far beyond where its activations tell anything apart.
    private const double LargeState = 100;

    // What marks a missing value (-999, -9999, 1e30) is large, rare and far out.
    private const double LargeMark = 999;
    private const double FarOut = 10;

    // An action that moves within so little of its range is lost among the policy's own errors.
    private const double SmallShare = 0.05;

    // Recorders round; a hair beyond the bound is no sign of other units.
    private const float Slack = 1e-4f;

    /// <summary>Things that are allowed and yet worth a look.</summary>
    public static IEnumerable<string> Warnings(DataReport report)
    {
        foreach (var column in report.ConstantColumns.Where(column => !column.Name.StartsWith("rewards", StringComparison.Ordinal)))
            yield return $"{column.Title} is constant ({column.Minimum.ToString("G4", CultureInfo.InvariantCulture)}): it carries no information.";
        if (report.Rewards.Column.IsConstant)
            yield return "Every reward is the same: there is nothing to prefer one action over another by.";
        if (report.Duplicates > report.Rows / 100)
            yield return string.Create(CultureInfo.InvariantCulture, $"{(report.DuplicatesAreEstimated ? "About " : "")}{report.Duplicates} of {report.Rows} transitions repeat an earlier one exactly.");
    }

    /// <summary>What looks like a mark for a missing value, episodes that stand among each other, and gaps in time.</summary>
    public static IEnumerable<string> RecordingWarnings(TransitionDataset data, DataReport report)
    {
        foreach (var column in report.Observations.Concat(report.Actions))
        {
            var extreme = Math.Abs(column.Maximum - column.Mean) >= Math.Abs(column.Mean - column.Minimum) ? column.Maximum : column.Minimum;
            if (Math.Abs(extreme) >= LargeMark && Math.Abs(extreme - column.Mean) > FarOut * column.StandardDeviation)
                yield return string.Create(CultureInfo.InvariantCulture, $"{column.Title} reaches {extreme:G4}, {Math.Abs(extreme - column.Mean) / column.StandardDeviation:F0} deviations from its mean: a mark for a missing value? It would be learned as a number.");
        }

        if (Counted(data, CsvDataset.EpisodesReturning) is > 0 and var returning)
            yield return string.Create(CultureInfo.InvariantCulture, $"{returning} times the name of an episode comes back after another one, and is taken as an episode of its own: rows of one episode have to follow each other. Sort the file by episode and time.");
        if (Counted(data, CsvDataset.TimeGaps) is > 0 and var gaps)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{gaps} times more than three usual steps of {data.Metadata.GetValueOrDefault(CsvDataset.TimeStep)} ({data.Metadata.GetValueOrDefault("time")}) lie between two rows of an episode: where rows are missing, the later one is not the successor. ")
                + "A maximum_gap in the column map ends the episode there.";
        }

        static long? Counted(TransitionDataset data, string key) =>
            long.TryParse(data.Metadata.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;
    }

    /// <summary>What a run without an environment should know of the sizes of its numbers.</summary>
    public static IEnumerable<string> ScaleWarnings(DataReport report, BoxSpace? actions, string? normalizeStates)
    {
        if (normalizeStates == "none" && report.Observations.MaxBy(Size) is { } largest && Size(largest) > LargeState)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"States are as large as {Size(largest):G4} ({largest.Title}) and enter the networks as they are: ")
                + "set agent.normalize_states=standardize, or scale them yourself.";
        }

        for (var i = 0; actions is not null && i < report.ActionSize; i++)
        {
            var (column, range) = (report.Actions[i], actions.High[i] - (double)actions.Low[i]);
            if (column.Maximum - column.Minimum < SmallShare * range)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{column.Title} uses {(column.Maximum - column.Minimum) / range:P1} of its range {actions.Low[i]:G6} .. {actions.High[i]:G6}: ")
                    + $"the policy can hardly tell its values apart. Give every action its own range, such as {RecordedRange(report)}";
            }
        }

        static double Size(ColumnSummary column) => Math.Max(Math.Abs(column.Minimum), Math.Abs(column.Maximum));
    }

    /// <exception cref="OfqlException">The data cannot belong to these actions or this environment.</exception>
    public static void RequireFit(OpenedDataset opened, DataReport report, BoxSpace actions, EnvironmentSpecification? environment)
    {
        var data = opened.Data;
        if (environment is not null && (environment.StateSize != data.StateSize || environment.ActionSize != data.ActionSize))
        {
            throw new OfqlException(
                $"'{opened.Source}' has states of {data.StateSize} and actions of {data.ActionSize} numbers, but {environment.Name} has "
                + $"{environment.StateSize} and {environment.ActionSize}. Choose the environment the data was recorded in with --env, or "
                + "--env none to train without evaluation.");
        }

        for (var i = 0; i < data.ActionSize; i++)
        {
            var column = report.Actions[i];
            if (column.Minimum < actions.Low[i] - Slack || column.Maximum > actions.High[i] + Slack)
            {
                throw new OfqlException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{opened.Source}', {column.Title}: values from {column.Minimum:G6} to {column.Maximum:G6}, expected {actions.Low[i]:G6} to ")
                    + string.Create(CultureInfo.InvariantCulture, $"{actions.High[i]:G6}. ")
                    + (environment is null ? AdviceOnRange(report) : $"Scale the actions to the range of {environment.Name}, or train without it: --env none."));
            }
        }
    }

    private static string AdviceOnRange(DataReport report) => $"Name the range that each action can have; what was recorded is covered by: {RecordedRange(report)}";

    private static string RecordedRange(DataReport report)
    {
        // What never changes has no range of its own.
        var low = report.Actions.Select(column => ((float)column.Minimum).ToString("R", CultureInfo.InvariantCulture));
        var high = report.Actions.Select(column => ((float)(column.IsConstant ? column.Maximum + 1 : column.Maximum)).ToString("R", CultureInfo.InvariantCulture));
        return $"--set data.action_low={string.Join(',', low)} --set data.action_high={string.Join(',', high)}";
    }
}
