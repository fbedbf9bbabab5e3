using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using Ofql.Cli.Rendering;
using Ofql.Cli.Runs;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Formats.Runs;
using Ofql.Training;

namespace Ofql.Cli.Commands;

/// <summary>What 'train' says at the end, for people and for programs, and its exit code.</summary>
internal static class TrainSummary
{
    /// <exception cref="Exception">What the first seed failed of, once everything is said of those that did not.</exception>
    public static int Write(CommandContext context, TrainPlan plan, EnvironmentEntry? environment, OpenedDataset? data, DataReport? report, SweepResult sweep)
    {
        var (results, failures) = (sweep.Results, sweep.Failures);
        var (statistic, title) = TrainingSession.StatisticOf(environment);
        var isCancelled = context.Cancellation.IsCancellationRequested && (results.Count + failures.Count < plan.Seeds.Count
            || results.Any(result => result.Training.Outcome == TrainingOutcome.Cancelled));
        // Where nothing was reached, there is nothing to say but why.
        if (results.Count == 0 && failures.Count > 0 && !isCancelled)
            ExceptionDispatchInfo.Throw(failures[0].Error);
        var isDiverged = results.Any(result => result.Training.Outcome == TrainingOutcome.Diverged);
        var table = SeedTable.Of(results, statistic);
        if (plan.IsGroup && results.Count > 0)
            SeedReport.Write(plan, table, sweep, TrainText.Data(plan.Configuration, data, report), statistic, title);
        if (context.Json)
            context.WriteJson(ToJson(plan, data, report, sweep, table, statistic));
        else
            WriteText(context, plan, environment, data, report, results, table, title);
        foreach (var result in results.Where(result => result.Training.Outcome == TrainingOutcome.Diverged))
            context.Error.WriteLine($"ofql: {result.Training.Reason}");
        if (failures.Count > 0 && !isCancelled)
            ExceptionDispatchInfo.Throw(failures[0].Error);
        if (isCancelled)
            context.Error.WriteLine(results.Count + failures.Count == 0 ? "Interrupted before a run began." : $"Interrupted; everything is saved. Continue with: ofql train --resume {Program.Quote(plan.Folder)}");
        return Program.CodeOf(isCancelled, isDiverged);
    }

    private static void WriteText(
        CommandContext context, TrainPlan plan, EnvironmentEntry? environment, OpenedDataset? data, DataReport? report, IReadOnlyList<SessionResult> results, SeedTable table,
        string title)
    {
        foreach (var result in results.Where(result => result.Training.Outcome != TrainingOutcome.Diverged))
            context.Out.WriteLine($"{(plan.IsGroup ? $"seed {result.Seed}: " : "")}{TrainText.Outcome(result.Training, plan.Configuration, result.PolicyStep)}");
        if (plan.IsGroup && results.Count > 0)
        {
            SeedTable.Before(results, TrainingSession.StatisticOf(environment).Name)?.Write(context, title, "the checkpoints they began from");
            table.Write(context, title, TrainText.WhichEvaluated(results));
        }
        else if (results.Count > 0)
            WriteEvaluations(context, plan.Configuration.StepUnit, results[0], title, environment?.Specification.Score is not null);
        if (results.Select(result => result.Simulator).OfType<string>().FirstOrDefault() is { } simulator)
            context.Out.WriteLine($"simulator: {simulator}.");
        if (data?.Generated is { } generated)
            context.Out.WriteLine($"data: {generated}.");
        if (environment is not null && report is not null)
        {
            var score = report.NormalizedMeanReturn is { } mean ? $", normalised score {TextTable.Number(mean)}" : "";
            context.Out.WriteLine($"For comparison, the data itself: mean return {TextTable.Number(report.Episodes.Returns.Mean)}{score} ({report.Episodes.Count} episodes of mean length {TextTable.Number(report.Episodes.Lengths.Mean, "F0")}).");
        }

        if (plan.IsGroup && results.Count > 0)
            context.Out.WriteLine($"Report: {Path.Combine(plan.Folder, "report.md")}");
        else if (results.Count > 0)
            context.Out.WriteLine($"{(results[0].PolicyStep is null ? "" : $"Policy: {results[0].Folder.PolicyPath}{Environment.NewLine}")}Report: {results[0].Folder.ReportPath}");
    }

