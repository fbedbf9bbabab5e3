using System.Globalization;
using Ofql.Agents;
using Ofql.Cli.Commands;
using Ofql.Cli.Composition;
using Ofql.Cli.Configuration;
using Ofql.Formats.Files;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Runs;

/// <summary>Turns the arguments into a plan, or says what is wrong with them before anything is touched.</summary>
internal sealed class TrainPlanner(Catalog catalog)
{
    private const int LongestName = 200;
    private const string SeedKey = "training.seed";

    /// <exception cref="UsageException">Arguments that contradict each other, or name what does not exist.</exception>
    public TrainPlan Plan(TrainArguments arguments)
    {
        if (arguments.Seed is not null && arguments.Seeds is not null)
            throw new UsageException("--seed and --seeds exclude each other: the first is one run, the second several.");
        // Of a file it is what every run's configuration holds; said on the line it is wanted.
        if (arguments.Seeds is not null && SetSeed(arguments) is not null)
            throw new UsageException($"--seeds and --set {SeedKey}=... exclude each other: the first names the seeds of several runs, the second that of one. Leave one of them out.");
        if (arguments.Updates is not null && arguments.Steps is not null && arguments.From is null)
            throw new UsageException($"--updates and {arguments.StepsOption} exclude each other: gradient updates are counted where recorded data is learned from, environment steps where learning is online. Leave one of them out.");
        if (arguments.Threads is < 1)
            throw new UsageException($"--threads is {arguments.Threads}; expected 1 or more.");
        if (arguments.From is null)
            return arguments.Resume ? PlanResume(arguments) : PlanNew(arguments);
        if (arguments.Resume)
            throw new UsageException("--from and --resume exclude each other: the first begins a run from a checkpoint, the second continues one (it knows where it began).");
        if (arguments.Task is not null)
            throw new UsageException($"'{arguments.Task}' and --from exclude each other: with --from the task is that of the run it names. Another environment is named with --env.");
        if (arguments.Updates is not null)
            throw new UsageException("--updates counts offline updates, and --from begins where they end. Give the steps to learn online with --online-steps.");
        return PlanNew(WithSeedsOfOrigin(arguments with { From = CheckpointOrigin.Locate(arguments.From, arguments.Runs) }));
    }

    // Several seeds go on as they are: each from its own checkpoint.
    private static TrainArguments WithSeedsOfOrigin(TrainArguments arguments) =>
        File.Exists(arguments.From) || RunFolder.Exists(arguments.From!) || arguments.Seed is not null || (arguments.Seeds ?? SetSeed(arguments)) is not null
            ? arguments
            : arguments with { Seeds = string.Join(',', RunLocator.ReadSeeds(arguments.From!)) };

    private TrainPlan PlanNew(TrainArguments arguments)
    {
        var configuration = Resolve(arguments, arguments.From is null ? null : Inherited(arguments.From));
        var seeds = SeedsOf(arguments, configuration);
        var isGroup = arguments.Seeds is not null;
        foreach (var seed in configuration.From.Length > 0 ? seeds : [])
            CheckpointOrigin.Open(configuration.From, seed, catalog).RequireFit(configuration, catalog);
        var name = RequireName(arguments.Name) ?? (arguments.From is null ? DefaultName(configuration, isGroup) : OnlineName(arguments, configuration));
        return new TrainPlan(configuration, seeds, isGroup, Path.Combine(arguments.Runs, name), Resume: false);
    }

    // All as in the run before, but for what has come to its end with it.
    private ConfigurationLayer Inherited(string from)
    {
        var layer = RunLocator.ReadConfiguration(CheckpointOrigin.RunOf(from));
        var run = new ConfigurationResolver(catalog).Resolve(new ConfigurationRequest { Saved = layer });
        foreach (var (name, value) in run.Agent.AfterItsCourse(run.AgentOptions).Where(option => run.AgentOptions[option.Key] != option.Value))
            layer.Set(ConfigurationSchema.AgentPrefix + name, value, "--from");
        return layer;
    }

    private TrainPlan PlanResume(TrainArguments arguments)
    {
        var (folder, rest) = FindRun(arguments);
        var seedFolders = RunLocator.SeedFolders(folder);
        var isGroup = !RunFolder.Exists(folder);
        RequireItsSeeds(arguments, folder, isGroup);
        var first = isGroup ? seedFolders[0] : folder;
        var saved = RunLocator.ReadConfiguration(first);
        var before = new ConfigurationResolver(catalog).Resolve(new ConfigurationRequest { Saved = saved });
        var now = Resolve(rest, saved);
        if (isGroup)
            now = now.With("training.seed", before.Text("training.seed"));
        var differences = now.ForbiddenDifferences(before);
        if (differences.Count > 0)
        {
            throw new UsageException(
                $"The run '{folder}' was made with another configuration:{System.Environment.NewLine}  "
                + string.Join(System.Environment.NewLine + "  ", differences) + System.Environment.NewLine
                + "Continuing would not give the result of either. Leave these options out to continue the run as it is, or begin a "
                + "new run with --name. (Allowed to differ: threads, logging, checkpoint and evaluation settings; more updates, unless a schedule such as a cosine runs over their number.)");
        }

        var seeds = !isGroup ? [(ulong)before.Integer("training.seed")]
            : arguments.Seeds is not null ? CommonOptions.ParseSeeds(arguments.Seeds)
            : RunLocator.ReadSeeds(folder);
        return new TrainPlan(now, seeds, isGroup, folder, Resume: true);
    }

