using System.Diagnostics;
using Ofql.Agents;
using Ofql.Data;
using Ofql.Graph.Execution;

namespace Ofql.Cli.Bench;

/// <summary>One reading of an agent's updates beside the peak of its own moment.</summary>
/// <param name="Peak">GFLOP/s, measured right before.</param>
/// <param name="Rate">Updates per second.</param>
/// <param name="GigaFlop">Work of one update, as executed, a multiply-add counting two.</param>
internal readonly record struct UpdateRound(double Peak, double Rate, double GigaFlop)
{
    /// <summary>Work / time / peak.</summary>
    public double Share => GigaFlop * Rate / Peak;
}

/// <summary>An agent on given data and threads, and the time its updates take.</summary>
internal sealed class UpdateMeter : IDisposable
{
    // Tiered compilation waits 100 ms for quiet and then compiles in the background.
    private const double WarmUpSeconds = 0.6;
    private const double RewarmSeconds = 0.05;

    private readonly ProgramAgent _agent;

    public UpdateMeter(Func<AgentContext, ProgramAgent> create, TransitionDataset data, int threads)
    {
        Threads = threads;
        var (low, high) = (new float[data.ActionSize], new float[data.ActionSize]);
        Array.Fill(low, -1f);
        Array.Fill(high, 1f);
        _agent = create(new AgentContext(data, low, high, Seed: 0, threads, PlannedUpdates: 1_000_000));
        RunFor(WarmUpSeconds);
    }

    public int Threads { get; }

    /// <summary>Updates per second over about <paramref name="seconds"/>, with this agent's memory in the caches and its workers awake.</summary>
    public double Rate(double seconds) => RateAndWork(seconds).Rate;

    /// <summary>Updates per second as <see cref="Rate"/>, and the multiply-adds of one, as executed.</summary>
    public (double Rate, double MultiplyAdds) RateAndWork(double seconds)
    {
        RunFor(Math.Min(RewarmSeconds, seconds / 4));
        var (work, step) = (_agent.MultiplyAdds, _agent.Step);
        var rate = RunFor(seconds);
        return (rate, (_agent.MultiplyAdds - work) / (double)(_agent.Step - step));
    }

    /// <summary>The peak, then the rate: a slow moment of the machine is in both.</summary>
    public UpdateRound Round(BenchOptions options)
    {
        var peak = PeakMeter.Measure(Threads, options.PeakSeconds);
        var (rate, multiplyAdds) = RateAndWork(options.Seconds);
        return new UpdateRound(peak, rate, 2e-9 * multiplyAdds);
    }

    /// <summary>Seconds of <paramref name="count"/> updates.</summary>
    public double Time(int count)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
            _agent.Update();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Managed bytes allocated per update, by all threads.</summary>
    public double AllocatedBytes(int updates)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < updates; i++)
            _agent.Update();
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)updates;
    }

    /// <exception cref="OfqlException">The losses are no numbers any more: such updates take another time than healthy ones.</exception>
    public void CheckHealth()
    {
        var metrics = new float[_agent.MetricNames.Count];
        _agent.ReadMetrics(metrics);
        for (var i = 0; i < metrics.Length; i++)
        {
            if (!float.IsFinite(metrics[i]))
                throw new OfqlException($"The benchmark's '{_agent.MetricNames[i]}' is {metrics[i]} after {_agent.Step} updates: its times mean nothing. Measure for a shorter time.");
        }
    }

    public IActor CreateActor(ActingOptions options, int capacity = 1) => _agent.CreateActor(options, capacity);

    /// <summary>Time of every instruction of an update on one thread.</summary>
    public IReadOnlyList<InstructionTiming> Profile(int repeats)
    {
        _agent.Profile(Math.Max(1, repeats / 4));
        return _agent.Profile(repeats);
    }

    public void Dispose() => _agent.Dispose();

    private double RunFor(double seconds)
    {
        var count = 0;
        var start = Stopwatch.GetTimestamp();
        double elapsed;
        do
        {
            _agent.Update();
            count++;
            elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        while (elapsed < seconds);
        return count / elapsed;
    }
}
