using Ofql.Agents;
using Ofql.Cli.Commands;
using Ofql.Cli.Configuration;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Evaluation;
using Ofql.Formats.Files;
using Ofql.Formats.Policies;
using Ofql.Formats.Runs;
using Ofql.Training;

namespace Ofql.Cli.Runs;

/// <summary>Trains one run in its folder: agent, loop, files and evaluation put together.</summary>
internal sealed class TrainingSession
{
    private readonly SessionRequest _request;
    private readonly ResolvedConfiguration _configuration;
    private readonly EnvironmentEntry? _environment;
    private readonly RunFolder _folder;
    private readonly string? _simulator;

    private TrainingSession(SessionRequest request, RunFolder folder, string? simulator)
    {
        _simulator = simulator;
        _request = request;
        _configuration = request.Configuration;
        _folder = folder;
        var name = _configuration.Text("environment");
        _environment = name.Length > 0 ? request.Catalog.Environment(name) : null;
    }

    /// <summary>Statistic by which runs of an environment are compared.</summary>
    public static (string Name, string Title) StatisticOf(EnvironmentEntry? environment) =>
        environment?.Specification.Score is null ? ("return", "return") : ("score", "normalised score");

    /// <summary>Runs or continues the run.</summary>
    public static SessionResult Run(SessionRequest request, CancellationToken cancellation)
    {
        var simulator = SimulatorOf(request);
        using var online = request.Configuration.IsOnline
            ? new OnlineSource(request.Catalog.Environment(request.Configuration.Text("environment")), request.Configuration)
            : null;
        using var agent = BuildAgent(request, online);
        var origin = OriginOf(request);
        if (origin is not null)
            CheckpointFile.RestoreAgent(origin.Checkpoint, agent);
        var folder = request.Resume ? RunFolder.Open(request.Folder) : RunFolder.Create(request.Folder);
        using var held = folder.Lock();
        if (request.Resume)
            RequireCheckpoint(folder);
        AtomicFile.WriteText(folder.ConfigurationPath, request.Configuration.ToYaml());
        using var learner = online?.Learner(agent, folder);
        return new TrainingSession(request, folder, simulator).Train(agent, learner, origin, cancellation);
    }

    // The policy is written after its checkpoint: where it stands alone, checkpoints were removed, and nothing says how far they were.
    private static void RequireCheckpoint(RunFolder folder)
    {
        if (!File.Exists(folder.PolicyPath) || new CheckpointFolder(folder.CheckpointsPath, keep: 1, _ => { }).Steps().Count > 0)
            return;
        throw new OfqlException(
            $"The run '{folder.FolderPath}' has a policy but no checkpoint any more ('{folder.CheckpointsPath}' holds none): it would begin anew and write over what it has. "
            + "Restore its checkpoints, or begin a new run with --name.");
    }

    // Only until the run has a checkpoint of its own: then its origin may be gone.
    private static CheckpointOrigin? OriginOf(SessionRequest request)
    {
        var configuration = request.Configuration;
        var run = request.Resume ? RunFolder.Open(request.Folder) : null;
        if (configuration.From.Length == 0 || (run is not null && new CheckpointFolder(run.CheckpointsPath, keep: 1, _ => { }).Steps().Count > 0))
            return null;
        var origin = CheckpointOrigin.Open(configuration.From, (ulong)configuration.Integer("training.seed"), request.Catalog);
        origin.RequireFit(configuration, request.Catalog);
        if (run is not null && File.Exists(run.ManifestPath) && RunManifest.Open(run).Origin is { } expected && expected.Fingerprint != origin.Facts.Fingerprint)
        {
            throw new OfqlException(
                $"'{origin.Checkpoint}' is not the checkpoint that the run '{request.Folder}' began from: its fingerprint is {origin.Facts.Fingerprint}, the run's is "
                + $"{expected.Fingerprint}. Name that one with --set online.from=..., or begin a new run with --name.");
        }

        return origin;
    }

    // Making one tells early whether what it needs is installed, and whether it can be evaluated as asked for.
    private static string? SimulatorOf(SessionRequest request)
    {
        var name = request.Configuration.Text("environment");
        using var environment = name.Length > 0 ? request.Catalog.Environment(name).Create() : null;
        if (environment is not null)
            EvaluationOf(request.Configuration, threads: 1).RequireFit(environment);
        return environment?.Simulator;
    }

