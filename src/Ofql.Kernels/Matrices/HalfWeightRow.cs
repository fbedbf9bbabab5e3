using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// y = x W + b for one row and weights of two bytes (<see cref="HalfWeights"/>): half of what <see cref="SingleRow"/> reads, which is what that one waits
/// for. Sums are float32, taken in another order: no bits are shared with products of a batch.
/// </summary>
public static unsafe class HalfWeightRow
{
    // As in SingleRow: half a kilobyte of a panel in one piece.
    private const int StepsInTurn = 8;

    /// <summary>y [N] from x [K], words of W [K, N] and a bias [N] or null; x, y and bias padded to whole panels. Padding of y is undefined.</summary>
    /// <param name="x">x [K].</param>
    /// <param name="k">K.</param>
    /// <param name="words">Words of W.</param>
    /// <param name="panels">Panels of W.</param>
    /// <param name="bias">b [N], or null.</param>
    /// <param name="y">y [N].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(float* x, int k, float* words, int panels, float* bias, float* y)
    {
        var stride = HalfWeights.PanelStride(k);
        var panel = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; panel + 8 <= panels; panel += 8)
                EightPanels(x, k, words + (panel * stride), stride, BiasOf(bias, panel), y + (panel * PanelLayout.PanelWidth));
        }

        for (; panel < panels; panel++)
        {
            float* from = words + (panel * stride), start = BiasOf(bias, panel), to = y + (panel * PanelLayout.PanelWidth);
            if (Vector512.IsHardwareAccelerated)
                OnePanel<Lanes512>(x, k, from, start, to);
            else if (Vector256.IsHardwareAccelerated)
                OnePanel<Lanes256>(x, k, from, start, to);
            else
                OnePanel<Lanes128>(x, k, from, start, to);
        }
    }

    private static float* BiasOf(float* bias, int panel) => bias == null ? null : bias + (panel * PanelLayout.PanelWidth);

    /// <summary>256 outputs at once, in sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightPanels(float* x, int k, float* w, nint stride, float* bias, float* y)
    {
        Vector512<float> a0 = default, b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0, a3 = a0, b3 = a0, a4 = a0, b4 = a0, a5 = a0, b5 = a0, a6 = a0, b6 = a0, a7 = a0, b7 = a0;
        var end = x + k;
        while (x < end)
        {
            var steps = (int)Math.Min(StepsInTurn, end - x);
            Steps(x, steps, w, ref a0, ref b0);
            Steps(x, steps, w + stride, ref a1, ref b1);
            Steps(x, steps, w + (2 * stride), ref a2, ref b2);
            Steps(x, steps, w + (3 * stride), ref a3, ref b3);
            Steps(x, steps, w + (4 * stride), ref a4, ref b4);
            Steps(x, steps, w + (5 * stride), ref a5, ref b5);
            Steps(x, steps, w + (6 * stride), ref a6, ref b6);
            Steps(x, steps, w + (7 * stride), ref a7, ref b7);
            x += steps;
            w += steps * HalfWeights.PanelWords;
        }

        Store(y, bias, 0, a0, b0);
        Store(y, bias, 1, a1, b1);
        Store(y, bias, 2, a2, b2);
        Store(y, bias, 3, a3, b3);
        Store(y, bias, 4, a4, b4);
        Store(y, bias, 5, a5, b5);
        Store(y, bias, 6, a6, b6);
        Store(y, bias, 7, a7, b7);
    }

    /// <summary>Some steps of the sums of one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Steps(float* x, int steps, float* w, ref Vector512<float> a, ref Vector512<float> b)
    {
        Vector512<float> first = a, second = b;
        for (var i = 0; i < steps; i++)
        {
            var v = Vector512.Create(x[i]);
            var words = Vector512.Load(w);
            first = Vector512.MultiplyAddEstimate(v, (words.AsInt32() << 16).AsSingle(), first);
            second = Vector512.MultiplyAddEstimate(v, words, second);
            w += HalfWeights.PanelWords;
        }

        (a, b) = (first, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, float* bias, int panel, Vector512<float> a, Vector512<float> b)
    {
        var at = panel * PanelLayout.PanelWidth;
        if (bias != null)
        {
            a += Vector512.Load(bias + at);
            b += Vector512.Load(bias + at + HalfWeights.PanelWords);
        }

        a.Store(y + at);
        b.Store(y + at + HalfWeights.PanelWords);
    }

    /// <summary>The sums of one panel in four chains each, every fourth input in one: a single chain would wait for itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OnePanel<T>(float* x, int k, float* words, float* bias, float* y)
        where T : unmanaged, ILanes<T>
    {
        for (var column = 0; column < HalfWeights.PanelWords; column += T.Count)
        {
            var w = words + column;
            T a0 = T.Create(0f), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0, a3 = a0, b3 = a0;
            var i = 0;
            for (; i + 4 <= k; i += 4)
            {
                Step(x[i], w, ref a0, ref b0);
                Step(x[i + 1], w + HalfWeights.PanelWords, ref a1, ref b1);
                Step(x[i + 2], w + (2 * HalfWeights.PanelWords), ref a2, ref b2);
                Step(x[i + 3], w + (3 * HalfWeights.PanelWords), ref a3, ref b3);
                w += 4 * HalfWeights.PanelWords;
            }

            for (; i < k; i++)
            {
                Step(x[i], w, ref a0, ref b0);
                w += HalfWeights.PanelWords;
            }

            T a = a0 + a1 + (a2 + a3), b = b0 + b1 + (b2 + b3);
            if (bias != null)
            {
                a += T.Load(bias + column);
                b += T.Load(bias + column + HalfWeights.PanelWords);
            }

            a.Store(y + column);
            b.Store(y + column + HalfWeights.PanelWords);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<T>(float x, float* w, ref T a, ref T b)
        where T : unmanaged, ILanes<T>
    {
        var v = T.Create(x);
        a = T.MultiplyAdd(v, T.LoadLowHalves(w), a);
        b = T.MultiplyAdd(v, T.Load(w), b);
    }
}
