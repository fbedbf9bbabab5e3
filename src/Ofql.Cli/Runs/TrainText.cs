using System.Globalization;
using Ofql.Data;
using Ofql.Training;

namespace Ofql.Cli.Runs;

/// <summary>What is said about runs, in the terminal and in the report alike.</summary>
internal static class TrainText
{
    public static string Outcome(TrainingResult result, long updates) => result.Outcome switch
    {
        TrainingOutcome.Completed => string.Create(
            CultureInfo.InvariantCulture,
            $"Completed {result.Step} updates in {Duration(result.Elapsed)} ({result.UpdatesPerSecond:F0} updates/s while training)."),
        TrainingOutcome.Cancelled => string.Create(CultureInfo.InvariantCulture, $"Interrupted at update {result.Step} of {updates}; the state was saved."),
        _ => result.Reason!,
    };

    public static IReadOnlyList<string> Data(OpenedDataset data, DataReport report)
    {
        var episodes = report.Episodes;
        return
        [
            $"source: {data.Source}",
            string.Create(CultureInfo.InvariantCulture, $"{episodes.Count} episodes: {episodes.Terminated} terminated, {episodes.Truncated} truncated, {episodes.CutByEndOfData} cut by the end of the data"),
            string.Create(CultureInfo.InvariantCulture, $"mean episode return in the data: {episodes.Returns.Mean:G6} (length {episodes.Lengths.Mean:G5})"),
        ];
    }

    public static string Duration(TimeSpan time) =>
        time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");
}
