using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// Products with one output column, such as the value of a critic: dot products and outer products instead of a tile that
/// would be empty to 31 parts of 32. X [R, K] in panels; w [K] and y [R] consecutive.
/// </summary>
public static unsafe class SingleColumn
{
    /// <summary>y[r] = x[r] . w + bias for rows <paramref name="firstRow"/> .. <paramref name="endRow"/> - 1.</summary>
    /// <param name="x">X [R, K].</param>
    /// <param name="panelStride">Floats between panels of X.</param>
    /// <param name="panels">Panels of X; w is zero beyond K.</param>
    /// <param name="w">w [K], padded with zeros to whole panels.</param>
    /// <param name="bias">One float, or null.</param>
    /// <param name="y">y [R].</param>
    /// <param name="accumulate">Add to y instead of replacing it.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="endRow">End row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(
        float* x, nint panelStride, int panels, float* w, float* bias, float* y, bool accumulate, int firstRow, int endRow)
    {
        var start = bias == null ? 0f : *bias;
        if (Vector512.IsHardwareAccelerated)
            Dots<Lanes512>(x, panelStride, panels, w, start, y, accumulate, firstRow, endRow);
        else if (Vector256.IsHardwareAccelerated)
            Dots<Lanes256>(x, panelStride, panels, w, start, y, accumulate, firstRow, endRow);
        else
            Dots<Lanes128>(x, panelStride, panels, w, start, y, accumulate, firstRow, endRow);
    }

    /// <summary>dX[r] (+)= dy[r] w, times a stored derivative where one is given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InputGradient(
        float* dy, float* w, float* derivative, float* dx, nint panelStride, int panels, bool accumulate, int firstRow, int endRow)
    {
        if (Vector512.IsHardwareAccelerated)
            Outer<Lanes512>(dy, w, derivative, dx, panelStride, panels, accumulate, firstRow, endRow);
        else if (Vector256.IsHardwareAccelerated)
            Outer<Lanes256>(dy, w, derivative, dx, panelStride, panels, accumulate, firstRow, endRow);
        else
            Outer<Lanes128>(dy, w, derivative, dx, panelStride, panels, accumulate, firstRow, endRow);
    }

    /// <summary>dw (+)= X^T dy over all <paramref name="rows"/> rows, for panels <paramref name="first"/> .. <paramref name="end"/> - 1 of X.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WeightGradient(float* x, nint panelStride, float* dy, int rows, float* dw, bool accumulate, int first, int end)
    {
        for (var panel = first; panel < end; panel++)
        {
            if (Vector512.IsHardwareAccelerated)
                WeightedRows<Lanes512>(x + (panel * panelStride), dy, rows, dw + (panel * 32), accumulate);
            else if (Vector256.IsHardwareAccelerated)
                WeightedRows<Lanes256>(x + (panel * panelStride), dy, rows, dw + (panel * 32), accumulate);
            else
                WeightedRows<Lanes128>(x + (panel * panelStride), dy, rows, dw + (panel * 32), accumulate);
        }
    }

    private static void Dots<T>(
        float* x, nint panelStride, int panels, float* w, float start, float* y, bool accumulate, int firstRow, int endRow)
        where T : unmanaged, ILanes<T>
    {
        for (var row = firstRow; row < endRow; row++)
        {
            T even = T.Create(0f), odd = T.Create(0f);
            var p = x + (row * PanelLayout.PanelWidth);
            var q = w;
            for (var panel = 0; panel < panels; panel++)
            {
                for (var i = 0; i < PanelLayout.PanelWidth; i += 2 * T.Count)
                {
                    even = T.MultiplyAdd(T.Load(p + i), T.Load(q + i), even);
                    odd = T.MultiplyAdd(T.Load(p + i + T.Count), T.Load(q + i + T.Count), odd);
                }

                p += panelStride;
                q += PanelLayout.PanelWidth;
            }

            var dot = T.Sum(even + odd) + start;
            y[row] = accumulate ? y[row] + dot : dot;
        }
    }

    private static void Outer<T>(
        float* dy, float* w, float* derivative, float* dx, nint panelStride, int panels, bool accumulate, int firstRow, int endRow)
        where T : unmanaged, ILanes<T>
    {
        for (var panel = 0; panel < panels; panel++)
        {
            for (var row = firstRow; row < endRow; row++)
            {
                var offset = (panel * panelStride) + (row * PanelLayout.PanelWidth);
                var scale = T.Create(dy[row]);
                for (var i = 0; i < PanelLayout.PanelWidth; i += T.Count)
                {
                    var product = scale * T.Load(w + (panel * PanelLayout.PanelWidth) + i);
                    if (derivative != null)
                        product = product * T.Load(derivative + offset + i);
                    if (accumulate)
                        product = product + T.Load(dx + offset + i);
                    product.Store(dx + offset + i);
                }
            }
        }
    }

    /// <summary>One panel: sum over rows of dy[r] x[r]; four partial sums over rows modulo 4, added in a fixed order. Two vectors in one pass, all of a row where they are of 512 bits.</summary>
    private static void WeightedRows<T>(float* x, float* dy, int rows, float* dw, bool accumulate)
        where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < PanelLayout.PanelWidth; i += 2 * T.Count)
        {
            T a0 = T.Create(0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            var p = x + i;
            var row = 0;
            for (; row + 4 <= rows; row += 4)
            {
                Add(dy[row], p, ref a0, ref b0);
                Add(dy[row + 1], p + 32, ref a1, ref b1);
                Add(dy[row + 2], p + 64, ref a2, ref b2);
                Add(dy[row + 3], p + 96, ref a3, ref b3);
                p += 4 * PanelLayout.PanelWidth;
            }

            for (; row < rows; row++)
            {
                Add(dy[row], p, ref a0, ref b0);
                p += PanelLayout.PanelWidth;
            }

            T a = (a0 + a1) + (a2 + a3), b = (b0 + b1) + (b2 + b3);
            (accumulate ? T.Load(dw + i) + a : a).Store(dw + i);
            (accumulate ? T.Load(dw + i + T.Count) + b : b).Store(dw + i + T.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<T>(float dy, float* x, ref T a, ref T b)
        where T : unmanaged, ILanes<T>
    {
        var v = T.Create(dy);
        a = T.MultiplyAdd(v, T.Load(x), a);
        b = T.MultiplyAdd(v, T.Load(x + T.Count), b);
    }
}