    private static IAgent BuildAgent(SessionRequest request, OnlineSource? online)
    {
        var configuration = request.Configuration;
        var factory = configuration.Agent;
        var seed = (ulong)configuration.Integer("training.seed");
        var name = configuration.Text("environment");
        if (request.Data is null)
            return factory.Create(configuration.AgentOptions, online!.Context(null, seed, request.Threads));
        var environment = name.Length > 0 ? request.Catalog.Environment(name).Specification : null;
        var actions = ActionRange.Of(environment, configuration, request.Data.Data.ActionSize);
        DatasetChecks.RequireFit(request.Data, request.DataReport!, actions, environment);
        return factory.Create(configuration.AgentOptions, online?.Context(request.Data, seed, request.Threads)
            ?? new AgentContext(request.Data.Data, actions.Low, actions.High, seed, request.Threads, configuration.Steps)
            {
                StateLow = environment?.Observations.Low,
                StateHigh = environment?.Observations.High,
            });
    }

    // The learner, where there is one, is the agent with its collecting.
    private SessionResult Train(IAgent agent, OnlineLearner? learner, CheckpointOrigin? origin, CancellationToken cancellation)
    {
        var learns = learner ?? agent;
        using var metrics = new MetricFiles(_folder, learns.MetricNames, TimeProvider.System);
        var checkpoints = new CheckpointFolder(
            _folder.CheckpointsPath, (int)_configuration.Integer("training.keep_checkpoints"), text => _request.Say("Warning: " + text));
        var store = new PolicyExportingStore(checkpoints, policy => PolicyFile.Save(Named(policy), _folder.PolicyPath));
        var loop = new TrainingLoop(learns, Options(), new TrainingHooks
        {
            Metrics = metrics,
            Checkpoints = learner is null ? (ICheckpointStore)store : new OnlineCheckpoints(store, learner),
            Evaluate = _environment is null ? null : (_, stop) => Evaluate(agent.CreateActor, _request.Threads, stop),
            EvaluateBeside = _environment is null ? null : _ => _request.SpareThreads() is > 0 and var spare ? EvaluateCopy(agent, spare) : null,
            Snapshot = SaveSnapshot,
            Progress = _request.Progress,
        });
        var from = _request.Resume ? loop.Resume() : 0;
        metrics.Open(_request.Resume ? from : null);
        var evaluated = metrics.Evaluations.Rows.Count;
        var manifest = WriteManifest(from, origin);
        var result = Guarded(() => loop.Run(cancellation), checkpoints);
        // Where nothing was left to do, the report of the session that did it stands.
        var agreement = result.Outcome == TrainingOutcome.Diverged ? null : Agreement(agent);
        if (result.Updating > TimeSpan.Zero || metrics.Evaluations.Rows.Count > evaluated || !File.Exists(_folder.ReportPath))
            WriteReport(manifest, metrics.Evaluations, result, store.PolicyStep, agreement);
        return new SessionResult(_folder, (ulong)_configuration.Integer("training.seed"), result, metrics.Evaluations.Rows, manifest.Origin, _simulator)
        {
            PolicyStep = store.PolicyStep,
            RecordedActions = agreement,
        };
    }

    // Of a policy that acts by the number of steps since an episode began, single states say nothing.
    private ActionAgreement? Agreement(IAgent agent)
    {
        if (_request.Data is not { } data)
            return null;
        using var actor = agent.CreateActor(ActingWay.Deterministic(agent.CreateActor).Options, 1);
        if (!actor.Steps.IsEmpty)
            return null;
        var actions = ActionRange.Of(_environment?.Specification, _configuration, data.Data.ActionSize);
        return ActionAgreement.Of(actor, data.Data, actions.Low, actions.High);
    }

    // What stops a run on the way (a full disk, mostly) loses at most what came after its last checkpoint.
    private TrainingResult Guarded(Func<TrainingResult> train, CheckpointFolder checkpoints)
    {
        try
        {
            return train();
        }
        catch (OfqlException error)
        {
            var saved = checkpoints.Steps() is [var newest, ..] ? FormattableString.Invariant($"from {_configuration.StepUnit} {newest}") : "from the beginning";
            throw new OfqlException($"{error.Message} Then continue {saved} with: ofql train --resume {Program.Quote(_folder.FolderPath)}", error);
        }
    }

    private TrainingOptions Options() => new()
    {
        Updates = _configuration.Steps,
        LogEvery = _configuration.Integer("training.log_every"),
        EvaluateEvery = _configuration.Integer("training.evaluate_every"),
        CheckpointEvery = _configuration.Integer("training.checkpoint_every"),
        SnapshotEvery = _configuration.Integer("training.snapshot_every"),
        BeginsTrained = _configuration.From.Length > 0,
        ValueLimit = _configuration.Number("training.value_limit"),
    };

    private void SaveSnapshot(IAgent agent)
    {
        OutputFolder.Create(_folder.SnapshotsPath, "--runs");
        PolicyFile.Save(Named(agent.ExportPolicy()), _folder.SnapshotPath(agent.Step));
    }

