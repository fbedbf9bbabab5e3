using Ofql.Agents;

namespace Ofql.Training;

/// <summary>
/// Sums of the metrics since the last logged row. Part of the checkpointed state (the bits of its doubles as integers), so
/// that a run killed in the middle of a window logs the same row after resuming.
/// </summary>
internal sealed class MetricWindow
{
    private readonly double[] _sums;
    private readonly double[] _means;

    internal MetricWindow(IReadOnlyList<string> names)
    {
        Names = names;
        Last = new float[names.Count];
        _sums = new double[names.Count];
        _means = new double[names.Count];
        var integers = new List<StateInteger> { new("training/window/updates", () => Count, value => Count = value) };
        for (var i = 0; i < names.Count; i++)
        {
            var index = i;
            integers.Add(new StateInteger(
                $"training/window/{names[i]}",
                () => BitConverter.DoubleToInt64Bits(_sums[index]),
                bits => _sums[index] = BitConverter.Int64BitsToDouble(bits)));
        }

        Integers = integers;
    }

    internal IReadOnlyList<string> Names { get; }

    internal IReadOnlyList<StateInteger> Integers { get; }

    internal float[] Last { get; }

    internal long Count { get; private set; }

    /// <summary>Adds <see cref="Last"/> to the sums.</summary>
    internal void Accumulate()
    {
        for (var i = 0; i < _sums.Length; i++)
            _sums[i] += Last[i];
        Count++;
    }

    /// <summary>The means of the window.</summary>
    internal ReadOnlySpan<double> Means()
    {
        for (var i = 0; i < _sums.Length; i++)
            _means[i] = _sums[i] / Math.Max(1, Count);
        return _means;
    }

    internal void Clear()
    {
        Array.Clear(_sums);
        Count = 0;
    }
}