    // A run has its seed, and of a group some can be named: what is given otherwise would come to nothing.
    private static void RequireItsSeeds(TrainArguments arguments, string folder, bool isGroup)
    {
        if (!isGroup && arguments.Seeds is { } seeds)
        {
            throw new UsageException(
                $"'{folder}' is a single run, and --seeds {seeds} names several. Leave --seeds out to continue that run, or begin runs of other seeds under a new name: leave --resume out.");
        }

        if (isGroup && (arguments.Seed?.ToString(CultureInfo.InvariantCulture) ?? SetSeed(arguments)) is { } one)
            throw new UsageException($"'{folder}' holds several runs, one for each seed. To continue that of seed {one} alone, name it with --seeds {one}; leave the seed out to continue all.");
    }

    private static string? SetSeed(TrainArguments arguments) =>
        ConfigurationLayer.OfAssignments(arguments.Assignments).Values.TryGetValue(SeedKey, out var seed) ? seed.Text : null;

    // --resume may stand before the task ('--resume maze2d-umaze-v1'): what is no run and is a task is meant as one.
    private (string Folder, TrainArguments Arguments) FindRun(TrainArguments arguments)
    {
        var name = arguments.ResumeName ?? arguments.Name;
        if (name is not null && RunLocator.Find(name, arguments.Runs) is { } found)
        {
            return arguments.ResumeName is null || arguments.Name is null ? (found, arguments) : throw new UsageException(
                $"--resume {arguments.ResumeName} and --name {arguments.Name} exclude each other: a run keeps its name when it is continued. Leave --name out to continue "
                + $"'{found}', or --resume to begin a new run.");
        }

        if (arguments.ResumeName is { } task && arguments.Task is null && catalog.TaskNames.Contains(task))
            return FindRun(arguments with { Task = task, ResumeName = null });
        if (name is not null)
            return (RunLocator.Get(name, arguments.Runs), arguments);
        if (arguments.Task is null && arguments.Data is null && arguments.ConfigurationFile is null && arguments.Environment is null)
        {
            var newest = RunLocator.Newest(arguments.Runs) ?? throw new UsageException(
                $"There is no run in '{arguments.Runs}' to resume. Name it with --resume name, or its folder with --runs.");
            return (newest, arguments);
        }

        var fresh = Resolve(arguments, saved: null);
        return (RunLocator.Get(DefaultName(fresh, arguments.Seeds is not null), arguments.Runs), arguments);
    }

    private ResolvedConfiguration Resolve(TrainArguments arguments, ConfigurationLayer? saved)
    {
        var options = new ConfigurationLayer();
        options.SetGiven("data.file", arguments.Data, "--data");
        options.SetGiven("data.map", arguments.Map, "--map");
        options.SetGiven("environment", arguments.Environment, "--env");
        options.SetGiven(ConfigurationSchema.AgentName, arguments.Agent, "--agent");
        options.SetGiven("training.updates", arguments.Updates, "--updates");
        options.SetGiven("online.steps", arguments.Steps, arguments.StepsOption);
        options.SetGiven("online.from", arguments.From, "--from");
        options.SetGiven("training.snapshot_every", arguments.SnapshotsEvery, "--snapshots-every");
        options.SetGiven("training.seed", arguments.Seed, "--seed");
        options.SetGiven("training.threads", arguments.Threads, "--threads");
        var request = new ConfigurationRequest
        {
            Task = arguments.Task,
            Environment = arguments.Environment,
            DataFile = arguments.Data,
            File = arguments.ConfigurationFile is null ? new ConfigurationLayer() : ReadFile(arguments.ConfigurationFile),
            Options = options,
            Assignments = ConfigurationLayer.OfAssignments(arguments.Assignments),
            Saved = saved,
        };
        var resolver = new ConfigurationResolver(catalog);
        var resolved = resolver.Resolve(request);
        if (arguments.Published is not { } published)
            return RequireItsUnit(arguments, CompleteOnline(resolved));
        var settings = PublishedOf(resolved.Agent, published);
        foreach (var (name, value) in settings.Options)
            options.Set(ConfigurationSchema.AgentPrefix + name, value, "--published");
        foreach (var (name, value) in settings.Acting)
            options.Set(ConfigurationSchema.EvaluationPrefix + name, value, "--published");
        if (arguments.Updates is null && settings.Updates is { } updates)
            options.Set("training.updates", updates.ToString(CultureInfo.InvariantCulture), "--published");
        return RequireItsUnit(arguments, CompleteOnline(resolver.Resolve(request)));
    }

