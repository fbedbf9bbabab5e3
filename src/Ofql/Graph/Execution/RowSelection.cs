namespace Ofql.Graph.Execution;

/// <summary>A run of rows of a weight: inputs <paramref name="First"/> .. <paramref name="First"/> + <paramref name="Count"/> - 1 of a layer.</summary>
internal readonly record struct RowRun(int First, int Count);

/// <summary>Some of a weight's rows, in their order: the inputs of a layer that a product is taken over.</summary>
internal sealed class RowSelection : IEquatable<RowSelection>
{
    private RowSelection(RowRun[] runs)
    {
        Runs = runs;
        Places = new (RowRun, int)[runs.Length];
        foreach (var (i, run) in runs.Index())
        {
            Places[i] = (run, Count);
            Count += run.Count;
        }
    }

    public RowRun[] Runs { get; }

    /// <summary>The runs, each with its first row among the selected ones.</summary>
    public (RowRun Run, int At)[] Places { get; }

    /// <summary>Rows in all.</summary>
    public int Count { get; }

    /// <summary>The rows of these runs, neighbours joined; null where they are all <paramref name="rows"/> rows of the weight.</summary>
    public static RowSelection? Of(IEnumerable<RowRun> runs, int rows)
    {
        var joined = new List<RowRun>();
        foreach (var run in runs)
        {
            if (joined.Count > 0 && joined[^1].First + joined[^1].Count == run.First)
                joined[^1] = joined[^1] with { Count = joined[^1].Count + run.Count };
            else
                joined.Add(run);
        }

        return joined is [{ First: 0 } only] && only.Count == rows ? null : new RowSelection(joined.ToArray());
    }

    public bool Equals(RowSelection? other) => other is not null && Runs.AsSpan().SequenceEqual(other.Runs);

    public override bool Equals(object? obj) => Equals(obj as RowSelection);

    public override int GetHashCode() => Runs.Aggregate(17, HashCode.Combine);
}
