using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Ofql.Cli.Rendering;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql bench act</c>.</summary>
internal static class BenchActCommand
{
    public static Command Build(CommandContext context)
    {
        var options = new BenchOptionSet();
        var candidates = BenchOptionSet.Size("--candidates", "Candidates that the critics choose among", 50);
        var rows = BenchOptionSet.Size("--act-batch", "States of a batch", 1024);
        var json = CommonOptions.Json();
        var command = new Command("act", "How long acting takes: one state, the best of many candidates, a batch; OFQL, Diffusion-QL and flow matching in 5 steps.") { candidates, rows, json };
        options.AddTo(command);
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) },
            options.Read(parsed),
            BenchOptionSet.Checked("--candidates", parsed.GetValue(candidates), 2),
            BenchOptionSet.Checked("--act-batch", parsed.GetValue(rows), 1)));
        return command.WithExamples("ofql bench act", "ofql bench act --embedding 64 --json");
    }

    private static int Run(CommandContext context, BenchOptions options, int candidates, int rows)
    {
        using var session = new ActSession(options, candidates, rows);
        var results = session.Run(context.Messages.WriteLine, context.Cancellation);
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["results"] = new JsonArray(results.Select(result => (JsonNode)ToJson(result)).ToArray()),
                ["candidates"] = candidates,
                ["act_batch"] = rows,
                ["gflop_per_batch"] = BenchJson.Round(session.GigaFlop),
                ["shape"] = BenchJson.Of(options.Shape),
                ["rounds"] = options.Rounds,
                ["machine"] = BenchJson.Of(MachineFacts.Here()),
            });
            return 0;
        }

        var shape = options.Shape;
        context.Out.WriteLine();
        context.Out.WriteLine($"State {shape.State}, action {shape.Action}, {shape.Layers} x {shape.Hidden}, embedding {shape.Embedding}; one thread, medians of rounds: {options.Rounds}. x: times OFQL's cost.");
        var table = new TextTable("algorithm", "us each", "x", "99th", "x", "half weights", "99th", $"us, best of {candidates}", "x", "on 2 threads", $"batches of {rows} per s", "x", "of peak", "bytes");
        foreach (var result in results)
        {
            table.Add(
                result.Arm.Name, TextTable.Number(result.OneMedian), TextTable.Number(result.Cost.One), TextTable.Number(result.OneP99), TextTable.Number(result.Cost.OneP99),
                TextTable.Number(result.HalfMedian), TextTable.Number(result.HalfP99),
                TextTable.Number(result.CandidatesMedian, "F1"), TextTable.Number(result.Cost.Candidates),
                TextTable.Number(result.SharedMedian, "F1"),
                TextTable.Number(result.BatchPerSecond, "F1"), TextTable.Number(result.Cost.Batch),
                result.BatchShare is { } share ? TextTable.Number(100 * share, "F1") + " %" : "", TextTable.Number(result.Bytes, "F0"));
        }

        table.Write(context);
        return 0;
    }

    private static JsonObject ToJson(ActingResult result) => new()
    {
        ["algorithm"] = result.Arm.Name,
        ["act_microseconds"] = new JsonObject { ["median"] = BenchJson.Round(result.OneMedian), ["p99"] = BenchJson.Round(result.OneP99) },
        ["act_half_weights_microseconds"] = new JsonObject { ["median"] = BenchJson.Round(result.HalfMedian), ["p99"] = BenchJson.Round(result.HalfP99) },
        ["act_cost_over_ofql"] = BenchJson.Round(result.Cost.One),
        ["act_p99_over_ofql"] = BenchJson.Round(result.Cost.OneP99),
        ["bytes_per_call"] = result.Bytes,
        ["candidates_microseconds"] = BenchJson.Round(result.CandidatesMedian),
        ["candidates_microseconds_two_threads"] = BenchJson.Round(result.SharedMedian),
        ["candidates_cost_over_ofql"] = BenchJson.Round(result.Cost.Candidates),
        ["act_batches_per_second"] = BenchJson.Round(result.BatchPerSecond),
        ["act_batch_cost_over_ofql"] = BenchJson.Round(result.Cost.Batch),
        ["act_batch_share_of_peak"] = result.BatchShare is { } share ? BenchJson.Round(share) : null,
    };
}
