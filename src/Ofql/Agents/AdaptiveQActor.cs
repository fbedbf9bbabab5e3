using Ofql.Kernels.Randomness;
using Ofql.Partitions;

namespace Ofql.Agents;

/// <summary>
/// Acts by a partition: chooses a cell among those that hold the state, and in it an action uniformly. Greedy: the cell of largest Q. With a
/// temperature tau: cell i with probability proportional to exp(Q_i / (tau max |Q|)), decided by the uniform number. The noise z of an action
/// entry becomes the share Phi(scale z) of the way through the cell: uniform as trained, the middle of the cell for a noise scale of 0.
/// </summary>
internal sealed class AdaptiveQActor : IActor
{
    private readonly AdaptivePartition _partition;
    private readonly UnitCube _cube;
    private readonly float _noiseScale;
    private readonly Func<double>? _temperature;
    private readonly int[] _steps;
    private readonly uint[] _state;
    private readonly uint[] _corner;
    private int[] _cells = new int[64];

    /// <param name="partition">Q, as it is at each call.</param>
    /// <param name="cube">Between the task's units and the partition's.</param>
    /// <param name="noiseScale">Factor on the noise.</param>
    /// <param name="capacity">Most states per call.</param>
    /// <param name="temperature">tau, as it is at each call; null acts greedily.</param>
    public AdaptiveQActor(AdaptivePartition partition, UnitCube cube, float noiseScale, int capacity, Func<double>? temperature = null)
    {
        _partition = partition;
        _cube = cube;
        _noiseScale = noiseScale;
        _temperature = temperature;
        Capacity = capacity;
        _steps = partition.Trees > 1 ? new int[capacity] : [];
        _state = new uint[StateSize];
        _corner = new uint[ActionSize];
    }

    public int StateSize => _cube.Shift.Length;

    public int ActionSize => _cube.ActionLow.Length;

    public int Capacity { get; }

    public int NoisePerState => ActionSize;

    public Span<int> Steps => _steps;

    public void Act(int count, ReadOnlySpan<float> states, ReadOnlySpan<float> noise, ReadOnlySpan<float> uniforms, Span<float> actions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        for (var i = 0; i < count; i++)
        {
            _cube.State(states.Slice(i * StateSize, StateSize), _state);
            var tree = _steps.Length == 0 ? 0 : Math.Min(_steps[i], _partition.Trees - 1);
            var cell = _temperature is null ? _partition.Best(tree, _state) : Choose(tree, _temperature(), uniforms[i]);
            var depth = _partition.ActionCorner(cell, _corner);
            for (var j = 0; j < ActionSize; j++)
            {
                var entry = (i * ActionSize) + j;
                actions[entry] = _cube.ActionAt(j, _corner[j], depth, NormalShare((double)_noiseScale * noise[entry]));
            }
        }
    }

    public void Dispose()
    {
    }

    /// <summary>Phi, the share of standard normal numbers below z, to 1e-7 (Abramowitz and Stegun 1964, 26.2.17).</summary>
    internal static double NormalShare(double z)
    {
        if (z > 0)
            return 1 - NormalShare(-z);
        var t = 1 / (1 - (0.2316419 * z));
        var series = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return z == 0 ? 0.5 : Math.Exp(-0.5 * z * z) / Math.Sqrt(2 * Math.PI) * series;
    }

    /// <summary>The cell whose cumulative probability is the first to exceed the uniform number.</summary>
    private int Choose(int tree, double temperature, float uniform)
    {
        var count = _partition.List(tree, _state, ref _cells);
        double largest = 0, best = double.NegativeInfinity, total = 0;
        for (var i = 0; i < count; i++)
        {
            largest = Math.Max(largest, Math.Abs(_partition.Value(_cells[i])));
            best = Math.Max(best, _partition.Value(_cells[i]));
        }

        var factor = largest == 0 ? 0 : 1 / (largest * temperature);
        for (var i = 0; i < count; i++)
            total += Math.Exp((_partition.Value(_cells[i]) - best) * factor);
        double cumulative = 0;
        for (var i = 0; i < count - 1; i++)
        {
            cumulative += Math.Exp((_partition.Value(_cells[i]) - best) * factor) / total;
            if (cumulative > uniform)
                return _cells[i];
        }

        return _cells[count - 1];
    }
}
