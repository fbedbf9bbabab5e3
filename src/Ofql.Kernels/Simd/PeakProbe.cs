using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ofql.Kernels.Simd;

/// <summary>Measures the machine's float32 multiply-add peak in the vector width that the kernels use.</summary>
public static class PeakProbe
{
    private const int Chains = 12;

    /// <summary>
    /// Work per second of <see cref="Chains"/> independent chains of multiply-adds in registers, which hide the latency of two
    /// units of four cycles. The chains converge to a fixed point, so no number overflows or becomes denormal.
    /// </summary>
    /// <param name="seconds">About how long to measure.</param>
    /// <returns>GFLOP/s of the calling thread, a multiply-add counting two.</returns>
    public static double Measure(double seconds)
    {
        const int Repeats = 200_000;
        Burst(Repeats);
        double best = 0;
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            var start = Stopwatch.GetTimestamp();
            var lanes = Burst(Repeats);
            var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
            best = Math.Max(best, 2.0 * Chains * lanes * Repeats / elapsed / 1e9);
        }

        return best;
    }

    /// <summary>Keeps the results alive.</summary>
    public static float Sink { get; private set; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Burst(int repeats)
    {
        if (Vector512.IsHardwareAccelerated)
            return Chain<Lanes512>(repeats);
        return Vector256.IsHardwareAccelerated ? Chain<Lanes256>(repeats) : Chain<Lanes128>(repeats);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Chain<T>(int repeats)
        where T : unmanaged, ILanes<T>
    {
        T x = T.Create(0.5f), y = T.Create(0.25f);
        T a = T.Create(1f), b = T.Create(2f), c = T.Create(3f), d = T.Create(4f), e = T.Create(5f), f = T.Create(6f);
        T g = T.Create(7f), h = T.Create(8f), i = T.Create(9f), j = T.Create(10f), k = T.Create(11f), l = T.Create(12f);
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            a = T.MultiplyAdd(a, x, y);
            b = T.MultiplyAdd(b, x, y);
            c = T.MultiplyAdd(c, x, y);
            d = T.MultiplyAdd(d, x, y);
            e = T.MultiplyAdd(e, x, y);
            f = T.MultiplyAdd(f, x, y);
            g = T.MultiplyAdd(g, x, y);
            h = T.MultiplyAdd(h, x, y);
            i = T.MultiplyAdd(i, x, y);
            j = T.MultiplyAdd(j, x, y);
            k = T.MultiplyAdd(k, x, y);
            l = T.MultiplyAdd(l, x, y);
        }

        Sink = T.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
        return T.Count;
    }
}
