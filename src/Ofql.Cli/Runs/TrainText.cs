using System.Globalization;
using Ofql.Cli.Configuration;
using Ofql.Data;
using Ofql.Evaluation;
using Ofql.Training;

namespace Ofql.Cli.Runs;

/// <summary>What is said about runs, in the terminal and in the report alike.</summary>
internal static class TrainText
{
    /// <summary>How a run ended.</summary>
    /// <param name="result">Its end.</param>
    /// <param name="run">Its configuration.</param>
    /// <param name="policyStep">Step of the policy that was saved; null where none was.</param>
    public static string Outcome(TrainingResult result, ResolvedConfiguration run, long? policyStep) => result.Outcome switch
    {
        TrainingOutcome.Completed when result.Updating == TimeSpan.Zero => string.Create(
            CultureInfo.InvariantCulture, $"All {result.Step} {run.StepUnit}s were done already; nothing was left to do."),
        TrainingOutcome.Completed => string.Create(
            CultureInfo.InvariantCulture,
            $"Completed {result.Step} {run.StepUnit}s in {Duration(result.Elapsed)} ({result.UpdatesPerSecond:F0} {run.StepUnit}s/s while training; all else, evaluations above all, took {Duration(result.Elapsed - result.Updating)})."),
        TrainingOutcome.Cancelled => string.Create(CultureInfo.InvariantCulture, $"Interrupted at {run.StepUnit} {result.Step} of {run.Steps}; {(policyStep is null ? "there was nothing to save yet" : "the state was saved")}."),
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

    /// <summary>How the policy acts in recorded states, for a report.</summary>
    /// <param name="agreement">What was found.</param>
    /// <param name="names">Names of the actions, in order; empty where they are not known.</param>
    public static string RecordedActions(ActionAgreement agreement, IReadOnlyList<string> names)
    {
        var known = agreement.Errors.Index().Where(entry => !double.IsNaN(entry.Item)).OrderBy(entry => entry.Item).ToList();
        var name = known.Count == 0 ? "" : names.Count > 0 ? names[known[^1].Index] : string.Create(CultureInfo.InvariantCulture, $"actions[{known[^1].Index}]");
        var errors = known.Count == 0 ? "no recorded action ever changes. " : string.Create(
            CultureInfo.InvariantCulture,
            $"the root mean square difference from the recorded action, in that action's own standard deviations, is {known[(known.Count - 1) / 2].Item:G3} in the middle and {known[^1].Item:G3} at most ({name}). ");
        return string.Create(CultureInfo.InvariantCulture, $"In {agreement.Rows} recorded states, acting without noise: ") + errors
            + string.Create(CultureInfo.InvariantCulture, $"{agreement.AtBounds:P1} of its numbers stand at a bound, of the recorded ones {agreement.RecordedAtBounds:P1}. ")
            + "Differences far above 1, or bounds where nobody stood, say that the policy has left what the data supports: what it would earn there, nobody knows.";
    }

    /// <summary>What the evaluations of several runs are of.</summary>
    public static string WhichEvaluated(IEnumerable<SessionResult> results) =>
        results.All(result => result.Evaluations.Count == 0 || result.Evaluations[^1].Step == result.PolicyStep) ? "the last checkpoints" : "the last evaluations, older than some of the policies saved";

    public static string Duration(TimeSpan time) =>
        time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");
}
