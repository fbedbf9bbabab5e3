using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Ofql.Cli.Rendering;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql reproduce speed</c>.</summary>
internal static class ReproduceSpeedCommand
{
    public static Command Build(CommandContext context)
    {
        var options = new BenchOptionSet();
        var rows = BenchOptionSet.Size("--act-batch", "States of a batch of actions", PaperAnchors.ActBatch);
        var json = CommonOptions.Json();
        var command = new Command("speed", "The paper's costs as ratios: updates and actions of OFQL against Diffusion-QL and flow matching in 5 steps.") { rows, json };
        options.AddTo(command);
        command.SetAction(parsed => Run(context with { Json = parsed.GetValue(json) }, options.Read(parsed), BenchOptionSet.Checked("--act-batch", parsed.GetValue(rows), 1)));
        return command.WithExamples("ofql reproduce speed", "ofql reproduce speed --rounds 9 --seconds 3 --json", "ofql reproduce speed --embedding 64");
    }

    private static int Run(CommandContext context, BenchOptions options, int actRows)
    {
        using var session = new SpeedSession(options, actRows);
        var results = session.Run(context.Messages.WriteLine, context.Cancellation);
        if (context.Json)
            context.WriteJson(ToJson(options, actRows, results, MachineFacts.Here()));
        else
            Write(context, options, actRows, results);
        return 0;
    }

    private static void Write(CommandContext context, BenchOptions options, int actRows, IReadOnlyList<SpeedResult> results)
    {
        var shape = options.Shape;
        context.Out.WriteLine();
        context.Out.WriteLine($"State {shape.State}, action {shape.Action}, batch {shape.Batch}, {shape.Layers} x {shape.Hidden}, embedding {shape.Embedding}; medians of rounds: {options.Rounds}. x: times OFQL's cost.");
        context.Out.WriteLine("Updates:");
        var ofql = results[0].Arm;
        var updates = new TextTable("algorithm", "threads", "updates/s", "x", "h per 1M", "paper", "x");
        var acts = new TextTable("algorithm", "threads", "batches/s", "x", "paper", "x", "of peak", "us each", "x");
        foreach (var result in results)
        {
            var threads = result.Threads.ToString(CultureInfo.InvariantCulture);
            updates.Add(
                result.Arm.Name, threads, TextTable.Number(result.UpdatesPerSecond, "F1"), TextTable.Number(result.UpdateRatio), TextTable.Number(Hours(result)),
                TextTable.Number(result.Arm.PaperHours, "F1"), TextTable.Number(result.Arm.PaperHours / ofql.PaperHours));
            acts.Add(
                result.Arm.Name, threads, TextTable.Number(result.ActBatchesPerSecond, "F1"), TextTable.Number(result.ActBatchRatio),
                TextTable.Number(result.Arm.PaperActBatches, "F1"), TextTable.Number(ofql.PaperActBatches / result.Arm.PaperActBatches),
                result.ActBatchShare is { } share ? TextTable.Number(100 * share, "F1") + " %" : "",
                TextTable.Number(result.ActMicroseconds), TextTable.Number(result.ActRatio));
        }

        updates.Write(context);
        context.Out.WriteLine($"Actions, in batches of {actRows} (one sample per state, none chosen among candidates), and for one state (us each):");
        acts.Write(context);
        context.Out.WriteLine($"The paper's: {PaperAnchors.Source}, figure 3, on an {PaperAnchors.Device}, batches of {PaperAnchors.ActBatch}.");
    }

    private static double Hours(SpeedResult result) => 1e6 / result.UpdatesPerSecond / 3600;

    private static JsonObject ToJson(BenchOptions options, int actRows, IReadOnlyList<SpeedResult> results, MachineFacts machine) => new()
    {
        ["results"] = new JsonArray(results.Select(result => (JsonNode)new JsonObject
        {
            ["algorithm"] = result.Arm.Name,
            ["threads"] = result.Threads,
            ["updates_per_second"] = BenchJson.Round(result.UpdatesPerSecond),
            ["update_cost_over_ofql"] = BenchJson.Round(result.UpdateRatio),
            ["hours_per_million_updates"] = BenchJson.Round(Hours(result)),
            ["act_batches_per_second"] = BenchJson.Round(result.ActBatchesPerSecond),
            ["act_batch_cost_over_ofql"] = BenchJson.Round(result.ActBatchRatio),
            ["act_batch_share_of_peak"] = result.ActBatchShare is { } share ? BenchJson.Round(share) : null,
            ["act_microseconds"] = result.ActMicroseconds is { } time ? BenchJson.Round(time) : null,
            ["act_cost_over_ofql"] = result.ActRatio is { } ratio ? BenchJson.Round(ratio) : null,
        }).ToArray()),
        ["act_batch"] = actRows,
        ["shape"] = BenchJson.Of(options.Shape),
        ["rounds"] = options.Rounds,
        ["seconds"] = options.Seconds,
        ["dataset_rows"] = options.Rows,
        ["machine"] = BenchJson.Of(machine),
        ["anchors"] = BenchJson.Anchors(),
    };
}