    private static ResolvedConfiguration RequireItsUnit(TrainArguments arguments, ResolvedConfiguration configuration) =>
        arguments.Updates is null || !configuration.IsOnline ? configuration : throw new UsageException(
            $"--updates {arguments.Updates} counts gradient updates on recorded data, and this run learns online in {configuration.Text("environment")}: its length is counted in environment steps. "
            + "Give them with --steps, or recorded data with --data.");

    private static PublishedSettings PublishedOf(IAgentFactory agent, string task)
    {
        var known = agent.Published.Select(settings => settings.Name).ToList();
        return agent.Published.FirstOrDefault(settings => settings.Name == task) ?? throw new UsageException(
            $"--published '{task}': no settings of the agent '{agent.Name}' are published for it.{NearestName.Question(task, known)} "
            + $"{(known.Count == 0 ? "There are none for any task." : $"There are settings for: {string.Join(", ", known)}.")}");
    }

    // An agent that can do without recorded data, given none, learns online.
    private ResolvedConfiguration CompleteOnline(ResolvedConfiguration configuration)
    {
        var agent = configuration.Agent;
        if (configuration.From.Length > 0 && !configuration.IsOnline)
            throw new UsageException("To go on from a checkpoint, say for how long: give the environment steps with --online-steps.");
        if (!configuration.IsOnline && !configuration.HasData && !agent.NeedsData)
            configuration = configuration.With("online.steps", configuration.Text("training.updates"));
        if (!configuration.IsOnline)
            return configuration;
        if (configuration.Text("environment").Length == 0)
            throw new UsageException("Learning online needs an environment to act in. Name one with --env (see: ofql list environments), or give recorded data with --data.");
        if (configuration.From.Length > 0)
            return configuration.Number("online.recorded_share") > 0 || IsFittedToData(configuration) ? configuration : WithoutData(configuration);
        if (!configuration.HasData && agent.NeedsData)
            throw new UsageException($"The agent '{agent.Name}' learns from recorded data: give it with --data. Agents that can begin with an environment alone: {Beginners()}.");
        return configuration;
    }

    // Their transforms are made again from the data.
    private static bool IsFittedToData(ResolvedConfiguration configuration) =>
        ((string[])["agent.normalize_states", "agent.normalize_rewards"]).Any(key => configuration.Find(key) is not (null or "none"));

    private static ResolvedConfiguration WithoutData(ResolvedConfiguration configuration) => configuration.With("data.file", "").With("data.map", "").With("data.task", "").With("data.generate", "");

    private string Beginners() => string.Join(", ", catalog.Agents.Where(agent => !agent.NeedsData).Select(agent => agent.Name).DefaultIfEmpty("none"));

    private static ConfigurationLayer ReadFile(string path)
    {
        string text;
        try
        {
            text = TextFile.Read(path, "read the configuration");
        }
        catch (OfqlException cause)
        {
            throw new UsageException($"{cause.Message} Name a YAML file with --config.");
        }

        return YamlText.Read(text, path);
    }

    private static IReadOnlyList<ulong> SeedsOf(TrainArguments arguments, ResolvedConfiguration configuration)
    {
        if (arguments.Seeds is not null)
            return CommonOptions.ParseSeeds(arguments.Seeds);
        var seed = configuration.Integer("training.seed");
        return seed >= 0 ? [(ulong)seed] : throw new UsageException($"training.seed is {seed}; expected 0 or more.");
    }

    private static string? RequireName(string? name) =>
        name is null || (name.Trim().Length > 0 && name.Length <= LongestName && name.IndexOfAny(Path.GetInvalidFileNameChars()) < 0 && !name.Any(char.IsControl) && name[0] != '-' && name is not ("." or ".."))
            ? name
            : throw new UsageException($"--name '{name}' is not the name of a folder. Expected at most {LongestName} letters, digits and the like, without slashes and without a dash at the beginning; give the place with --runs.");

    private static string OnlineName(TrainArguments arguments, ResolvedConfiguration configuration)
    {
        var from = Directory.Exists(arguments.From) ? arguments.From : CheckpointOrigin.RunOf(arguments.From!);
        var seed = arguments.Seed is null ? "" : $"-seed{configuration.Text("training.seed")}";
        return $"{RunLocator.NameOf(from)}-online{(arguments.Seeds is not null && RunFolder.Exists(from) ? "-seeds" : seed)}";
    }

    private static string DefaultName(ResolvedConfiguration configuration, bool isGroup)
    {
        var subject = ((string[])[configuration.Text("task"), Path.GetFileNameWithoutExtension(configuration.Text("data.file")),
            configuration.Text("data.generate"), configuration.Text("environment"), "run"]).First(text => text.Length > 0);
        return $"{subject}-{configuration.AgentName}-{(isGroup ? "seeds" : $"seed{configuration.Text("training.seed")}")}";
    }
}
