using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Composition;
using Ofql.Cli.Rendering;
using Ofql.Cli.Runs;
using Ofql.Data;
using Ofql.Formats.Runs;
using Ofql.Training;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql train</c>.</summary>
internal static class TrainCommand
{
    public static Command Build(CommandContext context)
    {
        var task = new Argument<string?>("task") { Description = "Task to train on (see: ofql list tasks)", Arity = ArgumentArity.ZeroOrOne };
        var data = new Option<string?>("--data") { Description = "Dataset: D4RL or Minari (HDF5), OGBench or NumPy (NPZ), CSV, native (safetensors)", HelpName = "file" };
        var map = new Option<string?>("--map") { Description = "YAML file that says what the columns of a CSV file mean (see: ofql data inspect --help)", HelpName = "file" };
        var environment = new Option<string?>("--env") { Description = "Environment to evaluate in, or none", HelpName = "name" };
        var agent = new Option<string?>("--agent") { Description = "Algorithm (default: ofql; see: ofql list agents)", HelpName = "name" };
        var published = new Option<string?>("--published") { Description = "Settings of the algorithm published for this task, as many updates, and the way of acting that was scored (see: ofql list agents)", HelpName = "task" };
        var file = new Option<string?>("--config") { Description = "Configuration file, over the task's preset", HelpName = "file.yaml" };
        var set = new Option<string[]>("--set") { Description = "Set one key, such as training.updates=20000 or agent.eta=0.3; may be repeated", HelpName = "key=value" };
        var updates = new Option<long?>("--updates") { Description = "Gradient updates", HelpName = "count" };
        var steps = new Option<long?>("--steps", "--online-steps") { Description = "Environment steps to learn from while collecting them (learning online)", HelpName = "count" };
        var from = new Option<string?>("--from") { Description = "Go on learning online from this run's newest checkpoint, or from this checkpoint", HelpName = "run or file" };
        var snapshots = new Option<long?>("--snapshots-every") { Description = "Keep the policy of every so many steps in the folder snapshots", HelpName = "count" };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of the run", HelpName = "number" };
        var seeds = new Option<string?>("--seeds") { Description = "Several runs, such as 0..2 or 0,1,2; in parallel, one per core", HelpName = "list" };
        var threads = new Option<int?>("--threads") { Description = "Threads per run, at most one per core (default: all cores, at most 16; with several seeds one); the result does not depend on it", HelpName = "count" };
        var name = new Option<string?>("--name") { Description = "Name of the run", HelpName = "name" };
        var runs = CommonOptions.Runs();
        var datasets = CommonOptions.Datasets();
        var resume = new Option<string?>("--resume") { Description = "Continue a run: this one, the one named by the other options, or the newest", HelpName = "run", Arity = ArgumentArity.ZeroOrOne };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print the resolved configuration and stop" };
        var json = CommonOptions.Json();
        var command = new Command("train", "Train a policy from recorded data, or online.")
        {
            task, data, map, environment, agent, published, file, set, updates, steps, from, snapshots, seed, seeds, threads, name, runs, datasets, resume, dryRun, json,
        };
        command.SetAction(parsed => Run(context with { Json = parsed.GetValue(json) }, parsed.GetValue(dryRun), new TrainArguments
        {
            Task = parsed.GetValue(task),
            Data = parsed.GetValue(data),
            Map = parsed.GetValue(map),
            Published = parsed.GetValue(published),
            Environment = parsed.GetValue(environment),
            Agent = parsed.GetValue(agent),
            ConfigurationFile = parsed.GetValue(file),
            Assignments = parsed.GetValue(set) ?? [],
            Updates = parsed.GetValue(updates),
            Steps = parsed.GetValue(steps),
            StepsOption = parsed.GetResult(steps)?.IdentifierToken?.Value ?? steps.Name,
            From = parsed.GetValue(from),
            SnapshotsEvery = parsed.GetValue(snapshots),
            Seed = parsed.GetValue(seed),
            Seeds = parsed.GetValue(seeds),
            Threads = parsed.GetValue(threads),
            Name = parsed.GetValue(name),
            Runs = parsed.GetValue(runs)!,
            Datasets = parsed.GetValue(datasets),
            Resume = parsed.GetResult(resume) is { Implicit: false },
            ResumeName = parsed.GetValue(resume),
        }));
        return command.WithExamples(
            "ofql train maze2d-umaze-v1",
            "ofql train maze2d-umaze-v1 --seeds 0..4 --updates 50000",
            "ofql train --data pendulum-replay.hdf5 --env pendulum --set training.evaluate_every=2000",
            "ofql train hopper-medium-replay-v2 --agent dql --published hopper-medium-replay-v2",
            "ofql train --data logs.csv --map columns.yaml --name first-try",
            "ofql train --agent sac --env pendulum --steps 10000",
            "ofql train --from first-try --env pendulum --online-steps 20000 --set online.recorded_share=0.5",
            "ofql train --resume first-try --updates 100000",
            "ofql train maze2d-umaze-v1 --dry-run > mine.yaml");
    }