    private static void WriteEvaluations(CommandContext context, string unit, SessionResult result, string title, bool hasScore)
    {
        if (result.Evaluations.Count == 0)
            return;
        if (result.Before is { } before)
        {
            context.Out.WriteLine(FormattableString.Invariant($"Before, as it came from '{result.Origin!.Checkpoint}' (step {result.Origin.Step}):"));
            WayTable.Write(context, before.Values, hasScore);
        }

        var last = result.Evaluations[^1];
        context.Out.WriteLine(FormattableString.Invariant($"{RunReport.EvaluationTitle(unit, last.Step, result.PolicyStep)}, {Episodes(last)} episodes per way of acting{(hasScore ? "; score: D4RL's normalised score" : "")}:"));
        WayTable.Write(context, last.Values, hasScore);
        if (result.Evaluations.Count < 2)
            return;
        var statistic = hasScore ? "score" : "return";
        var best = result.Evaluations.SelectMany(row => row.Values.Where(value => value.Name.EndsWith("/" + statistic, StringComparison.Ordinal))
            .Select(value => (row.Step, value.Name, value.Value))).MaxBy(entry => entry.Value);
        context.Out.WriteLine(FormattableString.Invariant(
            $"Best {title} seen on the way: {best.Value:F2} ({best.Name.Split('/')[0]}, {unit} {best.Step}); chosen by the test, so not the result."));
    }

    private static double Episodes(EvaluationRow row) =>
        row.Values.FirstOrDefault(value => value.Name.EndsWith("/episodes", StringComparison.Ordinal)).Value;

    private static JsonObject ToJson(
        TrainPlan plan, OpenedDataset? data, DataReport? report, SweepResult sweep, SeedTable table, string statistic)
    {
        var results = sweep.Results;
        var json = new JsonObject
        {
            ["folder"] = plan.Folder,
            ["agent"] = plan.Configuration.AgentName,
            ["environment"] = plan.Configuration.Text("environment"),
            ["data"] = data is null || report is null ? null : new JsonObject
            {
                ["source"] = data.Source,
                ["fingerprint"] = data.Fingerprint,
                ["transitions"] = report.Rows,
                ["generated"] = data.Generated is not null,
                ["mean_return"] = CommandContext.Number(report.Episodes.Returns.Mean),
                ["normalized_score"] = CommandContext.Number(report.NormalizedMeanReturn),
            },
            ["runs"] = new JsonArray(results.Select(result => (result.Seed, Node: RunJson(result)))
                .Concat(sweep.Failures.Select(failure => (failure.Seed, Node: FailureJson(plan, failure))))
                .OrderBy(run => plan.Seeds.Index().First(seed => seed.Item == run.Seed).Index).Select(JsonNode (run) => run.Node).ToArray()),
        };
        if (plan.IsGroup && results.Count > 0)
            json["seeds"] = table.ToJson(statistic);
        if (plan.IsGroup && SeedTable.Before(results, statistic) is { } before)
            json["seeds_before"] = before.ToJson(statistic);
        return json;
    }

    // From the start of the process, which no clock of ours has seen.
    private static double? SecondsToFirstUpdate(SessionResult result)
    {
        using var process = Process.GetCurrentProcess();
        return (result.Training.FirstUpdate - new DateTimeOffset(process.StartTime))?.TotalSeconds;
    }

    private static JsonObject FailureJson(TrainPlan plan, SeedFailure failure) => new JsonObject
    {
        ["run"] = plan.FolderOf(failure.Seed),
        ["seed"] = failure.Seed,
        ["outcome"] = "failed",
        ["reason"] = failure.Error.Message,
    };

    private static JsonObject RunJson(SessionResult result) => new JsonObject
    {
        ["run"] = result.Folder.FolderPath,
        ["seed"] = result.Seed,
        ["outcome"] = result.Training.Outcome.ToString().ToLowerInvariant(),
        ["reason"] = result.Training.Reason,
        ["step"] = result.Training.Step,
        ["seconds"] = CommandContext.Number(result.Training.Elapsed.TotalSeconds),
        ["seconds_in_updates"] = CommandContext.Number(result.Training.Updating.TotalSeconds),
        ["seconds_to_first_update"] = CommandContext.Number(SecondsToFirstUpdate(result)),
        ["updates_per_second"] = CommandContext.Number(result.Training.UpdatesPerSecond),
        ["origin"] = result.Origin is not { } origin ? null : new JsonObject
        {
            ["checkpoint"] = origin.Checkpoint,
            ["step"] = origin.Step,
            ["fingerprint"] = origin.Fingerprint,
            ["data_fingerprint"] = origin.DataFingerprint,
            ["recorded_share"] = origin.RecordedShare,
        },
        ["simulator"] = result.Simulator,
        ["evaluation_before"] = result.Before is { } before ? WayTable.ToJson(before.Values) : null,
        ["recorded_actions"] = result.RecordedActions is not { } agreement ? null : new JsonObject
        {
            ["states"] = agreement.Rows,
            ["errors_in_deviations"] = new JsonArray(agreement.Errors.Select(error => CommandContext.Number(error)).ToArray()),
            ["share_at_bounds"] = CommandContext.Number(agreement.AtBounds),
            ["recorded_share_at_bounds"] = CommandContext.Number(agreement.RecordedAtBounds),
        },
        ["policy"] = result.PolicyStep is null ? null : result.Folder.PolicyPath,
        ["evaluation_step"] = result.Evaluations.Count > 0 ? result.Evaluations[^1].Step : null,
        ["evaluation"] = result.Evaluations.Count > 0 ? WayTable.ToJson(result.Evaluations[^1].Values) : null,
    };
}
