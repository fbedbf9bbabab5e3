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
    private const int LongestValue = 300;

    public static Command Build(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "Dataset: D4RL or Minari (HDF5), OGBench or NumPy (NPZ), CSV, native (safetensors)" };
        var environment = new Option<string?>("--env") { Description = "Environment whose normalised score to show (default: the one the file names)", HelpName = "name" };
        var reader = new ReaderOptionSet();
        var json = CommonOptions.Json();
        var command = new Command("inspect", "Show what is in a dataset, and what looks wrong, before training on it.") { file, environment, json };
        reader.AddTo(command);
        // What is wrong is what the report is to show, so nothing is refused here.
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) }, parsed.GetValue(file)!, parsed.GetValue(environment), reader.Read(parsed, allowNonFinite: true)));
        return command.WithExamples(
            "ofql data inspect pendulum-replay.hdf5", "ofql data inspect logs.safetensors --env maze2d-umaze-v1 --json", "ofql data inspect logs.csv --map columns.yaml");
    }

    private static int Run(CommandContext context, string file, string? environment, DatasetReaderOptions options)
    {
        var asked = environment is null ? null : context.Catalog.Environment(environment).Specification;
        ReaderOptionSet.RequireFit(options, file);
        using var found = InspectedDataset.Of(
            file, options, asked?.Score, name => context.Catalog.Environments.Find(name)?.Specification.Score, context.Cancellation);
        if (asked is not null && (asked.StateSize != found.Report.StateSize || asked.ActionSize != found.Report.ActionSize))
        {
            throw new OfqlException(
                $"--env {asked.Name} has states of {asked.StateSize} and actions of {asked.ActionSize} numbers, '{file}' {found.Report.StateSize} and {found.Report.ActionSize}: a score "
                + "in that environment would mean nothing. Name the environment it was recorded in, or leave --env out.");
        }

        if (context.Json)
            context.WriteJson(ToJson(found));
        else
            WriteText(context, found);
        return 0;
    }

    private static void WriteText(CommandContext context, InspectedDataset found)
    {
        var (output, report, episodes) = (context.Out, found.Report, found.Report.Episodes);
        output.WriteLine($"{found.File}");
        output.WriteLine($"{"format",-12} {found.Format}");
        output.WriteLine($"{"licence",-12} {found.Licence ?? "not stated"}");
        output.WriteLine($"fingerprint  {found.Fingerprint}");
        foreach (var (key, value) in found.Data.Metadata.Where(pair => pair.Key != "licence").OrderBy(pair => pair.Key, StringComparer.Ordinal))
            output.WriteLine($"{key,-12} {(value.Length <= LongestValue ? value : value[..LongestValue] + $" ... ({value.Length} characters, all of them with --json)")}");
        output.WriteLine(FormattableString.Invariant($"transitions  {report.Rows}, state {report.StateSize}, action {report.ActionSize}"));
        output.WriteLine(FormattableString.Invariant(
            $"episodes     {episodes.Count}: {episodes.Terminated} terminated, {episodes.Truncated} truncated, {episodes.CutByEndOfData} cut by the end of the data"));
        WriteEpisodes(context, found);
        var columns = new TextTable("column", "min", "max", "mean", "sd", "NaN", "infinite");
        foreach (var column in report.Observations.Concat(report.Actions).Append(report.Rewards.Column))
        {
            columns.Add(
                column.Title, Cell(column.Minimum), Cell(column.Maximum), Cell(column.Mean), Cell(column.StandardDeviation),
                column.NaNs.ToString(CultureInfo.InvariantCulture), column.Infinities.ToString(CultureInfo.InvariantCulture));
        }

        columns.Write(context);
        var values = report.Rewards.DistinctValues is { } distinct ? $"; values: {string.Join(", ", distinct.Select(value => Cell(value)))}" : "";
        output.WriteLine(FormattableString.Invariant($"rewards      {report.Rewards.Zeros} of {report.Rows} are 0{values}"));
        output.WriteLine(FormattableString.Invariant($"duplicates   {(report.DuplicatesAreEstimated ? "about " : "")}{report.Duplicates} transitions repeat an earlier one exactly"));
        output.WriteLine($"constant     {(report.ConstantColumns.Any() ? string.Join(", ", report.ConstantColumns.Select(column => column.Title)) : "no column")}");
        if (found.NormalizedScore is { } score)
            output.WriteLine($"Normalised score of the data's mean return: {TextTable.Number(score)} (reference returns {found.ScoreOrigin})");
        var findings = Findings(found).ToList();
        foreach (var finding in findings)
            output.WriteLine($"Warning: {finding}");
        if (findings.Count == 0)
            output.WriteLine("Nothing looks wrong.");
    }

    private static void WriteEpisodes(CommandContext context, InspectedDataset found)
    {
        var table = new TextTable("episodes", "mean", "sd", "min", "25 %", "median", "75 %", "max");
        void Add(string name, DistributionSummary summary) => table.Add(
            name, Cell(summary.Mean), Cell(summary.StandardDeviation), Cell(summary.Minimum), Cell(summary.LowerQuartile), Cell(summary.Median),
            Cell(summary.UpperQuartile), Cell(summary.Maximum));
        if (found.RecordedReturns is { } recorded)
            Add(FormattableString.Invariant($"return as recorded ({found.RecordedEpisodes} complete)"), recorded);
        Add("return", found.Report.Episodes.Returns);
        Add("length", found.Report.Episodes.Lengths);
        table.Write(context);
    }

    private static IEnumerable<string> Findings(InspectedDataset found)
    {
        var report = found.Report;
        string? Rows(RowFinding finding, string what) => finding.Count == 0 ? null
            : FormattableString.Invariant($"{finding.Count} transitions {what}, the first is transition {finding.First} (from 0).");
        var rows = (string?[])
        [
            Rows(report.NotFinite, "hold NaN or infinity; training refuses them"),
            Rows(report.ActionsOutOfRange, "have an action outside -1 .. 1 (if that is their range, train with --set data.action_low and data.action_high, or scale them)"),
            Rows(report.Discontinuities, "are followed by one whose state is not their successor"),
        ];
        return rows.OfType<string>().Concat(DatasetChecks.Warnings(report)).Concat(DatasetChecks.RecordingWarnings(found.Data, report))
            .Concat(DatasetChecks.ScaleWarnings(report, actions: null, normalizeStates: "none"));
    }

    private static string Cell(double value) => double.IsFinite(value) ? value.ToString("G5", CultureInfo.InvariantCulture) : "-";

    private static JsonObject ToJson(InspectedDataset found)
    {
        var report = found.Report;
        var metadata = found.Data.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal);
        return new JsonObject
        {
            ["file"] = found.File,
            ["format"] = found.Format,
            ["licence"] = found.Licence,
            ["fingerprint"] = found.Fingerprint,
            ["metadata"] = new JsonObject(metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
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
            ["recorded_episodes"] = found.RecordedReturns is null ? null : found.RecordedEpisodes,
            ["recorded_return"] = found.RecordedReturns is { } recorded ? Distribution(recorded) : null,
            ["normalized_score"] = CommandContext.Number(found.NormalizedScore),
            ["reward_zeros"] = report.Rewards.Zeros,
            ["constant_columns"] = new JsonArray(report.ConstantColumns.Select(column => (JsonNode)column.Name).ToArray()),
            ["columns"] = new JsonArray(report.Observations.Concat(report.Actions).Append(report.Rewards.Column).Select(Column).ToArray()),
            ["duplicates"] = report.Duplicates,
            ["duplicates_estimated"] = report.DuplicatesAreEstimated,
            ["rows_not_finite"] = report.NotFinite.Count,
            ["rows_with_action_out_of_range"] = report.ActionsOutOfRange.Count,
            ["discontinuities"] = report.Discontinuities.Count,
            ["warnings"] = new JsonArray(Findings(found).Select(finding => (JsonNode)finding).ToArray()),
        };
    }

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
        ["part"] = column.Part,
        ["minimum"] = CommandContext.Number(column.Minimum),
        ["maximum"] = CommandContext.Number(column.Maximum),
        ["mean"] = CommandContext.Number(column.Mean),
        ["standard_deviation"] = CommandContext.Number(column.StandardDeviation),
        ["not_finite"] = column.NaNs + column.Infinities,
    };
}
