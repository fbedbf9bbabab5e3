using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// Normalisation over the C columns of each row: xhat = scale (x - mean) / sqrt(variance + eps), variance divided by C, the mean 0 where the
/// <see cref="NormForm"/> does not centre; y = xhat weight + bias. The forward pass keeps xhat [R, C] and 1 / deviation [R] for the others.
/// Weight and bias [C] are consecutive and padded to whole panels; the bias may be null.
/// </summary>
public static unsafe partial class RowNorm
{
    /// <summary>y, xhat and inverse deviation of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(
        float* x, in PanelLayout layout, float* weight, float* bias, NormForm form, float* y, float* xhat, float* inverse, int firstRow, int endRow)
    {
        if (layout.Width == 1)
            AloneForward(x, weight, bias, form, y, xhat, inverse, firstRow, endRow);
        else if (Vector512.IsHardwareAccelerated)
            Forward<Lanes512>(x, layout, weight, bias, form, y, xhat, inverse, firstRow, endRow);
        else if (Vector256.IsHardwareAccelerated)
            Forward<Lanes256>(x, layout, weight, bias, form, y, xhat, inverse, firstRow, endRow);
        else
            Forward<Lanes128>(x, layout, weight, bias, form, y, xhat, inverse, firstRow, endRow);
    }

    /// <summary>
    /// out (+)= J^T (g weight), J the Jacobian of xhat, which is symmetric: with h = g weight,
    /// scale (h - mean(h) - xhat mean(h xhat) / scale^2) / deviation, mean(h) left out where the form does not centre.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InputGradient(
        float* g, in PanelLayout layout, float* weight, NormForm form, float* xhat, float* inverse, float* result, bool accumulate, int firstRow, int endRow)
    {
        if (layout.Width == 1)
            AloneProject(g, weight, form, xhat, inverse, result, accumulate, firstRow, endRow);
        else
            Project(g, layout, weight, null, form, xhat, inverse, result, accumulate, firstRow, endRow);
    }

    /// <summary>ydot = weight * J xdot: the tangent for fixed weight and bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tangent(
        float* xdot, in PanelLayout layout, float* weight, NormForm form, float* xhat, float* inverse, float* ydot, int firstRow, int endRow)
    {
        if (layout.Width == 1)
            AloneProject(xdot, weight, form, xhat, inverse, ydot, accumulate: false, firstRow, endRow);
        else
            Project(xdot, layout, null, weight, form, xhat, inverse, ydot, false, firstRow, endRow);
    }

    /// <summary>
    /// dweight[c] (+)= sum over rows of g xhat, dbias[c] (+)= sum of g unless it is null, for columns <paramref name="first"/> ..
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

    /// <summary>A single column. Its own mean, so that nothing is left of it where the form centres.</summary>
    private static void AloneForward(
        float* x, float* weight, float* bias, NormForm form, float* y, float* xhat, float* inverse, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            var rest = form.Centered ? 0f : x[row];
            inverse[row] = 1f / MathF.Sqrt((rest * rest) + form.Epsilon);
            xhat[row] = rest * (inverse[row] * form.Scale);
            y[row] = (xhat[row] * *weight) + (bias == null ? 0f : *bias);
        }
    }

    /// <summary>The same of its gradient or tangent: none where the form centres.</summary>
    private static void AloneProject(float* v, float* weight, NormForm form, float* xhat, float* inverse, float* result, bool accumulate, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            var share = xhat[row] / form.Scale;
            var d = form.Centered ? 0f : v[row] * *weight * (1f - (share * share)) * (inverse[row] * form.Scale);
            result[row] = accumulate ? result[row] + d : d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Project(
        float* v, in PanelLayout layout, float* before, float* after, NormForm form, float* xhat, float* inverse, float* result, bool accumulate, int firstRow, int endRow)
    {
        if (Vector512.IsHardwareAccelerated)
            Project<Lanes512>(v, layout, before, after, form, xhat, inverse, result, accumulate, firstRow, endRow);
        else if (Vector256.IsHardwareAccelerated)
            Project<Lanes256>(v, layout, before, after, form, xhat, inverse, result, accumulate, firstRow, endRow);
        else
            Project<Lanes128>(v, layout, before, after, form, xhat, inverse, result, accumulate, firstRow, endRow);
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
                    (weight, bias) = (T.Load(weightGradient + c), biasGradient == null ? bias : T.Load(biasGradient + c));
                for (var row = 0; row < layout.Rows; row++, at += width)
                {
                    var v = T.Load(g + at);
                    // Not fused, as the single columns below are not: same bits.
                    weight = weight + (v * T.Load(xhat + at));
                    bias = bias + v;
                }

                weight.Store(weightGradient + c);
                if (biasGradient != null)
                    bias.Store(biasGradient + c);
                c += T.Count;
                continue;
            }

            float single = accumulate ? weightGradient[c] : 0f, shift = accumulate && biasGradient != null ? biasGradient[c] : 0f;
            for (var row = 0; row < layout.Rows; row++, at += width)
            {
                single += g[at] * xhat[at];
                shift += g[at];
            }

            weightGradient[c] = single;
            if (biasGradient != null)
                biasGradient[c] = shift;
            c++;
        }
    }
}
