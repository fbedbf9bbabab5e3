namespace Ofql.Graph.Execution;

/// <summary>
/// Orders instructions into phases. Instructions of a row phase run one after the other on each block of rows, so anything
/// that depends row by row may share a phase; what needs all rows waits for the next barrier.
/// </summary>
internal static class Schedule
{
    public static Phase[] Build(IReadOnlyList<Instruction> instructions)
    {
        var predecessors = Dependencies(instructions);
        var phaseOf = new int[instructions.Count];
        Array.Fill(phaseOf, -1);
        var phases = new List<Phase>();
        var done = 0;
        while (done < instructions.Count)
        {
            var kind = phases.Count == 0 ? FirstKind(instructions, predecessors) : NextKind(instructions, predecessors, phaseOf);
            var chosen = Collect(instructions, predecessors, phaseOf, kind, phases.Count);
            done += chosen.Count;
            phases.Add(new Phase(kind, chosen.ToArray()));
        }

        return phases.ToArray();
    }

    /// <summary>Read after write, write after read and write after write, in the order of emission.</summary>
    private static List<int>[] Dependencies(IReadOnlyList<Instruction> instructions)
    {
        var result = new List<int>[instructions.Count];
        var lastWriter = new Dictionary<Storage, int>();
        var readers = new Dictionary<Storage, List<int>>();
        for (var i = 0; i < instructions.Count; i++)
        {
            var before = new SortedSet<int>();
            foreach (var storage in instructions[i].Reads.Concat(instructions[i].Writes))
            {
                if (lastWriter.TryGetValue(storage, out var writer))
                    before.Add(writer);
            }

            foreach (var storage in instructions[i].Writes)
            {
                if (readers.TryGetValue(storage, out var list))
                    before.UnionWith(list);
            }

            foreach (var storage in instructions[i].Reads)
            {
                if (!readers.TryGetValue(storage, out var list))
                    readers[storage] = list = [];
                list.Add(i);
            }

            foreach (var storage in instructions[i].Writes)
            {
                lastWriter[storage] = i;
                readers.Remove(storage);
            }

            before.Remove(i);
            result[i] = before.ToList();
        }

        return result;
    }

    /// <summary>Tasks that wait for nothing (transposed weights) go first, so that they do not interrupt the rows later.</summary>
    private static WorkKind FirstKind(IReadOnlyList<Instruction> instructions, List<int>[] predecessors)
    {
        for (var i = 0; i < instructions.Count; i++)
        {
            if (instructions[i].Kind == WorkKind.Tasks && predecessors[i].Count == 0)
                return WorkKind.Tasks;
        }

        return NextKind(instructions, predecessors, Enumerable.Repeat(-1, instructions.Count).ToArray());
    }

    /// <summary>Numbers first where rows wait for them, so that the rows need not be interrupted; then rows, then tasks, so that later numbers gather in one phase.</summary>
    private static WorkKind NextKind(IReadOnlyList<Instruction> instructions, List<int>[] predecessors, int[] phaseOf)
    {
        var ready = new HashSet<WorkKind>();
        for (var i = 0; i < instructions.Count; i++)
        {
            if (phaseOf[i] < 0 && predecessors[i].TrueForAll(p => phaseOf[p] >= 0))
                ready.Add(instructions[i].Kind);
        }

        if (ready.Contains(WorkKind.Single) && RowsWaitForSingles(instructions, predecessors, phaseOf))
            return WorkKind.Single;
        if (ready.Contains(WorkKind.Rows))
            return WorkKind.Rows;
        return ready.Contains(WorkKind.Tasks) ? WorkKind.Tasks : WorkKind.Single;
    }

    private static bool RowsWaitForSingles(IReadOnlyList<Instruction> instructions, List<int>[] predecessors, int[] phaseOf)
    {
        var without = (int[])phaseOf.Clone();
        Collect(instructions, predecessors, without, WorkKind.Rows, phase: int.MaxValue - 1);
        var trial = (int[])phaseOf.Clone();
        Collect(instructions, predecessors, trial, WorkKind.Single, phase: int.MaxValue);
        for (var i = 0; i < instructions.Count; i++)
        {
            // A row instruction that the numbers set free and that no row phase now would reach.
            if (without[i] < 0 && trial[i] < 0 && instructions[i].Kind == WorkKind.Rows && predecessors[i].TrueForAll(p => trial[p] >= 0 || without[p] >= 0))
                return true;
        }

        return false;
    }

    private static List<Instruction> Collect(
        IReadOnlyList<Instruction> instructions, List<int>[] predecessors, int[] phaseOf, WorkKind kind, int phase)
    {
        var chosen = new List<Instruction>();
        for (var i = 0; i < instructions.Count; i++)
        {
            if (phaseOf[i] >= 0 || instructions[i].Kind != kind || !predecessors[i].TrueForAll(MayPrecede))
                continue;
            phaseOf[i] = phase;
            chosen.Add(instructions[i]);

            bool MayPrecede(int p) =>
                phaseOf[p] >= 0 && (phaseOf[p] < phase || kind != WorkKind.Tasks || SamePartition(instructions[p], instructions[i]));
        }

        return chosen;
    }

    /// <summary>
    /// Two task instructions may follow each other without a barrier when task i of one touches only what task i of the other
    /// touches: both are cut by the same rule, or write the same storages with the same number of tasks.
    /// </summary>
    private static bool SamePartition(Instruction a, Instruction b) => a.IsCutLike(b) || (a.TaskCount == b.TaskCount && WriteTheSame(a, b));

    private static bool WriteTheSame(Instruction a, Instruction b) => a.Writes.Length == b.Writes.Length && a.Writes.AsSpan().SequenceEqual(b.Writes) && !a.Writes.Intersect(b.Reads).Any();
}
