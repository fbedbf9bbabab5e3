using Ofql.Kernels;

namespace Ofql.Graph.Execution;

/// <summary>
/// Gives every storage its place. Storages of one shape whose lives do not overlap share memory, which keeps a target
/// network's pass within the cache. Only equal shapes share: then a block of rows is the same memory in both, and row phases
/// stay free of hazards between blocks and threads.
/// </summary>
internal static unsafe class MemoryPlan
{
    public static NativeBuffer<float> Build(IReadOnlyList<Storage> storages, Phase[] phases, bool share)
    {
        var lives = Lives(phases);
        var offsets = new Dictionary<Storage, long>();
        var free = new Dictionary<(int Rows, int Columns, int Length), List<(long Offset, int FreeAfter)>>();
        var total = 0L;
        foreach (var storage in storages.Where(lives.ContainsKey).OrderBy(storage => lives[storage].First))
        {
            var (first, last) = lives[storage];
            var key = (storage.Layout.StoredRows, storage.Layout.Columns, storage.Length);
            if (!free.TryGetValue(key, out var slots))
                free[key] = slots = [];
            var reuse = share && !storage.Pinned ? slots.FindIndex(slot => slot.FreeAfter < first) : -1;
            if (reuse >= 0)
            {
                offsets[storage] = slots[reuse].Offset;
                slots[reuse] = (slots[reuse].Offset, last);
                continue;
            }

            offsets[storage] = total;
            slots.Add((total, storage.Pinned ? int.MaxValue : last));
            // Blocks start on cache lines, and not all on the same set of the cache.
            total += ((storage.Length + 15L) / 16 * 16) + 16;
        }

        var memory = new NativeBuffer<float>(total);
        foreach (var (storage, offset) in offsets)
            storage.Pointer = memory.Pointer + offset;
        return memory;
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
