namespace Ofql.Data;

/// <summary>
/// Rows as D4RL stores them: one after the other, without successors, with two kinds of end mark. Turn them into transitions
/// with <see cref="ToTransitions"/>.
/// </summary>
public sealed class RawTrajectory : IDisposable
{
    /// <summary>Observations [N, S].</summary>
    public required Column<float> Observations { get; init; }

    /// <summary>Actions [N, A].</summary>
    public required Column<float> Actions { get; init; }

    /// <summary>Rewards [N, 1].</summary>
    public required Column<float> Rewards { get; init; }

    /// <summary>1 where the task ended [N, 1].</summary>
    public required Column<byte> Terminals { get; init; }

    /// <summary>1 where only the recording of an episode was cut [N, 1]; null if the file has no such column.</summary>
    public Column<byte>? Timeouts { get; init; }

    /// <summary>Further columns under their full names, such as <c>infos/goal</c> [N, k].</summary>
    public IReadOnlyDictionary<string, Column<float>> Infos { get; init; } = new Dictionary<string, Column<float>>();

    /// <summary>What is known of the data. Keys in snake_case.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Arrays of the data as a whole under their full names, row-major, such as the weights of the behaviour policy <c>metadata/policy/fc0/weight</c> [out, in].</summary>
    public IReadOnlyDictionary<string, (long[] Shape, float[] Values)> Arrays { get; init; } = new Dictionary<string, (long[], float[])>();

    /// <summary>Number of rows N.</summary>
    public long Rows => Observations.Rows;

    /// <summary>
    /// The transitions, by the rules of D4RL's <c>qlearning_dataset</c>: the successor of a row is the next row; a timeout row is
    /// dropped, since its next row belongs to another episode; so is the last row. A terminal row is kept (its successor
    /// is never valued).
    /// </summary>
    /// <param name="maximumSteps">
    /// Used only without <see cref="Timeouts"/>: the row with this many rows of its episode counted, itself included, is a timeout.
    /// As in D4RL, counting goes on from 1 after a terminal and from 0 after a timeout. Null: there are no timeouts.
    /// </param>
    /// <returns>
    /// A dataset with memory of its own. A kept row after which the recording breaks off (before a dropped timeout row, and at
    /// the end of the data) is truncated unless it is terminated.
    /// </returns>
    /// <exception cref="OfqlException">Columns that do not agree, or no transition left.</exception>
    public TransitionDataset ToTransitions(int? maximumSteps = null)
    {
        CheckRows("actions", Actions.Rows);
        CheckRows("rewards", Rewards.Rows);
        CheckRows("terminals", Terminals.Rows);
        CheckRows("timeouts", Timeouts?.Rows ?? Rows);
        var kept = Walk(maximumSteps, null);
        if (kept == 0)
        {
            throw new OfqlException(
                $"None of the {Rows} rows is a transition: a row counts if another row follows it and it is not a timeout. "
                + "Check the timeouts column.");
        }

        var dataset = new TransitionDataset(
            Column<float>.Allocate(kept, Observations.Width),
            Column<float>.Allocate(kept, Actions.Width),
            Column<float>.Allocate(kept, 1),
            Column<float>.Allocate(kept, Observations.Width),
            Column<byte>.Allocate(kept, 1),
            Column<byte>.Allocate(kept, 1),
            Metadata);
        Walk(maximumSteps, dataset);
        return dataset;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Observations.Dispose();
        Actions.Dispose();
        Rewards.Dispose();
        Terminals.Dispose();
        Timeouts?.Dispose();
        foreach (var column in Infos.Values)
            column.Dispose();
    }

    // One walk counts, a second one with a dataset writes: the rule stands in one place.
    private long Walk(int? maximumSteps, TransitionDataset? into)
    {
        long kept = 0;
        long step = 0;
        var open = false;
        for (long row = 0; row < Rows - 1; row++)
        {
            step++;
            var timeout = Timeouts is null ? step == maximumSteps : Timeouts[row][0] != 0;
            if (timeout)
            {
                if (open)
                    MarkTruncated(into, kept - 1);
                open = false;
                step = 0;
                continue;
            }

            var terminated = Terminals[row][0] != 0;
            if (into is not null)
                CopyRow(into, row, kept, terminated);
            kept++;
            open = !terminated;
            // D4RL resets its counter at a terminal before it counts the row, so the episode after one begins at 1.
            if (terminated)
                step = 1;
        }

        if (open)
            MarkTruncated(into, kept - 1);
        return kept;
    }

    private static void MarkTruncated(TransitionDataset? dataset, long row)
    {
        if (dataset is not null)
            dataset.Truncated.Writable(row)[0] = 1;
    }

    private void CopyRow(TransitionDataset into, long row, long target, bool terminated)
    {
        Observations[row].CopyTo(into.Observations.Writable(target));
        Actions[row].CopyTo(into.Actions.Writable(target));
        Rewards[row].CopyTo(into.Rewards.Writable(target));
        Observations[row + 1].CopyTo(into.NextObservations.Writable(target));
        into.Terminated.Writable(target)[0] = terminated ? (byte)1 : (byte)0;
    }

    private void CheckRows(string name, long rows)
    {
        if (rows != Rows)
        {
            throw new OfqlException(
                $"Column '{name}' has {rows} rows; expected {Rows} as in observations. Check that the arrays belong together.");
        }
    }
}
