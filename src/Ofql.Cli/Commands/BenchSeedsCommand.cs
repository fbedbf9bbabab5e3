using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql bench seeds</c>.</summary>
internal static class BenchSeedsCommand
{
    public static Command Build(CommandContext context)
    {
        var options = new BenchOptionSet();
        var json = CommonOptions.Json();
        var command = new Command("seeds", "Updates of several seeds at once, one thread each, against those of one alone.") { json };
        options.AddTo(command);
        command.SetAction(parsed => Run(context with { Json = parsed.GetValue(json) }, options.Read(parsed)));
        return command.WithExamples("ofql bench seeds", "ofql bench seeds --threads 2 --seconds 3 --rounds 9");
    }

    private static int Run(CommandContext context, BenchOptions options)
    {
        if (options.Threads < 2)
            throw new UsageException($"--threads {options.Threads}: expected 2 or more, one for each seed.");
        using var session = new SeedsSession(options);
        var result = session.Run(context.Messages.WriteLine, context.Cancellation);
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["seeds"] = result.Seeds,
                ["updates_per_second_alone"] = BenchJson.Round(result.AloneRate),
                ["updates_per_second_together"] = BenchJson.Round(result.TotalRate),
                ["together_over_alone"] = BenchJson.Round(result.Ratio),
                ["shape"] = BenchJson.Of(options.Shape),
                ["rounds"] = options.Rounds,
                ["machine"] = BenchJson.Of(MachineFacts.Here()),
            });
            return 0;
        }

        context.Out.WriteLine();
        context.Out.WriteLine(FormattableString.Invariant($"One seed alone: {result.AloneRate:F1} updates/s. {result.Seeds} at once, one thread each: {result.TotalRate:F1}, {result.Ratio:F2} times that (medians of rounds: {options.Rounds})."));
        return 0;
    }
}
