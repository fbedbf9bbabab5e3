using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Ofql.Cli.Rendering;
using Ofql.Cli.Runs;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql bench policy</c>.</summary>
internal static class BenchPolicyCommand
{
    public static Command Build(CommandContext context)
    {
        var policies = new Argument<string[]>("policy") { Description = "Policy files, or folders or names of runs", Arity = ArgumentArity.OneOrMore };
        var candidates = BenchOptionSet.Size("--candidates", "Candidates that the critics choose among", 50);
        var rounds = BenchOptionSet.Size("--rounds", "Rounds; results are medians over them", 3);
        var runs = CommonOptions.Runs();
        var json = CommonOptions.Json();
        var command = new Command("policy", "How long policies take for an action: one state a call, one thread.") { policies, candidates, rounds, runs, json };
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) },
            parsed.GetValue(policies)!,
            BenchOptionSet.Checked("--candidates", parsed.GetValue(candidates), 2),
            BenchOptionSet.Checked("--rounds", parsed.GetValue(rounds), 1),
            new PolicySource(context.Catalog, parsed.GetValue(runs)!)));
        return command.WithExamples("ofql bench policy policy.safetensors", "ofql bench policy first-try second-try --rounds 9 --json");
    }

    private static int Run(CommandContext context, string[] policies, int candidates, int rounds, PolicySource source)
    {
        using var session = new PolicySession(candidates);
        foreach (var name in policies)
        {
            var opened = source.Open(name);
            session.Add(name, opened.Policy.Metadata.GetValueOrDefault("kind", ""), source.ActorsOf(opened));
        }

        var results = session.Run(rounds, context.Messages.WriteLine, context.Cancellation);
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["policies"] = new JsonArray(results.Select(result => (JsonNode)ToJson(result)).ToArray()),
                ["candidates"] = candidates,
                ["rounds"] = rounds,
                ["machine"] = BenchJson.Of(MachineFacts.Here()),
            });
            return 0;
        }

        context.Out.WriteLine();
        var table = new TextTable("policy", "algorithm", "us each", "99th", "half weights", "99th", "change", "largest", $"us, best of {candidates}", "bytes");
        foreach (var result in results)
        {
            table.Add(
                result.Name, result.Kind, TextTable.Number(result.OneMedian), TextTable.Number(result.OneP99),
                TextTable.Number(result.Half.Median), TextTable.Number(result.Half.P99), TextTable.Number(result.Half.Change, "F4"), TextTable.Number(result.Half.LargestChange, "F4"),
                result.CandidatesMedian is { } many ? TextTable.Number(many, "F1") : "", result.Bytes.ToString("F0", CultureInfo.InvariantCulture));
        }

        table.Write(context);
        return 0;
    }

    private static JsonObject ToJson(PolicySpeed result) => new()
    {
        ["policy"] = result.Name,
        ["algorithm"] = result.Kind,
        ["act_microseconds"] = new JsonObject { ["median"] = BenchJson.Round(result.OneMedian), ["p99"] = BenchJson.Round(result.OneP99) },
        ["act_half_weights_microseconds"] = new JsonObject { ["median"] = BenchJson.Round(result.Half.Median), ["p99"] = BenchJson.Round(result.Half.P99) },
        ["half_weights_change"] = new JsonObject { ["root_mean_square"] = BenchJson.Round(result.Half.Change), ["largest"] = BenchJson.Round(result.Half.LargestChange) },
        ["candidates_microseconds"] = result.CandidatesMedian is { } many ? BenchJson.Round(many) : null,
        ["bytes_per_action"] = BenchJson.Round(result.Bytes),
    };
}
