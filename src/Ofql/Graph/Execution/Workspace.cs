using Ofql.Kernels;

namespace Ofql.Graph.Execution;

/// <summary>
/// Memory for intermediate values, shared by all programs of a graph: only one of them runs at a time, and what one leaves
/// behind no other reads. An update of several programs then stays in a cache that would not hold them side by side.
/// A slot serves values of one <see cref="SlotShape"/> only.
/// </summary>
internal sealed unsafe class Workspace : IDisposable
{
    private readonly Dictionary<SlotShape, List<nint>> _slots = [];
    private readonly List<NativeBuffer<float>> _buffers = [];

    /// <summary>Sees to it that there are slots of these shapes, and that many of each; new ones lie side by side.</summary>
    public void Reserve(IReadOnlyDictionary<SlotShape, int> counts)
    {
        var missing = new List<(List<nint> Slots, long Offset)>();
        var total = 0L;
        foreach (var (shape, count) in counts)
        {
            if (!_slots.TryGetValue(shape, out var slots))
                _slots[shape] = slots = [];
            for (var i = slots.Count; i < count; i++)
            {
                missing.Add((slots, total));
                total += MemoryPlan.Spaced(shape.Length);
            }
        }

        if (total == 0)
            return;
        var buffer = new NativeBuffer<float>(total);
        _buffers.Add(buffer);
        foreach (var (slots, offset) in missing)
            slots.Add((nint)(buffer.Pointer + offset));
    }

    /// <summary>Slot <paramref name="index"/> of a shape.</summary>
    public float* Slot(SlotShape shape, int index) => (float*)_slots[shape][index];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in _buffers)
            buffer.Dispose();
    }
}

/// <summary>
/// What values must have in common to take turns in one slot. With rows and columns, padding columns and the cut into blocks of rows are
/// the same in all of them. A transposed weight never follows a value of the batch, of the same size by chance: it leaves its padding as it finds it
/// and needs zeros there, while the stored derivative of an activation leaves f'(0).
/// </summary>
internal readonly record struct SlotShape(int Rows, int Columns, int Length, bool Whole)
{
    public static SlotShape Of(Storage storage) => new(storage.Layout.Rows, storage.Layout.Columns, storage.Length, storage.Whole);
}