    private static int Run(CommandContext context, bool dryRun, TrainArguments arguments)
    {
        var plan = new TrainPlanner(context.Catalog).Plan(arguments);
        if (dryRun)
        {
            if (context.Json)
                context.WriteJson(new JsonObject(plan.Configuration.Values.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))));
            else
                context.Out.Write(plan.Configuration.ToYaml());
            return 0;
        }

        // Before data is generated or read: a refusal should come at once.
        if (!plan.Resume)
            RunFolder.RequireFree(plan.Folder, name => plan.IsGroup && RunLocator.IsSeedsFile(name));
        RequireDataFile(plan);
        if (arguments.Map is { } map && !DatasetSource.IsTable(plan.Configuration.Text("data.file")))
            throw new UsageException($"--map '{map}' says what the columns of a CSV file mean, but the data is {(plan.Configuration.Text("data.file") is { Length: > 0 } file ? $"'{file}', which is no CSV file" : "no file")}. Leave --map out, or name the CSV file with --data.");
        using var view = new ProgressView(context, plan.IsGroup, plan.Configuration.StepUnit);
        var source = new DatasetSource(context.Catalog, CommonOptions.DatasetsFolder(arguments.Datasets), view.Line);
        using var data = plan.Configuration.IsOnline && !plan.Configuration.HasData ? null : source.Open(plan.Configuration, context.Cancellation);
        if (data is not null)
            RequireSameData(context.Catalog, plan, data);
        var environmentName = plan.Configuration.Text("environment");
        var environment = environmentName.Length > 0 ? context.Catalog.Environment(environmentName) : null;
        var report = data is null ? null : data.Report(environment?.Specification.Score is { } score ? score.Normalize : null, context.Cancellation);
        Announce(context.Catalog, view, plan, data, report);
        if (plan.IsGroup)
            RunLocator.WriteSeeds(plan.Folder, plan.Resume ? RunLocator.ReadSeeds(plan.Folder).Union(plan.Seeds).ToList() : plan.Seeds);
        var sweep = new SeedSweep(context, context.Catalog, plan, view).Run(data, report);
        view.Dispose();
        return TrainSummary.Write(context, plan, environment, data, report, sweep);
    }

    private static void RequireDataFile(TrainPlan plan)
    {
        var file = plan.Configuration.Text("data.file");
        var run = plan.Resume ? plan.Folder : plan.Configuration.From;
        if (run.Length > 0 && file.Length > 0 && !Path.Exists(file))
        {
            throw new OfqlException(
                $"The run '{run}' was trained on '{file}', which is not there (a relative path counts from the folder you are in: "
                + $"'{Directory.GetCurrentDirectory()}'). Give the file with --data, or change to the folder the run was started from."
                + (plan.Resume ? "" : " Learning online draws online.recorded_share of every batch from it, and normalises by it what the offline run did."));
        }
    }

    private static void RequireSameData(Catalog catalog, TrainPlan plan, OpenedDataset data)
    {
        foreach (var seed in plan.Seeds)
        {
            if (!plan.Resume)
            {
                RequireDataOfOrigin(catalog, plan, data, seed);
                continue;
            }

            var folder = plan.FolderOf(seed);
            if (!RunFolder.Exists(folder) || RunFolder.Open(folder) is not { } run || !File.Exists(run.ManifestPath))
                continue;
            var expected = RunManifest.Open(run).DataFingerprint;
            if (expected != data.Fingerprint)
            {
                throw new OfqlException(
                    $"'{data.Source}' is not the data that the run '{folder}' was trained on: its fingerprint is {data.Fingerprint}, the "
                    + $"run's is {expected}. Give the original file with --data, or begin a new run with --name.");
            }
        }
    }

    private static void RequireDataOfOrigin(Catalog catalog, TrainPlan plan, OpenedDataset data, ulong seed)
    {
        if (plan.Configuration.From.Length == 0)
            return;
        var origin = CheckpointOrigin.Open(plan.Configuration.From, seed, catalog);
        if (origin.DataFingerprint is { } expected && expected != data.Fingerprint)
        {
            throw new OfqlException(
                $"'{data.Source}' is not the data that '{origin.Checkpoint}' was trained on: its fingerprint is {data.Fingerprint}, expected {expected}. "
                + "Give the original file with --data.");
        }
    }

    private static void Announce(Catalog catalog, ProgressView view, TrainPlan plan, OpenedDataset? data, DataReport? report)
    {
        var configuration = plan.Configuration;
        view.Say($"{(plan.Resume ? "Continuing" : "Training")} {configuration.AgentName} in {plan.Folder}");
        if (configuration.Preset is { } preset)
            view.Say($"Settings: where nothing else is said those of the preset '{preset}', for its environment (--dry-run shows all of them)");
        if (configuration.IsOnline)
            view.Say(FormattableString.Invariant($"Online: {configuration.Steps} steps of {configuration.Text("environment")}"));
        if (configuration.From.Length > 0)
            view.Say(FormattableString.Invariant($"From: {configuration.From}; {(data is null ? 0 : configuration.Number("online.recorded_share")):P0} of each batch is recorded, the rest collected"));
        // Where a resumed online run came from need not be there any more.
        if (!(configuration.IsOnline && plan.Resume) && configuration.Agent.Caution(configuration.AgentOptions, UpdatesInAll(catalog, plan)) is { } caution)
            view.Say($"Warning: {caution}");
        if (data is null || report is null)
            return;
        view.Say(FormattableString.Invariant($"Data: {data.Source}, {report.Rows} transitions, state {report.StateSize}, action {report.ActionSize}, {report.Episodes.Count} episodes"));
        var isAlone = configuration.Text("environment").Length == 0;
        var scales = DatasetChecks.ScaleWarnings(report, isAlone ? ActionRange.Of(configuration, report.ActionSize) : null, configuration.Find("agent.normalize_states"));
        foreach (var warning in DatasetChecks.Warnings(report).Concat(DatasetChecks.RecordingWarnings(data.Data, report)).Concat(scales))
            view.Say($"Warning: {warning}");
        if (isAlone)
            view.Say("No environment: the policy will be trained but not evaluated. Name one with --env (see: ofql list environments).");
    }

    /// <summary>Updates that the agent will have seen at the end, those of the run that it comes from among them.</summary>
    private static long UpdatesInAll(Catalog catalog, TrainPlan plan)
    {
        var configuration = plan.Configuration;
        if (!configuration.IsOnline)
            return configuration.Steps;
        var before = configuration.From.Length > 0 ? CheckpointOrigin.Open(configuration.From, plan.Seeds[0], catalog).Facts.Step : 0;
        return before + OnlineSource.OptionsOf(configuration).UpdatesOf(configuration.Steps);
    }
}
