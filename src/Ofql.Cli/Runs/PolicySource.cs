using Ofql.Agents;
using Ofql.Cli.Composition;
using Ofql.Cli.Configuration;
using Ofql.Formats.Policies;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Runs;

/// <summary>A policy with where it came from; the run's configuration if it came from a run.</summary>
internal sealed record OpenedPolicy(PolicyArtefact Policy, string Path, ResolvedConfiguration? Run);

/// <summary>Opens policies by file or by run.</summary>
internal sealed class PolicySource(Catalog catalog, string runs)
{
    /// <exception cref="UsageException">There is none of this name.</exception>
    /// <exception cref="OfqlException">The run has none yet, or it cannot be read.</exception>
    public OpenedPolicy Open(string name)
    {
        if (File.Exists(name))
            return new OpenedPolicy(PolicyFile.Open(name), name, null);
        if (RunLocator.Find(name, runs) is not { } folder)
        {
            if (RunLocator.FolderWithoutRun(name, runs) is { } other)
                throw new UsageException(RunLocator.NotARun(other));
            throw new UsageException(
                $"There is no policy file '{name}' and no run of this name in '{runs}'.{NearestName.Question(name, RunLocator.Names(runs))} Expected the path of a policy (.safetensors), the "
                + "folder of a run or its name; the folder of the runs is given with --runs.");
        }

        var run = RunFolder.Open(RunLocator.RequireSingle(folder));
        if (!File.Exists(run.PolicyPath))
        {
            throw new OfqlException(
                $"The run '{folder}' has no policy yet: none of its checkpoints was reached. Continue it with: ofql train --resume {Program.Quote(folder)}");
        }

        var configuration = new ConfigurationResolver(catalog).Resolve(new ConfigurationRequest { Saved = RunLocator.ReadConfiguration(folder) });
        return new OpenedPolicy(PolicyFile.Open(run.PolicyPath), run.PolicyPath, configuration);
    }

    /// <summary>How actors of a policy are made: by the agent that its kind names.</summary>
    public Func<ActingOptions, int, IActor> ActorsOf(OpenedPolicy opened) =>
        (options, capacity) => AgentCatalog.CreateActor(catalog.Agents, opened.Policy, options, capacity);
}
