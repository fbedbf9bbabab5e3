namespace Ofql.Data;

/// <summary>
/// What batches are drawn from: recorded transitions, collected ones, or both at a fixed share of every batch. Collected ones
/// may grow between two batches.
/// </summary>
public sealed class TransitionPool
{
    private readonly TransitionDataset? _recorded;
    private readonly ReplayBuffer? _collected;

    private TransitionPool(TransitionDataset? recorded, ReplayBuffer? collected, double recordedShare)
    {
        _recorded = recorded;
        _collected = collected;
        RecordedShare = recordedShare;
    }

    /// <summary>Share of each batch that is drawn from the recorded transitions.</summary>
    public double RecordedShare { get; }

    /// <summary>Whether there are recorded transitions.</summary>
    public bool HasRecorded => _recorded is not null;

    /// <summary>The recorded transitions, or null.</summary>
    internal TransitionDataset? Recorded => _recorded;

    /// <summary>The collected transitions, or null.</summary>
    internal ReplayBuffer? Collected => _collected;

    /// <summary>A dataset alone.</summary>
    public static TransitionPool Of(TransitionDataset recorded) => new(recorded, null, 1);

    /// <summary>A replay buffer alone.</summary>
    public static TransitionPool Of(ReplayBuffer collected) => new(null, collected, 0);

    /// <summary>
    /// Both: the first round(share B) rows of a batch of B come from the dataset, the others from the buffer (all from the
    /// dataset while the buffer is empty).
    /// </summary>
    /// <exception cref="OfqlException">States or actions of different sizes.</exception>
    public static TransitionPool Of(TransitionDataset recorded, ReplayBuffer collected, double recordedShare)
    {
        if (recorded.StateSize != collected.Table.StateSize || recorded.ActionSize != collected.Table.ActionSize)
        {
            throw new OfqlException(
                $"The dataset has states of {recorded.StateSize} and actions of {recorded.ActionSize} numbers, the environment "
                + $"{collected.Table.StateSize} and {collected.Table.ActionSize}. Collect in the environment that the data was recorded in.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(recordedShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(recordedShare, 1);
        return new TransitionPool(recorded, collected, recordedShare);
    }

    /// <summary>The table that row <paramref name="row"/> of a batch of <paramref name="batch"/> comes from.</summary>
    internal TransitionDataset TableOf(int row, int batch) => IsRecorded(row, batch) ? _recorded! : _collected!.Table;

    /// <summary>Rows of that table to draw from.</summary>
    internal long CountOf(int row, int batch) => IsRecorded(row, batch) ? _recorded!.Count : _collected!.Count;

    /// <summary>The row of that table that was recorded, or collected, after <paramref name="index"/>; -1 after the last.</summary>
    internal long RowAfter(long index, int row, int batch) =>
        !IsRecorded(row, batch) ? _collected!.RowAfter(index) : index + 1 < _recorded!.Count ? index + 1 : -1;

    private bool IsRecorded(int row, int batch) =>
        _collected is null || (_recorded is not null && (_collected.Count == 0 || row < Math.Round(RecordedShare * batch)));
}
