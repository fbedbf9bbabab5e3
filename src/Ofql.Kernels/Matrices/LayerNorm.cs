using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// Layer normalisation over the C columns of each row: xhat = (x - mean) / sqrt(variance + eps), variance divided by C;
/// y = xhat weight + bias (Ba et al. 2016). The forward pass keeps xhat [R, C] and 1 / deviation [R] for the others.
/// Weight and bias [C] are consecutive and padded to whole panels.
/// </summary>
public static unsafe class LayerNorm
{
    /// <summary>y, xhat and inverse deviation of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(
        float* x, in PanelLayout layout, float* weight, float* bias, float epsilon, float* y, float* xhat, float* inverse, int firstRow, int endRow)
    {
        if (layout.Width == 1)
            Alone(bias, epsilon, y, xhat, inverse, firstRow, endRow);
        else if (Vector512.IsHardwareAccelerated)
            Forward<Lanes512>(x, layout, weight, bias, epsilon, y, xhat, inverse, firstRow, endRow);
        else if (Vector256.IsHardwareAccelerated)
            Forward<Lanes256>(x, layout, weight, bias, epsilon, y, xhat, inverse, firstRow, endRow);
        else
            Forward<Lanes128>(x, layout, weight, bias, epsilon, y, xhat, inverse, firstRow, endRow);
    }

    /// <summary>
    /// out (+)= J^T (g weight), J the Jacobian of xhat, which is symmetric: with h = g weight,
    /// (h - mean(h) - xhat mean(h xhat)) / deviation.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InputGradient(
        float* g, in PanelLayout layout, float* weight, float* xhat, float* inverse, float* result, bool accumulate, int firstRow, int endRow)
    {
        if (layout.Width == 1)
            NoGradient(result, accumulate, firstRow, endRow);
        else if (Vector512.IsHardwareAccelerated)
            Project<Lanes512>(g, layout, weight, null, xhat, inverse, result, accumulate, firstRow, endRow);
        else if (Vector256.IsHardwareAccelerated)
            Project<Lanes256>(g, layout, weight, null, xhat, inverse, result, accumulate, firstRow, endRow);
        else
            Project<Lanes128>(g, layout, weight, null, xhat, inverse, result, accumulate, firstRow, endRow);
    }

    /// <summary>ydot = weight * J xdot: the tangent for fixed weight and bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tangent(
        float* xdot, in PanelLayout layout, float* weight, float* xhat, float* inverse, float* ydot, int firstRow, int endRow)
    {
        if (layout.Width == 1)
            NoGradient(ydot, false, firstRow, endRow);
        else if (Vector512.IsHardwareAccelerated)
            Project<Lanes512>(xdot, layout, null, weight, xhat, inverse, ydot, false, firstRow, endRow);
        else if (Vector256.IsHardwareAccelerated)
            Project<Lanes256>(xdot, layout, null, weight, xhat, inverse, ydot, false, firstRow, endRow);
        else
            Project<Lanes128>(xdot, layout, null, weight, xhat, inverse, ydot, false, firstRow, endRow);
    }

    /// <summary>
    /// dweight[c] (+)= sum over rows of g xhat, dbias[c] (+)= sum of g, for columns <paramref name="first"/> ..
    /// <paramref name="end"/> - 1, row after row: the bits do not depend on how the columns are shared out.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ParameterGradient(
        float* g, in PanelLayout layout, float* xhat, float* weightGradient, float* biasGradient, bool accumulate, int first, int end)
    {
        if (Vector512.IsHardwareAccelerated)
            ColumnGradients<Lanes512>(g, layout, xhat, weightGradient, biasGradient, accumulate, first, end);
        else if (Vector256.IsHardwareAccelerated)
            ColumnGradients<Lanes256>(g, layout, xhat, weightGradient, biasGradient, accumulate, first, end);
        else
            ColumnGradients<Lanes128>(g, layout, xhat, weightGradient, biasGradient, accumulate, first, end);
    }

    /// <summary>A single column is its own mean: nothing is left of it, and no gradient passes.</summary>
    private static void Alone(float* bias, float epsilon, float* y, float* xhat, float* inverse, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            inverse[row] = 1f / MathF.Sqrt(epsilon);
            xhat[row] = 0f;
            y[row] = *bias;
        }
    }

    private static void Forward<T>(
        float* x, in PanelLayout layout, float* weight, float* bias, float epsilon, float* y, float* xhat, float* inverse, int firstRow, int endRow)
        where T : unmanaged, ILanes<T>
    {
        const int Width = PanelLayout.PanelWidth;
        int columns = layout.Columns, panels = (columns + Width - 1) / Width;
        nint stride = layout.PanelStride;
        for (var row = firstRow; row < endRow; row++)
        {
            var offset = (nint)row * Width;
            T even = T.Create(0f), odd = even;
            for (var panel = 0; panel < panels; panel++)
            {
                float* p = x + (panel * stride) + offset, mask = ColumnMask.For(columns - (panel * Width));
                for (var i = 0; i < Width; i += 2 * T.Count)
                {
                    even = even + (T.Load(p + i) & T.Load(mask + i));
                    odd = odd + (T.Load(p + i + T.Count) & T.Load(mask + i + T.Count));
                }
            }

            var mean = T.Create(T.Sum(even + odd) / columns);
            even = odd = T.Create(0f);
            for (var panel = 0; panel < panels; panel++)
            {
                float* p = x + (panel * stride) + offset, mask = ColumnMask.For(columns - (panel * Width));
                for (var i = 0; i < Width; i += 2 * T.Count)
                {
                    var a = (T.Load(p + i) - mean) & T.Load(mask + i);
                    var b = (T.Load(p + i + T.Count) - mean) & T.Load(mask + i + T.Count);
                    even = T.MultiplyAdd(a, a, even);
                    odd = T.MultiplyAdd(b, b, odd);
                }
            }

            inverse[row] = 1f / MathF.Sqrt((T.Sum(even + odd) / columns) + epsilon);
            var scale = T.Create(inverse[row]);
            for (var panel = 0; panel < panels; panel++)
            {
                var at = (panel * stride) + offset;
                float* mask = ColumnMask.For(columns - (panel * Width)), w = weight + (panel * Width), b = bias + (panel * Width);
                for (var i = 0; i < Width; i += T.Count)
                {
                    var normalised = ((T.Load(x + at + i) - mean) * scale) & T.Load(mask + i);
                    normalised.Store(xhat + at + i);
                    (T.MultiplyAdd(normalised, T.Load(w + i), T.Load(b + i)) & T.Load(mask + i)).Store(y + at + i);
                }
            }
        }
    }

    private static void NoGradient(float* result, bool accumulate, int firstRow, int endRow)
    {
        if (!accumulate)
            new Span<float>(result + firstRow, endRow - firstRow).Clear();
    }

    /// <summary>out (+)= after * J (before * v); null factors are 1. Padding columns of v and xhat are zero and enter no sum.</summary>
    private static void Project<T>(
        float* v, in PanelLayout layout, float* before, float* after, float* xhat, float* inverse, float* result, bool accumulate, int firstRow, int endRow)
        where T : unmanaged, ILanes<T>
    {
        const int Width = PanelLayout.PanelWidth;
        int columns = layout.Columns, panels = (columns + Width - 1) / Width;
        nint stride = layout.PanelStride;
        for (var row = firstRow; row < endRow; row++)
        {
            var offset = (nint)row * Width;
            T sum = T.Create(0f), product = sum;
            for (var panel = 0; panel < panels; panel++)
            {
                var at = (panel * stride) + offset;
                var mask = ColumnMask.For(columns - (panel * Width));
                for (var i = 0; i < Width; i += T.Count)
                {
                    var h = Scaled<T>(v, before, at, (panel * Width) + i, i) & T.Load(mask + i);
                    sum = sum + h;
                    product = T.MultiplyAdd(h, T.Load(xhat + at + i), product);
                }
            }

            T mean = T.Create(T.Sum(sum) / columns), projection = T.Create(T.Sum(product) / columns), scale = T.Create(inverse[row]);
            for (var panel = 0; panel < panels; panel++)
            {
                var at = (panel * stride) + offset;
                var mask = ColumnMask.For(columns - (panel * Width));
                for (var i = 0; i < Width; i += T.Count)
                {
                    var h = Scaled<T>(v, before, at, (panel * Width) + i, i);
                    var d = (h - mean - (T.Load(xhat + at + i) * projection)) * scale;
                    if (after != null)
                        d = d * T.Load(after + (panel * Width) + i);
                    d = d & T.Load(mask + i);
                    (accumulate ? T.Load(result + at + i) + d : d).Store(result + at + i);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Scaled<T>(float* v, float* factor, nint at, int column, int i)
        where T : unmanaged, ILanes<T>
    {
        var value = T.Load(v + at + i);
        return factor == null ? value : value * T.Load(factor + column);
    }

    private static void ColumnGradients<T>(
        float* g, in PanelLayout layout, float* xhat, float* weightGradient, float* biasGradient, bool accumulate, int first, int end)
        where T : unmanaged, ILanes<T>
    {
        int width = layout.Width;
        for (var c = first; c < end;)
        {
            nint at = ((nint)(c / width) * layout.PanelStride) + (c % width);
            // A whole vector only inside the range: the next columns may be another thread's.
            if (c % T.Count == 0 && c + T.Count <= end)
            {
                T weight = T.Create(0f), bias = weight;
                if (accumulate)
                    (weight, bias) = (T.Load(weightGradient + c), T.Load(biasGradient + c));
                for (var row = 0; row < layout.Rows; row++, at += width)
                {
                    var v = T.Load(g + at);
                    // Not fused, as the single columns below are not: same bits.
                    weight = weight + (v * T.Load(xhat + at));
                    bias = bias + v;
                }

                weight.Store(weightGradient + c);
                bias.Store(biasGradient + c);
                c += T.Count;
                continue;
            }

            float single = accumulate ? weightGradient[c] : 0f, shift = accumulate ? biasGradient[c] : 0f;
            for (var row = 0; row < layout.Rows; row++, at += width)
            {
                single += g[at] * xhat[at];
                shift += g[at];
            }

            weightGradient[c] = single;
            biasGradient[c] = shift;
            c++;
        }
    }
}