    // Which sensor is which number of a state: whoever has the policy alone could not know.
    private PolicyArtefact Named(PolicyArtefact policy)
    {
        var metadata = new Dictionary<string, string>(policy.Metadata);
        if (_request.Data?.Data.ObservationParts is [_, ..] states)
            metadata["state_parts"] = PartNames.Join(states);
        if (_request.Data?.Data.ActionParts is [_, ..] actions)
            metadata["action_parts"] = PartNames.Join(actions);

        return policy with { Metadata = metadata };
    }

    // The policy as it is now, whatever becomes of the agent meanwhile: an exported policy acts with the same bits.
    private Func<CancellationToken, IReadOnlyList<NamedValue>> EvaluateCopy(IAgent agent, int threads)
    {
        var policy = agent.ExportPolicy();
        return stop => Evaluate((options, capacity) => AgentCatalog.CreateActor(_request.Catalog.Agents, policy, options, capacity), threads, stop);
    }

    private List<NamedValue> Evaluate(Func<ActingOptions, int, IActor> createActor, int threads, CancellationToken cancellation) => WaysEvaluation.Run(
        _environment!,
        createActor,
        _configuration.IsOnline && _configuration.From.Length == 0 ? [ActingWay.Deterministic(createActor)] : ActingWay.Of(createActor, Acting(_configuration)),
        EvaluationOf(_configuration, threads),
        cancellation).SelectMany(way => way.Values()).ToList();

    private static EvaluationOptions EvaluationOf(ResolvedConfiguration configuration, int threads) => new()
    {
        Episodes = (int)configuration.Integer("evaluation.episodes"),
        Seed = (ulong)configuration.Integer("evaluation.seed"),
        Starts = Enum.Parse<EpisodeStarts>(configuration.Text("evaluation.starts"), ignoreCase: true),
        Threads = threads,
    };

    private static ActingOptions Acting(ResolvedConfiguration configuration) => ActingOptionSet.Check(
        "evaluation.candidates",
        (int)configuration.Integer("evaluation.candidates"),
        "evaluation.noise_scale",
        (float)configuration.Number("evaluation.noise_scale"),
        "evaluation.selection",
        configuration.Text("evaluation.selection"),
        (float)configuration.Number("evaluation.softmax_weight"));

    private RunManifest WriteManifest(long fromStep, CheckpointOrigin? origin)
    {
        var before = _request.Resume && File.Exists(_folder.ManifestPath) ? RunManifest.Open(_folder) : null;
        var session = new RunSession(DateTimeOffset.UtcNow, fromStep, _request.CommandLine, MachineFacts.Here(), _simulator);
        var manifest = new RunManifest
        {
            Name = _folder.Name,
            DataFingerprint = _request.Data?.Fingerprint ?? "none",
            DataSource = _request.Data?.Source ?? "collected online",
            DataTransitions = _request.Data?.Data.Count ?? 0,
            DataIsGenerated = _request.Data?.Generated is not null,
            Seed = (ulong)_configuration.Integer("training.seed"),
            Origin = before?.Origin ?? origin?.Record(_configuration),
            Sessions = [.. before?.Sessions ?? [], session],
        };
        manifest.Save(_folder);
        return manifest;
    }

    private void WriteReport(RunManifest manifest, EvaluationTable evaluations, TrainingResult result, long? policyStep, ActionAgreement? agreement)
    {
        var (statistic, title) = StatisticOf(_environment);
        RunReport.Write(_folder, manifest, evaluations, new RunReportFacts
        {
            Outcome = TrainText.Outcome(result, _configuration, policyStep),
            Configuration = _configuration.ToYaml(),
            Statistic = statistic,
            StatisticTitle = title,
            StepTitle = _configuration.IsOnline ? "environment steps" : "gradient updates",
            HasEnvironment = _environment is not null,
            PolicyStep = policyStep,
            Data = TrainText.Data(_configuration, _request.Data, _request.DataReport),
            RecordedActions = agreement is null ? null : TrainText.RecordedActions(agreement, _request.Data!.Data.ActionParts),
        });
    }

    // The policy on disk is always that of the newest checkpoint, so that an interrupted run can be evaluated too. Whoever was stopped
    // between the two files finds the policy missing or old: it is written again on resuming.
    private sealed class PolicyExportingStore(CheckpointFolder inner, Action<PolicyArtefact> export) : ICheckpointStore
    {
        /// <summary>Step of the policy on disk; null for none.</summary>
        public long? PolicyStep { get; private set; }

        public void Save(TrainingState state, bool final)
        {
            inner.Save(state, final);
            export(state.Agent.ExportPolicy());
            PolicyStep = state.Step;
        }

        public long? RestoreLatest(TrainingState state)
        {
            var step = inner.RestoreLatest(state);
            if (step is not null)
                export(state.Agent.ExportPolicy());
            PolicyStep = step;
            return step;
        }
    }
}
