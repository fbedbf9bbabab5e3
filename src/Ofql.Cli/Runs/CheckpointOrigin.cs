using Ofql.Cli.Composition;
using Ofql.Cli.Configuration;
using Ofql.Environments;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Runs;

/// <summary>The checkpoint that an online run begins from, with what its own run was made with.</summary>
internal sealed record CheckpointOrigin(string Checkpoint, CheckpointFacts Facts, ResolvedConfiguration Run, string? DataFingerprint)
{
    // Networks and critics have learned behind these: with others they would be wrong.
    private static readonly string[] Transforms = ["normalize_states", "state_epsilon", "normalize_rewards", "reward_shift", "reward_scale", "action_limit", "unbounded_scale"];

    /// <summary>The path that a name stands for: a checkpoint file, a run, or the folder of several seeds.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static string Locate(string name, string runs) => File.Exists(name) ? name : RunLocator.Get(name, runs);

    /// <summary>The folder of the run that wrote the checkpoint; of the first seed where there are several.</summary>
    /// <exception cref="UsageException">A checkpoint that lies in no run.</exception>
    public static string RunOf(string path)
    {
        if (!File.Exists(path))
            return RunFolder.Exists(path) ? path : RunLocator.SeedFolders(path) is [var first, ..] ? first : throw NoRun(path);
        var folder = Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(path)));
        return folder is not null && RunFolder.Exists(folder) ? folder : throw NoRun(path);
    }

    /// <summary>The checkpoint itself, or the newest of the run; of the same seed where there are several.</summary>
    /// <exception cref="UsageException">There is no such run.</exception>
    /// <exception cref="OfqlException">It has no checkpoint, or one that cannot be read.</exception>
    public static CheckpointOrigin Open(string path, ulong seed, Catalog catalog)
    {
        var isGroup = Directory.Exists(path) && !RunFolder.Exists(path);
        var folder = isGroup ? RunLocator.SeedFolder(path, seed) : RunOf(path);
        if (isGroup && !RunFolder.Exists(folder))
        {
            throw new UsageException(
                $"'{path}' has no run of seed {seed}; expected one of {string.Join(", ", RunLocator.SeedFolders(path).Select(Path.GetFileName))}. "
                + "To begin several seeds from one checkpoint, name that run with --from.");
        }

        var run = RunFolder.Open(folder);
        var checkpoints = new CheckpointFolder(run.CheckpointsPath, keep: 1, _ => { });
        var checkpoint = File.Exists(path) ? path : checkpoints.Steps() is [var newest, ..] ? checkpoints.PathOf(newest) : throw new OfqlException(
            $"The run '{folder}' has no checkpoint to go on from. Continue it first, with: ofql train --resume {Program.Quote(folder)}");
        var configuration = new ConfigurationResolver(catalog).Resolve(new ConfigurationRequest { Saved = RunLocator.ReadConfiguration(folder) });
        var data = File.Exists(run.ManifestPath) ? RunManifest.Open(run).DataFingerprint : null;
        return new CheckpointOrigin(checkpoint, CheckpointFile.Facts(checkpoint), configuration, data);
    }

    /// <summary>What the manifest of the new run says of it.</summary>
    public RunOrigin Record(ResolvedConfiguration now) => new(
        Checkpoint, Facts.Step, Facts.Fingerprint, DataFingerprint ?? "unknown", now.HasData ? now.Number("online.recorded_share") : 0);

    /// <summary>Refuses a configuration in which the agent of the checkpoint could not go on.</summary>
    /// <exception cref="UsageException">Another agent, or other transforms of its data.</exception>
    /// <exception cref="OfqlException">An environment of other spaces.</exception>
    public void RequireFit(ResolvedConfiguration now, Catalog catalog)
    {
        // What such a run has collected is part of what it is.
        if (Run.IsOnline)
            throw new UsageException($"'{Checkpoint}' belongs to a run that has learned online itself. Continue that one for longer, with: ofql train --resume RUN --online-steps STEPS");
        if (now.AgentName != Run.AgentName)
            throw new UsageException($"'{Checkpoint}' is a checkpoint of the agent '{Run.AgentName}'; it cannot go on as '{now.AgentName}'. Leave --agent out.");
        foreach (var key in Transforms.Select(name => ConfigurationSchema.AgentPrefix + name))
        {
            var (before, wanted) = (Run.Find(key), now.Find(key));
            if (before != wanted)
                throw new UsageException($"{key} is '{wanted}'; expected '{before}', as in the run of '{Checkpoint}': it has learned behind that transform. Leave the option out.");
        }

        if (now.Find("agent.learning_rate_decay") is not (null or "none"))
            throw new UsageException($"agent.learning_rate_decay is '{now.Find("agent.learning_rate_decay")}'; expected none: a course over the {now.Integer("training.updates")} offline updates has ended where learning online begins.");
        RequireSpaces(catalog.Environment(now.Text("environment")).Specification, catalog);
    }

    private void RequireSpaces(EnvironmentSpecification wanted, Catalog catalog)
    {
        var name = Run.Text("environment");
        var before = name.Length > 0 ? catalog.Environment(name).Specification : null;
        if (before is not null && (before.StateSize != wanted.StateSize || before.ActionSize != wanted.ActionSize))
        {
            throw new OfqlException(
                $"'{Checkpoint}' was trained for {before.Name}, with states of {before.StateSize} and actions of {before.ActionSize} numbers; {wanted.Name} has "
                + $"{wanted.StateSize} and {wanted.ActionSize}. Name an environment with the same spaces with --env.");
        }

        var (low, high) = before is not null ? (before.Actions.Low, before.Actions.High) : Uniform(wanted.ActionSize);
        for (var i = 0; i < wanted.ActionSize; i++)
        {
            if (low[i] == wanted.Actions.Low[i] && high[i] == wanted.Actions.High[i])
                continue;
            throw new OfqlException(FormattableString.Invariant(
                $"'{Checkpoint}' was trained for actions from {low[i]} to {high[i]} (entry {i}); {wanted.Name} takes {wanted.Actions.Low[i]} to {wanted.Actions.High[i]}. Name an environment with the same spaces with --env."));
        }
    }

    private (float[] Low, float[] High) Uniform(int size)
    {
        var space = ActionRange.Of(Run, size);
        return (space.Low, space.High);
    }

    private static UsageException NoRun(string path) => new(
        $"'{path}' lies in no run: a checkpoint is found with the configuration of its run, as runs/<name>/checkpoints/step-....safetensors. "
        + "Name a run or a checkpoint within one with --from.");
}
