using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Bench;

/// <summary>The result as JSON.</summary>
internal static class BenchJson
{
    public static JsonObject Of(BenchResult result, MachineFacts machine)
    {
        // These three keys come first and are always there; others may be added.
        var json = new JsonObject { ["one_thread"] = Threads(result, 1), ["two_threads"] = Threads(result, 2) };
        json["act_microseconds"] = new JsonObject { ["median"] = Round(result.Act.MedianMicroseconds), ["p99"] = Round(result.Act.P99Microseconds) };
        foreach (var one in result.Threads.Where(one => one.Threads > 2))
            json[FormattableString.Invariant($"threads_{one.Threads}")] = Threads(result, one.Threads);
        json["bytes_per_action"] = result.Act.BytesPerAction;
        json["act_calls"] = result.Act.Calls;
        json["gflop_per_update"] = Round(result.Work.GigaFlop);
        json["shape"] = Of(result.Options.Shape);
        json["rounds"] = result.Options.Rounds;
        json["seconds"] = result.Options.Seconds;
        json["dataset_rows"] = result.Options.Rows;
        json["machine"] = Of(machine);
        json["product_share_of_peak"] = Round(result.Tile.Product);
        json["weight_gradient_share_of_peak"] = Round(result.Tile.Gradient);
        json["anchors"] = Anchors();
        return json;
    }

    /// <summary>What the paper says.</summary>
    public static JsonObject Anchors() => new()
    {
        ["source"] = PaperAnchors.Source,
        ["device"] = PaperAnchors.Device,
        ["ofql_hours_per_million_updates"] = PaperAnchors.OfqlHours,
        ["ofql_updates_per_second"] = Round(PaperAnchors.OfqlUpdatesPerSecond),
        ["dql_hours_per_million_updates"] = PaperAnchors.DqlHours,
        ["dql_update_cost_over_ofql"] = Round(PaperAnchors.UpdateRatio),
        ["act_batch"] = PaperAnchors.ActBatch,
        ["ofql_act_batches_per_second"] = PaperAnchors.OfqlActBatches,
        ["dql_act_batches_per_second"] = PaperAnchors.DqlActBatches,
        ["dql_act_batch_cost_over_ofql"] = Round(PaperAnchors.ActBatchRatio),
    };

    /// <summary>Where it was measured.</summary>
    public static JsonObject Of(MachineFacts machine) => new()
    {
        ["library"] = machine.Library, ["runtime"] = machine.Runtime, ["operating_system"] = machine.OperatingSystem,
        ["processor"] = machine.Processor, ["cores"] = machine.Cores, ["vector_bits"] = machine.VectorBits,
    };

    /// <summary>The instruction table.</summary>
    public static JsonArray Of(IReadOnlyList<InstructionGroup> groups) => new(groups.Select(group => (JsonNode)new JsonObject
    {
        ["instruction"] = group.Instruction, ["kind"] = group.Kind, ["count"] = group.Count,
        ["microseconds"] = Round(group.Microseconds), ["share"] = Round(group.Share), ["largest"] = group.Largest,
    }).ToArray());

    private static JsonObject? Threads(BenchResult result, int threads) =>
        result.Threads.FirstOrDefault(one => one.Threads == threads) is not { } found ? null : new JsonObject
        {
            ["peak_gflops"] = Round(found.PeakGflops),
            ["updates_per_second"] = Round(found.UpdatesPerSecond),
            ["share_of_peak"] = Round(found.ShareOfPeak),
            ["best_updates_per_second"] = Round(found.BestUpdatesPerSecond),
            ["hours_per_million_updates"] = Round(found.HoursPerMillion),
            ["times_the_papers_rate"] = Round(found.TimesPaper),
            ["bytes_per_update"] = found.BytesPerUpdate,
        };

    /// <summary>The sizes.</summary>
    public static JsonObject Of(BenchShape shape) => new()
    {
        ["state"] = shape.State, ["action"] = shape.Action, ["batch"] = shape.Batch,
        ["hidden"] = shape.Hidden, ["layers"] = shape.Layers, ["embedding"] = shape.Embedding,
    };

    /// <summary>Digits beyond the sixth are noise.</summary>
    public static JsonNode? Round(double value) =>
        CommandContext.Number(double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
}

/// <summary>What the paper says of its own speed: training time of one run of a million updates, batches of 2,500 actions per second (its figure 3).</summary>
internal static class PaperAnchors
{
    public const string Source = "arXiv 2508.13904";
    public const string Device = "NVIDIA A100";
    public const double OfqlHours = 6.3;
    public const double DqlHours = 11.7;
    public const double OfqlActBatches = 846.5;
    public const double DqlActBatches = 238.7;
    public const int ActBatch = 2500;

    public const double UpdateRatio = DqlHours / OfqlHours;
    public const double ActBatchRatio = OfqlActBatches / DqlActBatches;

    public static double OfqlUpdatesPerSecond => 1e6 / (OfqlHours * 3600);
}
