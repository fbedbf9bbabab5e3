namespace Ofql.Training;

/// <summary>How long a run goes on and what happens on the way.</summary>
public sealed record TrainingOptions
{
    /// <summary>Gradient updates of the whole run, counted from step 0 (not from the step it resumes at).</summary>
    public required long Updates { get; init; }

    /// <summary>Updates per row of metrics.</summary>
    public long LogEvery { get; init; } = 1000;

    /// <summary>Updates between two evaluations; 0 evaluates at the end alone.</summary>
    public long EvaluateEvery { get; init; }

    /// <summary>Updates between two checkpoints; 0 writes one at the end alone.</summary>
    public long CheckpointEvery { get; init; } = 10000;

    /// <summary>Updates between two snapshots of the policy; 0 for none.</summary>
    public long SnapshotEvery { get; init; }

    /// <summary>The agent has learned before: it is evaluated and saved as it comes, at step 0.</summary>
    public bool BeginsTrained { get; init; }

    /// <summary>Size of a Q-value beyond which the run counts as diverged.</summary>
    public double ValueLimit { get; init; } = 1e6;

    /// <summary>Time between two progress events.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="UsageException">A count that is negative, no update, or a limit that is not positive.</exception>
    public void Validate()
    {
        Expect(Updates > 0, "updates", Updates, "1 or more");
        Expect(LogEvery > 0, "log_every", LogEvery, "1 or more");
        Expect(EvaluateEvery >= 0, "evaluate_every", EvaluateEvery, "0 (at the end alone) or more");
        Expect(CheckpointEvery >= 0, "checkpoint_every", CheckpointEvery, "0 (at the end alone) or more");
        Expect(SnapshotEvery >= 0, "snapshot_every", SnapshotEvery, "0 (none) or more");
        Expect(ValueLimit > 0, "value_limit", ValueLimit, "a positive number");
    }

    private static void Expect(bool holds, string name, IFormattable found, string expected)
    {
        if (!holds)
        {
            throw new UsageException(
                $"training.{name} is {found.ToString(null, System.Globalization.CultureInfo.InvariantCulture)}; expected {expected}.");
        }
    }
}
