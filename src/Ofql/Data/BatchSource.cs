using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Randomness;
using Ofql.Kernels.Simd;

namespace Ofql.Data;

/// <summary>The inputs of a program that a batch of transitions goes to.</summary>
/// <param name="State">s [B, S], normalised.</param>
/// <param name="Action">a [B, A] in [-1, 1].</param>
/// <param name="Reward">r [B, 1], transformed.</param>
/// <param name="Mask">[B, 1]: 0 where the transition terminated, else 1.</param>
/// <param name="NextState">s' [B, S], normalised.</param>
public sealed record BatchInputs(InputNode State, InputNode Action, InputNode Reward, InputNode Mask, InputNode NextState)
{
    /// <summary>All of them.</summary>
    public InputNode[] All => [State, Action, Reward, Mask, NextState];

    /// <summary>The inputs of a batch of transitions of a dataset's sizes.</summary>
    public static BatchInputs Create(Graph.Graph graph, int stateSize, int actionSize) => new(
        graph.Input("state", stateSize), graph.Input("action", actionSize), graph.Input("reward", 1), graph.Input("mask", 1), graph.Input("next_state", stateSize));
}

/// <summary>
/// Draws rows uniformly with replacement, as D4RL's users do, and gathers them into a program's inputs. Row i of a batch
/// depends on its counter alone, so any thread may fill any part.
/// </summary>
/// <param name="pool">The transitions.</param>
/// <param name="stream">Draws the rows.</param>
/// <param name="inputs">Where a batch goes.</param>
/// <param name="states">Applied to states.</param>
/// <param name="actions">Applied to actions.</param>
/// <param name="rewards">Applied to rewards.</param>
/// <param name="actionLimit">Largest size of a transformed action; beyond it is clipped. Infinite for none.</param>
public sealed class BatchSource(
    TransitionPool pool,
    RandomStream stream,
    BatchInputs inputs,
    Normalizer states,
    Normalizer actions,
    RewardTransform rewards,
    float actionLimit = float.PositiveInfinity) : IStreamSource
{
    /// <summary>Draws from a dataset alone.</summary>
    public BatchSource(TransitionDataset data, RandomStream stream, BatchInputs inputs, Normalizer states, Normalizer actions, RewardTransform rewards, float actionLimit = float.PositiveInfinity)
        : this(TransitionPool.Of(data), stream, inputs, states, actions, rewards, actionLimit)
    {
    }

    /// <summary>Rows asked for before the first of them is read: enough to hide the latency of memory.</summary>
    private const int PrefetchRows = 32;

    /// <inheritdoc/>
    public RandomStream Stream => stream;

    /// <inheritdoc/>
    public IReadOnlyList<InputNode> Inputs => inputs.All;

    /// <summary>Counters a program run consumes: one per row.</summary>
    public ulong CountersPerRun => (ulong)inputs.State.Rows;

    /// <inheritdoc/>
    public void Fill(int first, int end)
    {
        Span<long> indices = stackalloc long[PrefetchRows];
        for (var start = first; start < end; start += PrefetchRows)
        {
            var rows = indices[..Math.Min(PrefetchRows, end - start)];
            for (var i = 0; i < rows.Length; i++)
                RequestRow(pool.TableOf(start + i, inputs.State.Rows), rows[i] = IndexOf(start + i));
            Gather(start, rows);
        }
    }

    /// <summary>The row of its table that batch row <paramref name="row"/> of the next run will hold.</summary>
    public long IndexOf(int row)
    {
        var (low, high) = Threefry.Block(stream.Key, stream.Position + (ulong)row);
        return (long)Math.BigMul(((ulong)high << 32) | low, (ulong)pool.CountOf(row, inputs.State.Rows), out _);
    }

    private void Gather(int start, ReadOnlySpan<long> indices)
    {
        Span<float> row = stackalloc float[Math.Max(inputs.State.Columns, inputs.Action.Columns)];
        for (var i = 0; i < indices.Length; i++)
        {
            var at = start + i;
            var index = indices[i];
            var data = pool.TableOf(at, inputs.State.Rows);
            Write(inputs.State, at, data.Observations[index], states, float.PositiveInfinity, row);
            Write(inputs.NextState, at, data.NextObservations[index], states, float.PositiveInfinity, row);
            Write(inputs.Action, at, data.Actions[index], actions, actionLimit, row);
            inputs.Reward.WriteNumber(at, rewards.Apply(data.Rewards[index][0]));
            inputs.Mask.WriteNumber(at, data.Terminated[index][0] == 0 ? 1f : 0f);
        }
    }

    private static void Write(InputNode input, int at, ReadOnlySpan<float> source, Normalizer normalizer, float limit, Span<float> scratch)
    {
        var inPlace = input.RowInPlace(at);
        var row = inPlace.IsEmpty ? scratch[..input.Columns] : inPlace;
        normalizer.Apply(source, row);
        if (!float.IsPositiveInfinity(limit))
        {
            foreach (ref var value in row)
                value = Math.Clamp(value, -limit, limit);
        }

        if (inPlace.IsEmpty)
            input.WriteRow(at, row);
    }

    private static unsafe void RequestRow(TransitionDataset data, long index)
    {
        Prefetch.Lines(data.Observations.Pointer + (index * data.StateSize), data.StateSize * sizeof(float));
        Prefetch.Lines(data.NextObservations.Pointer + (index * data.StateSize), data.StateSize * sizeof(float));
        Prefetch.Lines(data.Actions.Pointer + (index * data.ActionSize), data.ActionSize * sizeof(float));
        Prefetch.Lines(data.Rewards.Pointer + index, sizeof(float));
        Prefetch.Lines(data.Terminated.Pointer + index, sizeof(byte));
    }
}
