using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Randomness;

namespace Ofql.Data;

/// <summary>
/// The inputs of a program that a batch of windows goes to: m consecutive transitions of one episode, from s_t to s_(t+m), m at most k.
/// A window is shorter than k where its episode ends before: then it reaches to the episode's last state.
/// </summary>
/// <param name="First">The first transition of the window, (s_t, a_t, r_t, mask, s_(t+1)).</param>
/// <param name="Reward">sum over i below m of gamma^i r_(t+i) [B, 1], of transformed rewards.</param>
/// <param name="Discount">gamma^m [B, 1]; 0 where the task terminated within the window: no value follows.</param>
/// <param name="End">s_(t+m) [B, S], normalised.</param>
/// <param name="NextEnd">End of the window that begins at s_(t+1) [B, S]; the episode's last state where there is no further one.</param>
public sealed record WindowInputs(BatchInputs First, InputNode Reward, InputNode Discount, InputNode End, InputNode NextEnd)
{
    /// <summary>All of them.</summary>
    public InputNode[] All => [.. First.All, Reward, Discount, End, NextEnd];

    /// <summary>The inputs of a batch of windows of a dataset's sizes.</summary>
    public static WindowInputs Create(Graph.Graph graph, int stateSize, int actionSize) => new(
        BatchInputs.Create(graph, stateSize, actionSize),
        graph.Input("window_reward", 1), graph.Input("window_discount", 1), graph.Input("window_end", stateSize), graph.Input("next_window_end", stateSize));
}

/// <summary>A window by its rows.</summary>
/// <param name="Last">Row of its last transition.</param>
/// <param name="NextLast">Row of the last transition of the window that begins one step later.</param>
/// <param name="Length">m.</param>
/// <param name="Reward">Discounted sum of its transformed rewards.</param>
/// <param name="Discount">gamma^m, or 0.</param>
public readonly record struct Window(long Last, long NextLast, int Length, float Reward, float Discount);

/// <summary>
/// Draws windows whose first transitions are drawn by a <see cref="BatchSource"/>: uniformly, one counter per row, the same rows from the
/// same stream. A window ends with its k-th transition, or before that with one that terminated (no value follows), was truncated, or is
/// the last there is (a value does follow, after gamma^m). It never crosses the end of an episode, so it trusts the end marks: data
/// without them (<see cref="DataReport.Discontinuities"/> counts where) make no sense here.
/// </summary>
/// <param name="pool">What <paramref name="batch"/> draws from.</param>
/// <param name="batch">Draws and gathers the first transitions.</param>
/// <param name="inputs">Where windows go; <paramref name="batch"/> fills its first part.</param>
/// <param name="steps">k.</param>
/// <param name="discount">gamma.</param>
/// <param name="states">Applied to states.</param>
/// <param name="rewards">Applied to rewards.</param>
public sealed class WindowSource(
    TransitionPool pool, BatchSource batch, WindowInputs inputs, int steps, double discount, Normalizer states, RewardTransform rewards) : IStreamSource
{
    /// <inheritdoc/>
    public RandomStream Stream => batch.Stream;

    /// <inheritdoc/>
    public ulong CountersPerRun => batch.CountersPerRun;

    /// <inheritdoc/>
    public IReadOnlyList<InputNode> Inputs => inputs.All;

    /// <inheritdoc/>
    public void Fill(int first, int end)
    {
        batch.Fill(first, end);
        Span<float> state = stackalloc float[inputs.End.Columns];
        for (var row = first; row < end; row++)
        {
            var data = pool.TableOf(row, inputs.End.Rows);
            var window = WindowOf(row);
            inputs.Reward.WriteNumber(row, window.Reward);
            inputs.Discount.WriteNumber(row, window.Discount);
            states.Apply(data.NextObservations[window.Last], state);
            inputs.End.WriteRow(row, state);
            states.Apply(data.NextObservations[window.NextLast], state);
            inputs.NextEnd.WriteRow(row, state);
        }
    }

    /// <summary>The window that batch row <paramref name="row"/> of the next run will hold.</summary>
    public Window WindowOf(int row)
    {
        var data = pool.TableOf(row, inputs.End.Rows);
        var index = batch.IndexOf(row);
        var (sum, factor) = (0.0, 1.0);
        for (var length = 1; ; length++)
        {
            sum += factor * rewards.Apply(data.Rewards[index][0]);
            factor *= discount;
            if (data.Terminated[index][0] != 0)
                return new Window(index, index, length, (float)sum, 0f);
            var next = data.Truncated[index][0] != 0 ? -1 : pool.RowAfter(index, row, inputs.End.Rows);
            if (next < 0 || length == steps)
                return new Window(index, next < 0 ? index : next, length, (float)sum, (float)factor);
            index = next;
        }
    }
}
