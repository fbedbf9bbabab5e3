using System.Globalization;
using Ofql.Cli.Configuration;
using Ofql.Data;
using Ofql.Training;

namespace Ofql.Cli.Runs;

/// <summary>What is said about runs, in the terminal and in the report alike.</summary>
internal static class TrainText
{
    public static string Outcome(TrainingResult result, ResolvedConfiguration run) => result.Outcome switch
    {
        TrainingOutcome.Completed when result.Updating == TimeSpan.Zero => string.Create(
            CultureInfo.InvariantCulture, $"All {result.Step} {run.StepUnit}s were done already; nothing was left to do."),
        TrainingOutcome.Completed => string.Create(
            CultureInfo.InvariantCulture,
            $"Completed {result.Step} {run.StepUnit}s in {Duration(result.Elapsed)} ({result.UpdatesPerSecond:F0} {run.StepUnit}s/s while training; all else, evaluations above all, took {Duration(result.Elapsed - result.Updating)})."),
        TrainingOutcome.Cancelled => string.Create(CultureInfo.InvariantCulture, $"Interrupted at {run.StepUnit} {result.Step} of {run.Steps}; the state was saved."),
        _ => result.Reason!,
    };

    public static IReadOnlyList<string> Data(ResolvedConfiguration run, OpenedDataset? data, DataReport? report)
    {
        if (data is null || report is null)
            return [string.Create(CultureInfo.InvariantCulture, $"collected online in {run.Text("environment")}: {run.Steps} steps planned, no recorded data")];
        var episodes = report.Episodes;
        var share = run.Number("online.recorded_share");
        return
        [
            $"source: {data.Source}",
            .. run.IsOnline ? (string[])[string.Create(CultureInfo.InvariantCulture, $"{share:P0} of each batch is drawn from it, {1 - share:P0} from what is collected in {run.Text("environment")}")] : [],
            .. data.Generated is { } generated ? (string[])[generated] : [],
            string.Create(CultureInfo.InvariantCulture, $"{episodes.Count} episodes: {episodes.Terminated} terminated, {episodes.Truncated} truncated, {episodes.CutByEndOfData} cut by the end of the data"),
            string.Create(CultureInfo.InvariantCulture, $"mean episode return in the data: {episodes.Returns.Mean:G6} (length {episodes.Lengths.Mean:G5})"),
        ];
    }

    public static string Duration(TimeSpan time) =>
        time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");
}
