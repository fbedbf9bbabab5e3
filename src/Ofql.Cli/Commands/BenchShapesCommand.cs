using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Agents;
using Ofql.Cli.Bench;
using Ofql.Cli.Rendering;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql bench shapes</c>.</summary>
internal static class BenchShapesCommand
{
    public static Command Build(CommandContext context)
    {
        var agents = List("--agents", "Algorithms", string.Join(',', ShapeSession.DefaultAgents));
        var hidden = List("--hidden", "Widths of the hidden layers", "64,128,256,512,1024");
        var batch = List("--batch", "Transitions per update", "64,256,1024");
        var state = List("--state", "Sizes of a state", "17");
        var action = BenchOptionSet.Size("--action", "Size of an action", new BenchShape().Action);
        var threads = new Option<int?>("--threads") { Description = "Threads (default: 1)", HelpName = "count" };
        var rounds = BenchOptionSet.Size("--rounds", "Rounds of a cell; results are medians over them", 3);
        var seconds = new Option<double>("--seconds") { Description = "Time per measurement", HelpName = "number", DefaultValueFactory = _ => 0.3 };
        var json = CommonOptions.Json();
        var command = new Command("shapes", "Update rates and shares of peak over widths, batches, states and algorithms.")
        {
            agents, hidden, batch, state, action, threads, rounds, seconds, json,
        };
        command.SetAction(parsed =>
        {
            var options = new BenchOptions { Rounds = parsed.GetValue(rounds), Seconds = parsed.GetValue(seconds), Threads = parsed.GetValue(threads) ?? 1 }.Checked();
            var names = Words(parsed.GetValue(agents)!).Select(name => AgentCatalog.Find(name).Name).ToList();
            var cells =
                from s in Numbers("--state", parsed.GetValue(state)!)
                from agent in names
                from h in Numbers("--hidden", parsed.GetValue(hidden)!)
                from b in Numbers("--batch", parsed.GetValue(batch)!)
                select new ShapeCell(agent, new BenchShape { State = s, Action = parsed.GetValue(action), Hidden = h, Batch = b }.Checked(), options.Threads);
            return Run(context with { Json = parsed.GetValue(json) }, options, cells.ToList());
        });
        return command.WithExamples("ofql bench shapes", "ofql bench shapes --agents ofql,iql --hidden 256 --batch 256 --state 4,11,17,27,111", "ofql bench shapes --threads 2 --json");
    }

    private static Option<string> List(string name, string description, string value) =>
        new(name) { Description = description, HelpName = "list", DefaultValueFactory = _ => value };

    private static string[] Words(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static List<int> Numbers(string option, string list)
    {
        var words = Words(list);
        return words.Length > 0 && words.All(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
            ? words.Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToList()
            : throw new UsageException($"{option} '{list}': expected whole numbers above 0 with commas between them, such as 64,256.");
    }

    private static int Run(CommandContext context, BenchOptions options, IReadOnlyList<ShapeCell> cells)
    {
        var results = new ShapeSession(options).Run(cells, result => context.Messages.WriteLine(Line(result)), context.Cancellation);
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["cells"] = new JsonArray(results.Select(result => (JsonNode)ToJson(result)).ToArray()),
                ["rounds"] = options.Rounds,
                ["seconds"] = options.Seconds,
                ["machine"] = BenchJson.Of(MachineFacts.Here()),
            });
            return 0;
        }

        foreach (var ofState in results.GroupBy(result => result.Cell.Shape.State))
            Write(context, ofState.Key, ofState.ToList());
        return 0;
    }

    /// <summary>Rows are algorithm and batch, columns widths; each cell updates per second and share of peak.</summary>
    private static void Write(CommandContext context, int state, List<ShapeResult> results)
    {
        var (shape, threads) = (results[0].Cell.Shape, results[0].Cell.Threads);
        context.Out.WriteLine();
        context.Out.WriteLine($"State {state}, action {shape.Action}, {threads} thread{(threads == 1 ? "" : "s")}: updates/s (share of the float32 peak, executed products of unpadded shapes).");
        var widths = results.Select(result => result.Cell.Shape.Hidden).Distinct().ToList();
        var table = new TextTable(["agent", "batch", .. widths.Select(width => $"H = {width}")]);
        foreach (var row in results.GroupBy(result => (result.Cell.Agent, result.Cell.Shape.Batch)))
        {
            table.Add([row.Key.Agent, row.Key.Batch.ToString(CultureInfo.InvariantCulture), .. widths.Select(width => row.FirstOrDefault(one => one.Cell.Shape.Hidden == width) is { } one
                ? $"{TextTable.Number(one.UpdatesPerSecond, "F1")} ({TextTable.Number(100 * one.ShareOfPeak, "F0")} %)"
                : "")]);
        }

        table.Write(context);
    }

    private static string Line(ShapeResult result) => FormattableString.Invariant(
        $"{result.Cell.Agent}, state {result.Cell.Shape.State}, hidden {result.Cell.Shape.Hidden}, batch {result.Cell.Shape.Batch}: {result.UpdatesPerSecond:F1} updates/s, {result.ShareOfPeak:P1} of peak");

    private static JsonObject ToJson(ShapeResult result) => new()
    {
        ["agent"] = result.Cell.Agent,
        ["state"] = result.Cell.Shape.State,
        ["action"] = result.Cell.Shape.Action,
        ["hidden"] = result.Cell.Shape.Hidden,
        ["batch"] = result.Cell.Shape.Batch,
        ["threads"] = result.Cell.Threads,
        ["updates_per_second"] = BenchJson.Round(result.UpdatesPerSecond),
        ["gflop_per_update"] = BenchJson.Round(result.GigaFlop),
        ["share_of_peak"] = BenchJson.Round(result.ShareOfPeak),
    };
}
