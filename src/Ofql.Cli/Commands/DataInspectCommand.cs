using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Cli.Rendering;
using Ofql.Cli.Runs;
using Ofql.Data;
using Ofql.Formats.Datasets;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql data inspect</c>.</summary>
internal static class DataInspectCommand
{
    public static Command Build(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "Dataset file: D4RL (HDF5) or native (safetensors)" };
        var environment = new Option<string?>("--env") { Description = "Environment whose normalised score to show", HelpName = "name" };
        var steps = new Option<long?>("--maximum-episode-steps") { Description = "Step limit for files without timeouts", HelpName = "count" };
        var json = CommonOptions.Json();
        var command = new Command("inspect", "Show what is in a dataset, and what looks wrong, before training on it.") { file, environment, steps, json };
        command.SetAction(parsed => Run(context with { Json = parsed.GetValue(json) }, parsed.GetValue(file)!, parsed.GetValue(environment), parsed.GetValue(steps)));
        return command.WithExamples("ofql data inspect pendulum-replay.hdf5", "ofql data inspect logs.safetensors --env maze2d-umaze-v1 --json");
    }

    private static int Run(CommandContext context, string file, string? environment, long? steps)
    {
        var score = environment is null ? null : context.Catalog.Environment(environment).Specification.Score;
        // What is wrong is what the report is to show, so nothing is refused here.
        using var data = DatasetReader.Open(file, new DatasetReaderOptions { AllowNonFinite = true, MaximumEpisodeSteps = steps });
        var report = DataReport.Of(data, score is null ? null : score.Normalize, context.Cancellation);
        var fingerprint = DatasetFingerprint.Of(data);
        if (context.Json)
            context.WriteJson(ToJson(file, fingerprint, data, report));
        else
            WriteText(context, file, fingerprint, data, report);
        return 0;
    }

    private static void WriteText(CommandContext context, string file, string fingerprint, TransitionDataset data, DataReport report)
    {
        var output = context.Out;
        var episodes = report.Episodes;
        output.WriteLine($"{file}");
        output.WriteLine($"fingerprint  {fingerprint}");
        foreach (var (key, value) in data.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            output.WriteLine($"{key,-12} {value}");
        output.WriteLine(FormattableString.Invariant($"transitions  {report.Rows}, state {report.StateSize}, action {report.ActionSize}"));
        output.WriteLine(FormattableString.Invariant(
            $"episodes     {episodes.Count}: {episodes.Terminated} terminated, {episodes.Truncated} truncated, {episodes.CutByEndOfData} cut by the end of the data"));
        var table = new TextTable("episodes", "mean", "sd", "min", "25 %", "median", "75 %", "max");
        foreach (var (name, summary) in ((string, DistributionSummary)[])[("return", episodes.Returns), ("length", episodes.Lengths)])
        {
            table.Add(name, Cell(summary.Mean), Cell(summary.StandardDeviation), Cell(summary.Minimum), Cell(summary.LowerQuartile), Cell(summary.Median), Cell(summary.UpperQuartile), Cell(summary.Maximum));
        }

        table.Write(context);
        var columns = new TextTable("column", "min", "max", "mean", "sd", "not finite");
        foreach (var column in report.Observations.Concat(report.Actions).Append(report.Rewards.Column))
            columns.Add(column.Name, Cell(column.Minimum), Cell(column.Maximum), Cell(column.Mean), Cell(column.StandardDeviation), (column.NaNs + column.Infinities).ToString(CultureInfo.InvariantCulture));
        columns.Write(context);
        if (report.NormalizedMeanReturn is { } score)
            output.WriteLine($"Normalised score of the data's mean return: {TextTable.Number(score)}");
        var findings = Findings(report).ToList();
        foreach (var finding in findings)
            output.WriteLine($"Warning: {finding}");
        if (findings.Count == 0)
            output.WriteLine("Nothing looks wrong.");
    }

    private static IEnumerable<string> Findings(DataReport report)
    {
        string? Rows(RowFinding finding, string what) => finding.Count == 0 ? null
            : FormattableString.Invariant($"{finding.Count} transitions {what}, the first is transition {finding.First} (from 0).");
        var rows = (string?[])
        [
            Rows(report.NotFinite, "hold NaN or infinity; training refuses them"),
            Rows(report.ActionsOutOfRange, "have an action outside -1 .. 1 (if that is their range, train with --set data.action_low and data.action_high, or scale them)"),
            Rows(report.Discontinuities, "are followed by one whose state is not their successor"),
        ];
        return rows.OfType<string>().Concat(DatasetChecks.Warnings(report));
    }

    private static string Cell(double value) => double.IsFinite(value) ? value.ToString("G5", CultureInfo.InvariantCulture) : "-";

    private static JsonObject ToJson(string file, string fingerprint, TransitionDataset data, DataReport report) => new()
    {
        ["file"] = file,
        ["fingerprint"] = fingerprint,
        ["metadata"] = new JsonObject(data.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        ["transitions"] = report.Rows,
        ["state_size"] = report.StateSize,
        ["action_size"] = report.ActionSize,
        ["episodes"] = new JsonObject
        {
            ["count"] = report.Episodes.Count,
            ["terminated"] = report.Episodes.Terminated,
            ["truncated"] = report.Episodes.Truncated,
            ["cut_by_end_of_data"] = report.Episodes.CutByEndOfData,
            ["return"] = Distribution(report.Episodes.Returns),
            ["length"] = Distribution(report.Episodes.Lengths),
        },
        ["normalized_score"] = CommandContext.Number(report.NormalizedMeanReturn),
        ["columns"] = new JsonArray(report.Observations.Concat(report.Actions).Append(report.Rewards.Column).Select(Column).ToArray()),
        ["duplicates"] = report.Duplicates,
        ["rows_not_finite"] = report.NotFinite.Count,
        ["rows_with_action_out_of_range"] = report.ActionsOutOfRange.Count,
        ["discontinuities"] = report.Discontinuities.Count,
        ["warnings"] = new JsonArray(Findings(report).Select(finding => (JsonNode)finding).ToArray()),
    };

    private static JsonObject Distribution(DistributionSummary summary) => new()
    {
        ["mean"] = CommandContext.Number(summary.Mean),
        ["standard_deviation"] = CommandContext.Number(summary.StandardDeviation),
        ["minimum"] = CommandContext.Number(summary.Minimum),
        ["lower_quartile"] = CommandContext.Number(summary.LowerQuartile),
        ["median"] = CommandContext.Number(summary.Median),
        ["upper_quartile"] = CommandContext.Number(summary.UpperQuartile),
        ["maximum"] = CommandContext.Number(summary.Maximum),
    };

    private static JsonNode Column(ColumnSummary column) => new JsonObject
    {
        ["name"] = column.Name,
        ["minimum"] = CommandContext.Number(column.Minimum),
        ["maximum"] = CommandContext.Number(column.Maximum),
        ["mean"] = CommandContext.Number(column.Mean),
        ["standard_deviation"] = CommandContext.Number(column.StandardDeviation),
        ["not_finite"] = column.NaNs + column.Infinities,
    };
}
