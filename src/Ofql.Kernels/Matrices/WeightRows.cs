using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// Runs of rows of a weight [K, N] in panels, taken out and put back: a layer whose inputs are partly the same for all rows of a batch
/// multiplies only with the others. Rows of one panel lie one after the other, so a run is one stretch of memory.
/// </summary>
public static unsafe class WeightRows
{
    /// <summary>target[targetRow + i, c] (+)= source[sourceRow + i, c] for i below <paramref name="count"/>, panels <paramref name="firstPanel"/> .. <paramref name="endPanel"/> - 1.</summary>
    public static void Move(
        float* source, in PanelLayout from, int sourceRow, float* target, in PanelLayout to, int targetRow, int count, bool accumulate, int firstPanel, int endPanel)
    {
        for (var panel = firstPanel; panel < endPanel; panel++)
        {
            var p = source + ((nint)panel * from.PanelStride) + (sourceRow * PanelLayout.PanelWidth);
            var q = target + ((nint)panel * to.PanelStride) + (targetRow * PanelLayout.PanelWidth);
            if (accumulate)
                Add(p, q, count * PanelLayout.PanelWidth);
            else
                new ReadOnlySpan<float>(p, count * PanelLayout.PanelWidth).CopyTo(new Span<float>(q, count * PanelLayout.PanelWidth));
        }
    }

    /// <summary>
    /// dW[firstRow + i, c] (+)= x[i] d[c]: the weight gradient of inputs x [count] that all rows of a batch share, where d [N] is the sum of
    /// the output gradients over the rows.
    /// </summary>
    public static void OuterProduct(float* x, float* d, float* dw, in PanelLayout layout, int firstRow, int count, bool accumulate, int firstPanel, int endPanel)
    {
        for (var panel = firstPanel; panel < endPanel; panel++)
        {
            var q = dw + ((nint)panel * layout.PanelStride) + (firstRow * PanelLayout.PanelWidth);
            var row = d + (panel * PanelLayout.PanelWidth);
            if (Vector512.IsHardwareAccelerated)
                OuterPanel<Lanes512>(x, row, q, count, accumulate);
            else if (Vector256.IsHardwareAccelerated)
                OuterPanel<Lanes256>(x, row, q, count, accumulate);
            else
                OuterPanel<Lanes128>(x, row, q, count, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OuterPanel<T>(float* x, float* d, float* dw, int count, bool accumulate)
        where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < count; i++, dw += PanelLayout.PanelWidth)
        {
            var v = T.Create(x[i]);
            for (var c = 0; c < PanelLayout.PanelWidth; c += T.Count)
                (accumulate ? T.MultiplyAdd(v, T.Load(d + c), T.Load(dw + c)) : v * T.Load(d + c)).Store(dw + c);
        }
    }

    private static void Add(float* source, float* target, int count)
    {
        if (Vector512.IsHardwareAccelerated)
            Add<Lanes512>(source, target, count);
        else if (Vector256.IsHardwareAccelerated)
            Add<Lanes256>(source, target, count);
        else
            Add<Lanes128>(source, target, count);
    }

    /// <summary>A whole number of panel rows, hence of vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add<T>(float* source, float* target, int count)
        where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < count; i += T.Count)
            (T.Load(target + i) + T.Load(source + i)).Store(target + i);
    }
}
