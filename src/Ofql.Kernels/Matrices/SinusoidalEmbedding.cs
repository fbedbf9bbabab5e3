using System.Runtime.CompilerServices;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// Features sin(t f) and cos(t f) of a time per row. Column c has frequency f[c]; mask[c] is all ones where the column is a
/// sine, zero where it is a cosine. Padding columns are sines of frequency 0.
/// </summary>
public static unsafe class SinusoidalEmbedding
{
    /// <summary>y[r, c] = sin or cos of t[r] f[c].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(float* t, float* frequency, float* mask, float* y, in PanelLayout layout, int firstRow, int endRow)
    {
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            float* f = frequency + (panel * PanelLayout.PanelWidth), m = mask + (panel * PanelLayout.PanelWidth);
            for (var row = firstRow; row < endRow; row++)
            {
                var body = new FeatureRun { T = t[row], F = f, Mask = m, Y = y + (panel * layout.PanelStride) + (row * PanelLayout.PanelWidth) };
                Run.Over(ref body, PanelLayout.PanelWidth);
            }
        }
    }

    /// <summary>y[r, c] = g[r] d/dt of the feature: the tangent along g.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tangent(float* t, float* g, float* frequency, float* mask, float* y, in PanelLayout layout, int firstRow, int endRow)
    {
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            float* f = frequency + (panel * PanelLayout.PanelWidth), m = mask + (panel * PanelLayout.PanelWidth);
            for (var row = firstRow; row < endRow; row++)
            {
                var body = new SlopeRun { T = t[row], G = g[row], F = f, Mask = m, Y = y + (panel * layout.PanelStride) + (row * PanelLayout.PanelWidth) };
                Run.Over(ref body, PanelLayout.PanelWidth);
            }
        }
    }

    private struct FeatureRun : IRun
    {
        public float T;
        public float* F;
        public float* Mask;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<TLanes>(nint index)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var sine = LaneMath.SinCos(TLanes.Create(T) * TLanes.Load(F + index), out var cosine);
            TLanes.Select(TLanes.Load(Mask + index), sine, cosine).Store(Y + index);
        }
    }

    private struct SlopeRun : IRun
    {
        public float T;
        public float G;
        public float* F;
        public float* Mask;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<TLanes>(nint index)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var f = TLanes.Load(F + index);
            var sine = LaneMath.SinCos(TLanes.Create(T) * f, out var cosine);
            var slope = TLanes.Select(TLanes.Load(Mask + index), cosine, TLanes.Create(0f) - sine);
            (slope * f * TLanes.Create(G)).Store(Y + index);
        }
    }
}
