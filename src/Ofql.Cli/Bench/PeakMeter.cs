using Ofql.Kernels.Simd;

namespace Ofql.Cli.Bench;

/// <summary>The float32 multiply-add peak of several threads at once.</summary>
internal static class PeakMeter
{
    /// <summary>GFLOP/s of <paramref name="threads"/> probes that run at the same time, summed.</summary>
    public static double Measure(int threads, double seconds) => SideBySide.Sum(threads, _ => PeakProbe.Measure(seconds));
}
