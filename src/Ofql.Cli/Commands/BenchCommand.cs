using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Ofql.Cli.Rendering;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql bench</c>.</summary>
internal static class BenchCommand
{
    public static Command Build(CommandContext context)
    {
        var options = new BenchOptionSet();
        var profile = new Option<bool>("--profile") { Description = "Also show where the time of an update goes, on one thread" };
        var serve = new Option<string?>("--serve") { Description = "Measure this algorithm on request, by lines on the input", HelpName = "name", Hidden = true };
        var json = CommonOptions.Json();
        var command = new Command("bench", "Measure this machine: updates per second, share of its peak, time per action.")
        {
            profile, serve, json, BenchActCommand.Build(context), BenchShapesCommand.Build(context), BenchAgentsCommand.Build(context), BenchRowsCommand.Build(context), BenchPolicyCommand.Build(context), BenchSeedsCommand.Build(context),
        };
        options.AddTo(command);
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) },
            options.Read(parsed),
            parsed.GetValue(profile),
            parsed.GetValue(serve)));
        return command.WithExamples("ofql bench", "ofql bench --threads 1 --json", "ofql bench --rounds 1 --profile");
    }

    private static int Run(CommandContext context, BenchOptions options, bool profile, string? serve)
    {
        using var session = new BenchSession(options, serve ?? "ofql");
        if (serve is not null)
        {
            BenchServer.Serve(session, context.Input, context.Out, context.Cancellation);
            return 0;
        }

        var result = session.Run(context.Messages.WriteLine, context.Cancellation);
        var timings = profile ? session.Profile() : null;
        if (context.Json)
        {
            var json = BenchJson.Of(result, MachineFacts.Here());
            if (timings is not null)
                json["profile"] = BenchJson.Of(InstructionGroup.Of(timings));
            context.WriteJson(json);
            return 0;
        }

        Write(context, result);
        if (timings is not null)
            ProfileTable.Write(context, timings, result.Threads[0].PeakGflops);
        return 0;
    }

    private static void Write(CommandContext context, BenchResult result)
    {
        var shape = result.Options.Shape;
        context.Out.WriteLine();
        context.Out.WriteLine($"One OFQL update: state {shape.State}, action {shape.Action}, batch {shape.Batch}, {shape.Layers} x {shape.Hidden}, embedding {shape.Embedding}: "
            + $"{TextTable.Number(result.Work.GigaFlop)} GFLOP.");
        var table = new TextTable("threads", "updates/s", "best", "peak GFLOP/s", "of peak", "h per 1M", "x paper", "bytes");
        foreach (var one in result.Threads)
        {
            table.Add(
                one.Threads.ToString(CultureInfo.InvariantCulture), TextTable.Number(one.UpdatesPerSecond, "F1"), TextTable.Number(one.BestUpdatesPerSecond, "F1"),
                TextTable.Number(one.PeakGflops, "F0"), TextTable.Number(100 * one.ShareOfPeak, "F1") + " %", TextTable.Number(one.HoursPerMillion), TextTable.Number(one.TimesPaper), TextTable.Number(one.BytesPerUpdate, "F0"));
        }

        table.Write(context);
        context.Out.WriteLine($"One action: median {TextTable.Number(result.Act.MedianMicroseconds)} us, 99th percentile {TextTable.Number(result.Act.P99Microseconds)} us, "
            + $"{TextTable.Number(result.Act.BytesPerAction, "F0")} bytes ({result.Act.Calls} calls).");
        context.Out.WriteLine($"By themselves on one thread, 256 x 256 x 256: a product at {TextTable.Number(100 * result.Tile.Product, "F1")} % of the peak, a weight gradient at {TextTable.Number(100 * result.Tile.Gradient, "F1")} %.");
        context.Out.WriteLine($"For comparison, {PaperAnchors.Source} on an {PaperAnchors.Device}: OFQL {TextTable.Number(PaperAnchors.OfqlHours, "F1")} h per million updates "
            + $"({TextTable.Number(PaperAnchors.OfqlUpdatesPerSecond, "F0")} updates/s), Diffusion-QL {TextTable.Number(PaperAnchors.DqlHours, "F1")} h, {TextTable.Number(PaperAnchors.UpdateRatio)} times that;");
        context.Out.WriteLine($"batches of {PaperAnchors.ActBatch} actions: {TextTable.Number(PaperAnchors.OfqlActBatches, "F1")} and {TextTable.Number(PaperAnchors.DqlActBatches, "F1")} per second, "
            + $"a ratio of {TextTable.Number(PaperAnchors.ActBatchRatio)}. Ours of both: ofql reproduce speed.");
    }
}
