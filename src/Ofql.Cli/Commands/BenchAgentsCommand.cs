using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Ofql.Cli.Configuration;
using Ofql.Cli.Rendering;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql bench agents</c>.</summary>
internal static class BenchAgentsCommand
{
    public static Command Build(CommandContext context)
    {
        var names = new Argument<string[]>("agent") { Description = "Algorithms (default: all whose updates are matrix products)", Arity = ArgumentArity.ZeroOrMore };
        var set = new Option<string[]>("--set") { Description = "Set one option of those that have it, such as hidden_width=128; may be repeated", HelpName = "key=value" };
        var state = BenchOptionSet.Size("--state", "Size of a state", new BenchShape().State);
        var action = BenchOptionSet.Size("--action", "Size of an action", new BenchShape().Action);
        var candidates = BenchOptionSet.Size("--candidates", "Candidates that the critics choose among", 50);
        var rounds = BenchOptionSet.Size("--rounds", "Rounds of an algorithm; results are medians over them", 3);
        var seconds = new Option<double>("--seconds") { Description = "Time per measurement", HelpName = "number", DefaultValueFactory = _ => 0.5 };
        var profile = new Option<bool>("--profile") { Description = "Also show where the time of an update goes" };
        var json = CommonOptions.Json();
        var command = new Command("agents", "Updates, shares of the peak and times per action of the algorithms at their defaults, on one thread.")
        {
            names, set, state, action, candidates, rounds, seconds, profile, json,
        };
        command.SetAction(parsed =>
        {
            var options = new BenchOptions
            {
                Shape = new BenchShape { State = parsed.GetValue(state), Action = parsed.GetValue(action) },
                Rounds = parsed.GetValue(rounds),
                Seconds = parsed.GetValue(seconds),
                Threads = 1,
            }.Checked();
            var session = new AgentsSession(options, Assignments(parsed.GetValue(set) ?? []), BenchOptionSet.Checked("--candidates", parsed.GetValue(candidates), 2), parsed.GetValue(profile));
            return Run(context with { Json = parsed.GetValue(json) }, options, session, parsed.GetValue(candidates), parsed.GetValue(names) is { Length: > 0 } given ? given : AgentsSession.Agents);
        });
        return command.WithExamples("ofql bench agents", "ofql bench agents idql --set hidden_width=128 --state 3 --action 1 --profile", "ofql bench agents ofql dql --json");
    }

    // As `ofql train` names them, too.
    private static Dictionary<string, string> Assignments(string[] texts) => ConfigurationLayer.OfAssignments(texts, "hidden_width=128").Values.ToDictionary(
        pair => ConfigurationSchema.IsAgentOption(pair.Key) ? pair.Key[ConfigurationSchema.AgentPrefix.Length..] : pair.Key, pair => pair.Value.Text);

    private static int Run(CommandContext context, BenchOptions options, AgentsSession session, int candidates, IReadOnlyList<string> names)
    {
        var costs = session.Run(names, context.Messages.WriteLine, context.Cancellation);
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["agents"] = new JsonArray(costs.Select(cost => (JsonNode)ToJson(cost)).ToArray()),
                ["state"] = options.Shape.State,
                ["action"] = options.Shape.Action,
                ["candidates"] = candidates,
                ["rounds"] = options.Rounds,
                ["seconds"] = options.Seconds,
                ["machine"] = BenchJson.Of(MachineFacts.Here()),
            });
            return 0;
        }

        context.Out.WriteLine();
        context.Out.WriteLine($"State {options.Shape.State}, action {options.Shape.Action}, one thread; work is what was executed, of unpadded shapes.");
        var table = new TextTable("agent", "updates/s", "GFLOP each", "of peak", "us per action", $"us, best of {candidates}", "bytes per update");
        foreach (var cost in costs)
        {
            table.Add(
                cost.Agent, TextTable.Number(cost.UpdatesPerSecond, "F1"), TextTable.Number(cost.GigaFlop), TextTable.Number(100 * cost.ShareOfPeak, "F1") + " %",
                TextTable.Number(cost.ActMicroseconds), cost.CandidatesMicroseconds is { } many ? TextTable.Number(many, "F1") : "", cost.BytesPerUpdate.ToString("F0", CultureInfo.InvariantCulture));
        }

        table.Write(context);
        foreach (var cost in costs.Where(cost => cost.Instructions.Count > 0))
        {
            context.Out.WriteLine();
            context.Out.WriteLine(cost.Agent);
            ProfileTable.Write(context, cost.Instructions, cost.PeakGflops);
        }

        return 0;
    }

    private static JsonObject ToJson(AgentCost cost)
    {
        var json = new JsonObject
        {
            ["agent"] = cost.Agent,
            ["updates_per_second"] = BenchJson.Round(cost.UpdatesPerSecond),
            ["gflop_per_update"] = BenchJson.Round(cost.GigaFlop),
            ["share_of_peak"] = BenchJson.Round(cost.ShareOfPeak),
            ["act_microseconds"] = BenchJson.Round(cost.ActMicroseconds),
            ["candidates_microseconds"] = cost.CandidatesMicroseconds is { } many ? BenchJson.Round(many) : null,
            ["bytes_per_update"] = BenchJson.Round(cost.BytesPerUpdate),
        };
        if (cost.Instructions.Count > 0)
            json["profile"] = BenchJson.Of(InstructionGroup.Of(cost.Instructions));
        return json;
    }
}
