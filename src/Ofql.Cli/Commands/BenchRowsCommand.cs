using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql bench rows</c>.</summary>
internal static class BenchRowsCommand
{
    private const long MostRows = 10_000_000_000;

    public static Command Build(CommandContext context)
    {
        var options = new BenchOptionSet();
        var rows = new Option<long>("--rows") { Description = "Rows of the dataset", HelpName = "count", DefaultValueFactory = _ => 50_000_000 };
        var folder = new Option<string>("--folder") { Description = "Where its file is written, and removed again", HelpName = "path", DefaultValueFactory = _ => Path.GetTempPath() };
        var json = CommonOptions.Json();
        var command = new Command("rows", "Updates from a memory-mapped file of many rows, against the same rows in memory.") { rows, folder, json };
        options.AddTo(command);
        command.SetAction(parsed => Run(context with { Json = parsed.GetValue(json) }, options.Read(parsed), parsed.GetValue(rows), parsed.GetValue(folder)!));
        return command.WithExamples("ofql bench rows", "ofql bench rows --rows 5000000 --state 3 --action 1");
    }

    private static int Run(CommandContext context, BenchOptions options, long rows, string folder)
    {
        if (rows is < 2 or > MostRows)
            throw new UsageException($"--rows {rows}: expected 2 to {MostRows}.");
        if (!Directory.Exists(folder))
            throw new UsageException($"--folder '{folder}' is not there; expected a folder with room for the file.");
        using var session = new RowsSession(options, rows, folder, context.Messages.WriteLine, context.Cancellation);
        var result = session.Run(context.Messages.WriteLine, context.Cancellation);
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["rows"] = result.Rows,
                ["bytes"] = result.Bytes,
                ["rows_in_memory"] = result.MemoryRows,
                ["updates_per_second_from_memory"] = BenchJson.Round(result.MemoryRate),
                ["updates_per_second_from_file"] = BenchJson.Round(result.MappedRate),
                ["file_over_memory"] = BenchJson.Round(result.Ratio),
                ["shape"] = BenchJson.Of(options.Shape),
                ["rounds"] = options.Rounds,
                ["machine"] = BenchJson.Of(MachineFacts.Here()),
            });
            return 0;
        }

        context.Out.WriteLine();
        context.Out.WriteLine(FormattableString.Invariant($"{result.Rows} rows, {result.Bytes / 1e9:F1} GB, one thread, medians of rounds: {options.Rounds}."));
        context.Out.WriteLine(FormattableString.Invariant($"from memory ({result.MemoryRows} rows): {result.MemoryRate:F1} updates/s"));
        context.Out.WriteLine(FormattableString.Invariant($"from the memory-mapped file: {result.MappedRate:F1} updates/s, {result.Ratio:P1} of it"));
        return 0;
    }
}
