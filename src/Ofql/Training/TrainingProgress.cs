namespace Ofql.Training;

/// <summary>Where a run stands.</summary>
/// <param name="Step">Updates done.</param>
/// <param name="Updates">Updates planned.</param>
/// <param name="UpdatesPerSecond">Rate over the last seconds, evaluation apart; 0 while unknown.</param>
/// <param name="Remaining">Time left, evaluations included; null while unknown.</param>
/// <param name="Phase">What it is doing.</param>
/// <param name="MetricNames">Names of the metrics.</param>
/// <param name="Metrics">The last update's metrics; a copy that stays as it is.</param>
public sealed record TrainingProgress(
    long Step,
    long Updates,
    double UpdatesPerSecond,
    TimeSpan? Remaining,
    TrainingPhase Phase,
    IReadOnlyList<string> MetricNames,
    IReadOnlyList<float> Metrics);

/// <summary>What a run is doing.</summary>
public enum TrainingPhase
{
    /// <summary>Gradient updates.</summary>
    Training,

    /// <summary>An evaluation.</summary>
    Evaluating,

    /// <summary>Writing a checkpoint.</summary>
    Saving,

    /// <summary>Nothing more: the run has ended.</summary>
    Ended,
}

/// <summary>How a run ended.</summary>
public enum TrainingOutcome
{
    /// <summary>All updates were done.</summary>
    Completed,

    /// <summary>It was asked to stop, and saved its state.</summary>
    Cancelled,

    /// <summary>A number left its bounds; the last good checkpoint was left as it was.</summary>
    Diverged,
}

/// <summary>The end of a run.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Step">Updates done.</param>
/// <param name="Reason">Why it diverged and what to try; null otherwise.</param>
/// <param name="Evaluation">The numbers of the last step's evaluation; empty when there was none.</param>
/// <param name="Elapsed">Time this process spent.</param>
/// <param name="UpdatesPerSecond">Mean rate of this process's updates, evaluation and saving apart.</param>
public sealed record TrainingResult(
    TrainingOutcome Outcome,
    long Step,
    string? Reason,
    IReadOnlyList<NamedValue> Evaluation,
    TimeSpan Elapsed,
    double UpdatesPerSecond)
{
    /// <summary>What of <see cref="Elapsed"/> were updates (for learning online: steps, with the collecting); the rest were logs, evaluations, checkpoints.</summary>
    public TimeSpan Updating { get; init; }

    /// <summary>When this process had done its first update; null where it did none.</summary>
    public DateTimeOffset? FirstUpdate { get; init; }
}
