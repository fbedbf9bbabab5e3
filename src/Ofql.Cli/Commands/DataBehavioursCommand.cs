using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Cli.Configuration;
using Ofql.Cli.Runs;
using Ofql.Formats.Files;
using Ofql.Formats.Policies;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql data behaviours</c>.</summary>
internal static class DataBehavioursCommand
{
    // In the order of trust: what is scored online is the policy without noise.
    private static readonly string[] ReturnNames = ["zero_noise/return", "policy/return"];

    public static Command Build(CommandContext context)
    {
        var run = new Argument<string>("run") { Description = "Online run with snapshots (ofql train --snapshots-every)" };
        var medium = new Option<long>("--medium") { Description = "Step of the medium policy", HelpName = "step", Required = true };
        var expert = new Option<long?>("--expert") { Description = "Step of the expert (default: none, and no data of an expert)", HelpName = "step" };
        var every = new Option<long?>("--replay-every") { Description = "Steps between the snapshots that stand for the run up to medium (default: every snapshot)", HelpName = "count" };
        var output = new Option<string>("--output", "-o") { Description = "File to write", HelpName = "file", Required = true };
        var runs = CommonOptions.Runs();
        var json = CommonOptions.Json();
        var command = new Command("behaviours", "Pack the snapshots of an online run as behaviour policies, to generate data with.") { run, medium, expert, every, output, runs, json };
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) }, parsed.GetValue(run)!, parsed.GetValue(medium), parsed.GetValue(expert), parsed.GetValue(every), parsed.GetValue(output)!, parsed.GetValue(runs)!));
        return command.WithExamples("ofql data behaviours hopper-v2-sac-seed0 --medium 300000 --expert 1000000 --replay-every 20000 -o hopper-v2.safetensors");
    }

    private static int Run(CommandContext context, string name, long medium, long? expert, long? every, string output, string runs)
    {
        if (every is < 1)
            throw new UsageException($"--replay-every is {every}; expected 1 or more.");
        CommonOptions.RequireEnding("--output", output, ".safetensors");
        CommonOptions.RequireNoRunsFile("--output", output);
        AtomicFile.RequireWritable(output);
        var folder = RunFolder.Open(RunLocator.RequireSingle(RunLocator.Get(name, runs)));
        var configuration = new ConfigurationResolver(context.Catalog).Resolve(new ConfigurationRequest { Saved = RunLocator.ReadConfiguration(folder.FolderPath) });
        if (!configuration.IsOnline)
            throw new UsageException($"'{folder.FolderPath}' is not an online run: its policies collected nothing. Train one with: ofql train --agent sac --env name --snapshots-every count.");
        // What is written of the policies into D4RL's files is the layout of its networks.
        if (configuration.AgentName != "sac")
            throw new UsageException($"'{folder.FolderPath}' was trained by '{configuration.AgentName}': D4RL's behaviours are Soft Actor-Critic's, expected a run of 'sac'.");
        var snapshots = folder.SnapshotSteps();
        var replay = snapshots.Where(step => step <= medium && (step == medium || step % (every ?? 1) == 0)).ToList();
        foreach (var (option, wanted) in ((string, long?)[])[("--medium", medium), ("--expert", expert)])
        {
            if (wanted is { } step && !snapshots.Contains(step))
                throw new UsageException($"{option}: '{folder.FolderPath}' has no snapshot of step {step}. It has: {(snapshots.Count == 0 ? "none" : string.Join(", ", snapshots))}.");
        }

        var evaluations = new EvaluationTable(folder);
        double ReturnAt(long step) => evaluations.Rows.Where(row => row.Step == step).SelectMany(row => ReturnNames.Select(row.Find)).OfType<double>().FirstOrDefault(double.NaN);
        var manifest = RunManifest.Open(folder);
        var set = new BehaviourSet
        {
            Environment = configuration.Text("environment"),
            Medium = medium,
            Expert = expert,
            Replay = replay,
            StartSteps = configuration.Integer("online.start_steps"),
            Training = new Dictionary<string, string>
            {
                ["agent"] = configuration.AgentName,
                ["seed"] = manifest.Seed.ToString(CultureInfo.InvariantCulture),
                ["command"] = manifest.Sessions[0].CommandLine,
            },
            Policies = replay.Concat(expert is { } best ? [best] : Array.Empty<long>()).Distinct().Order()
                .Select(step => new BehaviourPolicy(step, ReturnAt(step), PolicyFile.Open(folder.SnapshotPath(step)))).ToList(),
        };
        BehaviourFile.Save(set, output);
        Write(context, set, output);
        return 0;
    }

    private static string Scored(BehaviourPolicy policy) =>
        double.IsNaN(policy.Return) ? "not evaluated" : string.Create(CultureInfo.InvariantCulture, $"return {policy.Return:F1}");

    private static void Write(CommandContext context, BehaviourSet set, string output)
    {
        var bytes = new FileInfo(output).Length;
        if (context.Json)
        {
            context.WriteJson(new JsonObject { ["file"] = output, ["bytes"] = bytes, ["environment"] = set.Environment, ["policies"] = set.Policies.Count, ["replay"] = set.Replay.Count });
            return;
        }

        context.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{output}: {set.Policies.Count} policies of {set.Environment}, {bytes / 1e6:F2} MB; medium {set.Medium} ({Scored(set.At(set.Medium))}), {(set.Expert is { } best ? $"expert {best} ({Scored(set.At(best))})" : "no expert")}, {set.Replay.Count} for the replay"));
    }
}
