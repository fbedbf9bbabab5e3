using Ofql.Kernels;

namespace Ofql.Graph.Execution;

/// <summary>
/// Gives every storage its place. Storages of one shape whose lives do not overlap share memory, which keeps a target
/// network's pass within the cache, and so do the programs of a graph (<see cref="Workspace"/>). Only equal shapes share: then a
/// block of rows is the same memory in both, and row phases stay free of hazards between blocks and threads.
/// </summary>
internal static unsafe class MemoryPlan
{
    /// <summary>Places all storages. What must outlive the run lies in the memory that is returned, the rest in the workspace.</summary>
    public static ProgramMemory Build(IReadOnlyList<Storage> storages, Phase[] phases, Workspace? workspace)
    {
        var lives = Lives(phases);
        var living = storages.Where(lives.ContainsKey).OrderBy(storage => lives[storage].First).ToList();
        var own = PlaceAlone(living.Where(storage => workspace is null || storage.Pinned).ToList());
        var shared = workspace is null ? 0 : PlaceInTurns(living.Where(storage => !storage.Pinned).ToList(), lives, workspace);
        return new ProgramMemory(own, shared);
    }

    /// <summary>Floats that a block takes: blocks start on cache lines, and not all on the same set of the cache. A kernel of one row clears whole panels: of a value of one column it writes into the room after it.</summary>
    public static long Spaced(int length) => ((length + 15L) / 16 * 16) + 16;

    private static NativeBuffer<float> PlaceAlone(List<Storage> storages)
    {
        var memory = new NativeBuffer<float>(storages.Sum(storage => Spaced(storage.Length)));
        var offset = 0L;
        foreach (var storage in storages)
        {
            storage.Pointer = memory.Pointer + offset;
            offset += Spaced(storage.Length);
        }

        return memory;
    }

    /// <returns>Floats of the slots that were taken.</returns>
    private static long PlaceInTurns(List<Storage> storages, Dictionary<Storage, (int First, int Last)> lives, Workspace workspace)
    {
        var slotOf = new Dictionary<Storage, int>();
        var freeAfter = new Dictionary<SlotShape, List<int>>();
        foreach (var storage in storages)
        {
            var (first, last) = lives[storage];
            var shape = SlotShape.Of(storage);
            if (!freeAfter.TryGetValue(shape, out var slots))
                freeAfter[shape] = slots = [];
            var slot = slots.FindIndex(end => end < first);
            if (slot < 0)
            {
                slot = slots.Count;
                slots.Add(last);
            }

            slots[slot] = last;
            slotOf[storage] = slot;
        }

        workspace.Reserve(freeAfter.ToDictionary(pair => pair.Key, pair => pair.Value.Count));
        foreach (var (storage, slot) in slotOf)
            storage.Pointer = workspace.Slot(SlotShape.Of(storage), slot);
        return freeAfter.Sum(pair => pair.Value.Count * Spaced(pair.Key.Length));
    }

    /// <summary>First and last use of each storage, counted in instructions of the scheduled order.</summary>
    private static Dictionary<Storage, (int First, int Last)> Lives(Phase[] phases)
    {
        var lives = new Dictionary<Storage, (int First, int Last)>();
        var time = 0;
        foreach (var phase in phases)
        {
            // Blocks of rows interleave the instructions of a row phase, tasks run side by side: only values that every
            // instruction touches at its own rows may take turns within a phase.
            int start = time, end = time + phase.Instructions.Length + 1;
            foreach (var instruction in phase.Instructions)
            {
                time++;
                foreach (var storage in instruction.Reads.Concat(instruction.Writes))
                {
                    var byRows = phase.Kind == WorkKind.Rows && !storage.Whole;
                    var (first, last) = byRows ? (time, time) : (start, end);
                    lives[storage] = lives.TryGetValue(storage, out var life) ? (Math.Min(life.First, first), Math.Max(life.Last, last)) : (first, last);
                }
            }

            time = end + 1;
        }

        return lives;
    }
}

/// <summary>Where the values of a program lie.</summary>
/// <param name="Own">What can be read after a run.</param>
/// <param name="SharedLength">Floats of the graph's workspace that a run uses.</param>
internal readonly record struct ProgramMemory(NativeBuffer<float> Own, long SharedLength);
