using Ofql.Kernels.Simd;

namespace Ofql.Cli.Bench;

/// <summary>The float32 multiply-add peak of several threads at once.</summary>
internal static class PeakMeter
{
    /// <summary>GFLOP/s of <paramref name="threads"/> probes that run at the same time, summed.</summary>
    public static double Measure(int threads, double seconds)
    {
        if (threads == 1)
            return PeakProbe.Measure(seconds);
        var peaks = new double[threads];
        using var start = new Barrier(threads);
        var team = new Thread[threads - 1];
        for (var i = 0; i < team.Length; i++)
        {
            var member = i + 1;
            team[i] = new Thread(() => Probe(member)) { IsBackground = true };
            team[i].Start();
        }

        Probe(0);
        foreach (var thread in team)
            thread.Join();
        return peaks.Sum();

        void Probe(int member)
        {
            start.SignalAndWait();
            peaks[member] = PeakProbe.Measure(seconds);
        }
    }
}
