namespace Ofql.Data;

/// <summary>
/// Transitions (s, a, r, s', terminated, truncated) as a struct of columns, in time order, episode after episode. Every row
/// has a true successor: a reader drops the rows whose successor was not recorded. An episode ends at a row that is
/// terminated (the task ended: no bootstrapping) or truncated (the recording ended: bootstrapping goes on), never implied.
/// </summary>
public sealed class TransitionDataset : IDisposable
{
    /// <summary>Assembles a dataset and checks that the columns agree.</summary>
    /// <exception cref="OfqlException">Columns of different lengths or widths, or no row.</exception>
    public TransitionDataset(
        Column<float> observations,
        Column<float> actions,
        Column<float> rewards,
        Column<float> nextObservations,
        Column<byte> terminated,
        Column<byte> truncated,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        Observations = observations;
        Actions = actions;
        Rewards = rewards;
        NextObservations = nextObservations;
        Terminated = terminated;
        Truncated = truncated;
        Metadata = metadata ?? new Dictionary<string, string>();
        Check("actions", actions.Rows, actions.Width, actions.Width);
        Check("rewards", rewards.Rows, rewards.Width, 1);
        Check("next_observations", nextObservations.Rows, nextObservations.Width, observations.Width);
        Check("terminated", terminated.Rows, terminated.Width, 1);
        Check("truncated", truncated.Rows, truncated.Width, 1);
        if (Count == 0)
            throw new OfqlException("The dataset has no transition. Expected at least one row with a recorded successor.");
    }

    /// <summary>States s [N, S].</summary>
    public Column<float> Observations { get; }

    /// <summary>Actions a [N, A], each in the task's action range.</summary>
    public Column<float> Actions { get; }

    /// <summary>Rewards r [N, 1].</summary>
    public Column<float> Rewards { get; }

    /// <summary>Successors s' [N, S].</summary>
    public Column<float> NextObservations { get; }

    /// <summary>1 where the task ended with this transition [N, 1].</summary>
    public Column<byte> Terminated { get; }

    /// <summary>1 where only the recording of the episode ended [N, 1].</summary>
    public Column<byte> Truncated { get; }

    /// <summary>What is known of the data: name, source, licence, how it was made. Keys in snake_case.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>What the numbers of a state are called [S], from the metadata's <c>observation_parts</c>; empty where the file does not say it number by number.</summary>
    public IReadOnlyList<string> ObservationParts => Parts("observation_parts", StateSize);

    /// <summary>What the numbers of an action are called [A], from <c>action_parts</c>; empty likewise.</summary>
    public IReadOnlyList<string> ActionParts => Parts("action_parts", ActionSize);

    /// <summary>Number of transitions N.</summary>
    public long Count => Observations.Rows;

    /// <summary>Size of a state S.</summary>
    public int StateSize => Observations.Width;

    /// <summary>Size of an action A.</summary>
    public int ActionSize => Actions.Width;

    /// <inheritdoc/>
    public void Dispose()
    {
        Observations.Dispose();
        Actions.Dispose();
        Rewards.Dispose();
        NextObservations.Dispose();
        Terminated.Dispose();
        Truncated.Dispose();
    }

    private IReadOnlyList<string> Parts(string key, int size) => Metadata.GetValueOrDefault(key) is { } text && PartNames.Split(text) is { } parts && parts.Count == size ? parts : [];

    private void Check(string name, long rows, int width, int expectedWidth)
    {
        if (rows != Count || width != expectedWidth)
        {
            throw new OfqlException(
                $"Column '{name}' is {rows} x {width}; expected {Count} x {expectedWidth} to agree with observations. "
                + "Check that the file's arrays belong together.");
        }
    }
}
