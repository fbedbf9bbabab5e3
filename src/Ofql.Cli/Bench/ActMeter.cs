using System.Diagnostics;
using Ofql.Agents;
using Ofql.Data;
using Ofql.Kernels.Randomness;

namespace Ofql.Cli.Bench;

/// <summary>Times single calls of a policy for one state, as a service makes them: another state and other noise each time.</summary>
internal sealed class ActMeter : IDisposable
{
    private const int Draws = 1024;
    private const double WarmUpSeconds = 0.5;

    private readonly IActor _actor;
    private readonly TransitionDataset _data;
    private readonly float[] _noise;
    private readonly float[] _uniform = [0.5f];
    private readonly float[] _action;

    public ActMeter(IActor actor, TransitionDataset data)
    {
        _actor = actor;
        _data = data;
        _noise = new float[Draws * actor.NoisePerState];
        _action = new float[actor.ActionSize];
        Noise.FillNormal(new RandomStream(0, "bench acting"), _noise);
        var clock = Stopwatch.StartNew();
        for (var i = 0; clock.Elapsed.TotalSeconds < WarmUpSeconds; i++)
            Act(i);
    }

    /// <summary>Median and 99th percentile in microseconds, and managed bytes per call.</summary>
    public (double Median, double P99, double Bytes) Measure(int calls)
    {
        var ticks = new long[calls];
        for (var i = 0; i < calls / 10; i++)
            Act(i);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < calls; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Act(i);
            ticks[i] = Stopwatch.GetTimestamp() - start;
        }

        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)calls;
        Array.Sort(ticks);
        return (Microseconds(ticks[calls / 2]), Microseconds(ticks[(int)(calls * 0.99)]), bytes);
    }

    public void Dispose() => _actor.Dispose();

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private void Act(int call) => _actor.Act(
        1, _data.Observations[call % _data.Count], _noise.AsSpan(call % Draws * _actor.NoisePerState, _actor.NoisePerState), _uniform, _action);
}
