using Ofql.Agents;

namespace Ofql.Training;

/// <summary>Returns the numbers of an evaluation of the agent as it is now.</summary>
/// <exception cref="OperationCanceledException">It was asked to stop: the evaluation is repeated after resuming.</exception>
public delegate IReadOnlyList<NamedValue> EvaluateAgent(long step, CancellationToken cancellation);

/// <summary>What a training loop tells the outside world. Everything is optional.</summary>
public sealed record TrainingHooks
{
    /// <summary>Where metrics go.</summary>
    public IMetricSink? Metrics { get; init; }

    /// <summary>Where checkpoints go.</summary>
    public ICheckpointStore? Checkpoints { get; init; }

    /// <summary>How the agent is evaluated.</summary>
    public EvaluateAgent? Evaluate { get; init; }

    /// <summary>
    /// How the agent is evaluated beside the training, where a core is free: called at the step, it copies what it needs, and what it
    /// returns runs on a thread of its own. Null, as itself or as what it returns, to wait for <see cref="Evaluate"/>; so does the last
    /// evaluation in any case.
    /// </summary>
    public Func<long, Func<CancellationToken, IReadOnlyList<NamedValue>>?>? EvaluateBeside { get; init; }

    /// <summary>Told at every snapshot step (<see cref="TrainingOptions.SnapshotEvery"/>), to keep the policy as it is then.</summary>
    public Action<IAgent>? Snapshot { get; init; }

    /// <summary>Who is told how far it is.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>The clock for rates; it never influences the result.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
