using System.Numerics;

namespace Ofql.Data;

/// <summary>
/// Transitions as they are collected: a ring of columns, allocated once. Transition number n (from 0, in order of collection)
/// lies in row n mod <see cref="Capacity"/>; when the ring is full the oldest is overwritten. Not thread-safe: nothing may be
/// added while a batch is drawn.
/// </summary>
public sealed class ReplayBuffer : IDisposable
{
    /// <summary>An empty buffer for <paramref name="capacity"/> transitions.</summary>
    /// <exception cref="OutOfMemoryException">The machine has less memory than that.</exception>
    public ReplayBuffer(long capacity, int stateSize, int actionSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
        Table = Allocate(capacity, stateSize, actionSize, metadata: null);
    }

    /// <summary>Most transitions held.</summary>
    public long Capacity { get; }

    /// <summary>Transitions ever added.</summary>
    public long Collected { get; private set; }

    /// <summary>Transitions held: the first rows of <see cref="Table"/>.</summary>
    public long Count => Math.Min(Collected, Capacity);

    /// <summary>A number that depends on every bit of every transition ever added and on their order: says whether a copy is true.</summary>
    public ulong Digest { get; private set; }

    /// <summary>The memory of the ring [Capacity]; rows from <see cref="Count"/> on hold nothing yet.</summary>
    public TransitionDataset Table { get; }

    /// <summary>Row of the transition that was collected as number <paramref name="number"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It was overwritten, or is not collected yet.</exception>
    public long RowOf(long number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, Collected - Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, Collected);
        return number % Capacity;
    }

    /// <summary>Row of the transition that was collected after the one in <paramref name="row"/>; -1 for the newest.</summary>
    public long RowAfter(long row) => row == (Collected - 1) % Capacity ? -1 : (row + 1) % Capacity;

    /// <summary>Adds a transition.</summary>
    /// <param name="state">s [S].</param>
    /// <param name="action">a [A], in the task's units.</param>
    /// <param name="reward">r.</param>
    /// <param name="nextState">s' [S]: the true successor, also where the episode ended.</param>
    /// <param name="terminated">The task ended: there is no future to value.</param>
    /// <param name="truncated">Only the episode was cut.</param>
    public void Add(ReadOnlySpan<float> state, ReadOnlySpan<float> action, float reward, ReadOnlySpan<float> nextState, bool terminated, bool truncated)
    {
        var row = Collected % Capacity;
        state.CopyTo(Table.Observations.Writable(row));
        action.CopyTo(Table.Actions.Writable(row));
        Table.Rewards.Writable(row)[0] = reward;
        nextState.CopyTo(Table.NextObservations.Writable(row));
        Table.Terminated.Writable(row)[0] = terminated ? (byte)1 : (byte)0;
        Table.Truncated.Writable(row)[0] = truncated ? (byte)1 : (byte)0;
        Collected++;
        Absorb(state);
        Absorb(action);
        Absorb([reward]);
        Absorb(nextState);
        Digest = Mixed(Digest ^ (terminated ? 1UL : 0) ^ (truncated ? 2UL : 0));
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Collected = 0;
        Digest = 0;
    }

    /// <summary>
    /// A copy of what is held, oldest first. The last row is truncated unless its episode ended with it: what follows was not
    /// recorded.
    /// </summary>
    /// <exception cref="OfqlException">Nothing is held.</exception>
    public TransitionDataset Snapshot(IReadOnlyDictionary<string, string>? metadata = null)
    {
        if (Count == 0)
            throw new OfqlException("The replay buffer is empty: there is nothing to make a dataset of.");
        var copy = Allocate(Count, Table.StateSize, Table.ActionSize, metadata);
        for (long row = 0; row < Count; row++)
        {
            var source = (Collected - Count + row) % Capacity;
            Table.Observations[source].CopyTo(copy.Observations.Writable(row));
            Table.Actions[source].CopyTo(copy.Actions.Writable(row));
            Table.Rewards[source].CopyTo(copy.Rewards.Writable(row));
            Table.NextObservations[source].CopyTo(copy.NextObservations.Writable(row));
            Table.Terminated[source].CopyTo(copy.Terminated.Writable(row));
            Table.Truncated[source].CopyTo(copy.Truncated.Writable(row));
        }

        if (copy.Terminated[Count - 1][0] == 0)
            copy.Truncated.Writable(Count - 1)[0] = 1;
        return copy;
    }

    /// <inheritdoc/>
    public void Dispose() => Table.Dispose();

    private void Absorb(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
            Digest = Mixed(Digest ^ BitConverter.SingleToUInt32Bits(value));
    }

    // A bijection of 64 bits: the odd factor of Knuth's multiplicative hash and a rotation.
    private static ulong Mixed(ulong z) => BitOperations.RotateLeft(z * 0x9E3779B97F4A7C15UL, 29) + 1;

    private static TransitionDataset Allocate(long rows, int stateSize, int actionSize, IReadOnlyDictionary<string, string>? metadata) => new(
        Column<float>.Allocate(rows, stateSize), Column<float>.Allocate(rows, actionSize), Column<float>.Allocate(rows, 1),
        Column<float>.Allocate(rows, stateSize), Column<byte>.Allocate(rows, 1), Column<byte>.Allocate(rows, 1), metadata);
}
