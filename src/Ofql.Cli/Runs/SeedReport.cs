using System.Globalization;
using System.Text;
using Ofql.Cli.Rendering;
using Ofql.Formats.Files;
using Ofql.Formats.Svg;

namespace Ofql.Cli.Runs;

/// <summary>The files of several seeds together: <c>seeds.csv</c>, <c>learning-curve.svg</c> and <c>report.md</c> beside their folders.</summary>
internal static class SeedReport
{
    public static void Write(TrainPlan plan, SeedTable table, SweepResult sweep, IReadOnlyList<string> data, string statistic, string title)
    {
        var results = sweep.Results;
        var csv = new StringBuilder("way,mean,standard_error,low_95,high_95");
        foreach (var seed in table.Seeds)
            csv.Append(CultureInfo.InvariantCulture, $",seed_{seed}");
        csv.Append('\n');
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {Path.GetFileName(plan.Folder)}: {table.Seeds.Count} seeds\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{title} of {TrainText.WhichEvaluated(results)}; mean, standard error and 95 % interval (Student's t) over seeds.\n\n");
        text.Append("| way of acting | mean | standard error | 95 % interval |\n|---|---:|---:|---:|\n");
        foreach (var row in table.Rows)
        {
            var numbers = ((double?[])[row.Mean, row.StandardError, row.Low, row.High]).Concat(row.BySeed);
            csv.Append(row.Way).Append(',').AppendJoin(',', numbers.Select(number => number?.ToString("R", CultureInfo.InvariantCulture))).Append('\n');
            text.Append(CultureInfo.InvariantCulture, $"| {row.Way.Replace('_', ' ')} | {row.Mean:F2} | {row.StandardError:F2} | {row.Low:F2} to {row.High:F2} |\n");
        }

        if (table.Caution is { } caution)
            text.Append(CultureInfo.InvariantCulture, $"\n{caution}\n");
        if (table.Rows.Count > 0)
        {
            AtomicFile.WriteText(Path.Combine(plan.Folder, "seeds.csv"), csv.ToString());
            AtomicFile.WriteText(Path.Combine(plan.Folder, "learning-curve.svg"), Curve(plan, table, results, statistic, title).ToSvg());
            text.Append("\n![Learning curve, band: standard error over seeds](learning-curve.svg)\n");
        }

        if (SeedTable.Before(results, statistic) is { } before)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## Before\n\n{title} of the checkpoints that the runs began from.\n\n| way of acting | mean | standard error | by seed |\n|---|---:|---:|---|\n");
            foreach (var row in before.Rows)
                text.Append(CultureInfo.InvariantCulture, $"| {row.Way.Replace('_', ' ')} | {row.Mean:F2} | {row.StandardError:F2} | {string.Join(", ", row.BySeed.Select(value => TextTable.Number(value)))} |\n");
        }

        text.Append("\n## Data\n\n");
        foreach (var line in data)
            text.Append(CultureInfo.InvariantCulture, $"- {line}\n");
        text.Append("\n## Runs\n\n");
        foreach (var result in results)
            text.Append(CultureInfo.InvariantCulture, $"- [seed {result.Seed}]({result.Folder.Name}/report.md): {TrainText.Outcome(result.Training, plan.Configuration, result.PolicyStep)}{(result.Simulator is { } simulator ? $" Evaluated with {simulator}." : "")}\n");
        foreach (var failure in sweep.Failures)
            text.Append(CultureInfo.InvariantCulture, $"- seed {failure.Seed} failed: {failure.Error.Message}\n");
        AtomicFile.WriteText(Path.Combine(plan.Folder, "report.md"), text.ToString());
    }

    private static LineChart Curve(TrainPlan plan, SeedTable table, IReadOnlyList<SessionResult> results, string statistic, string title) => new()
    {
        Title = $"{Path.GetFileName(plan.Folder)} ({results.Count} seeds)",
        XLabel = plan.Configuration.IsOnline ? "environment steps" : "gradient updates",
        YLabel = title,
        Series = table.Rows.Select(row => new ChartSeries(row.Way.Replace('_', ' '), Points(results, $"{row.Way}/{statistic}"))).ToList(),
    };

    // Only steps at which every seed was evaluated: a mean over fewer seeds would bend the curve.
    private static List<ChartPoint> Points(IReadOnlyList<SessionResult> results, string name) => results
        .SelectMany(result => result.Evaluations).GroupBy(row => row.Step).OrderBy(group => group.Key)
        .Select(group => (Step: group.Key, Values: group.Select(row => row.Find(name)).OfType<double>().ToArray()))
        .Where(point => point.Values.Length == results.Count)
        .Select(point => new ChartPoint(point.Step, Statistics.Mean(point.Values), point.Values.Length > 1 ? Statistics.StandardError(point.Values) : 0)).ToList();
}
