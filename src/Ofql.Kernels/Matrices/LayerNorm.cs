namespace Ofql.Kernels.Matrices;

/// <summary>
/// Layer normalisation over the C columns of each row: xhat = (x - mean) / sqrt(variance + eps), variance divided by C;
/// y = xhat weight + bias (Ba et al. 2016). The forward pass keeps xhat [R, C] and 1 / deviation [R] for the others.
/// </summary>
public static unsafe class LayerNorm
{
    /// <summary>y, xhat and inverse deviation of rows.</summary>
    public static void Forward(
        float* x, in PanelLayout layout, float* weight, float* bias, float epsilon, float* y, float* xhat, float* inverse, int firstRow, int endRow)
    {
        int columns = layout.Columns;
        for (var row = firstRow; row < endRow; row++)
        {
            float mean = 0, variance = 0;
            for (var c = 0; c < columns; c++)
                mean += x[layout.Offset(row, c)];
            mean /= columns;
            for (var c = 0; c < columns; c++)
            {
                var d = x[layout.Offset(row, c)] - mean;
                variance += d * d;
            }

            inverse[row] = 1f / MathF.Sqrt((variance / columns) + epsilon);
            for (var c = 0; c < columns; c++)
            {
                var at = layout.Offset(row, c);
                xhat[at] = (x[at] - mean) * inverse[row];
                y[at] = (xhat[at] * weight[c]) + bias[c];
            }
        }
    }

    /// <summary>
    /// out (+)= J^T (g weight), J the Jacobian of xhat, which is symmetric: with h = g weight,
    /// (h - mean(h) - xhat mean(h xhat)) / deviation. <paramref name="weight"/> null means 1.
    /// </summary>
    public static void InputGradient(
        float* g, in PanelLayout layout, float* weight, float* xhat, float* inverse, float* result, bool accumulate, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            float mean = 0, projection = 0;
            for (var c = 0; c < layout.Columns; c++)
            {
                var at = layout.Offset(row, c);
                var h = weight == null ? g[at] : g[at] * weight[c];
                mean += h;
                projection += h * xhat[at];
            }

            mean /= layout.Columns;
            projection /= layout.Columns;
            for (var c = 0; c < layout.Columns; c++)
            {
                var at = layout.Offset(row, c);
                var h = weight == null ? g[at] : g[at] * weight[c];
                var d = (h - mean - (xhat[at] * projection)) * inverse[row];
                result[at] = accumulate ? result[at] + d : d;
            }
        }
    }

    /// <summary>ydot = weight * J xdot: the tangent for fixed weight and bias.</summary>
    public static void Tangent(
        float* xdot, in PanelLayout layout, float* weight, float* xhat, float* inverse, float* ydot, int firstRow, int endRow)
    {
        InputGradient(xdot, layout, null, xhat, inverse, ydot, false, firstRow, endRow);
        for (var row = firstRow; row < endRow; row++)
        {
            for (var c = 0; c < layout.Columns; c++)
                ydot[layout.Offset(row, c)] *= weight[c];
        }
    }

    /// <summary>dweight[c] (+)= sum over rows of g xhat, dbias[c] (+)= sum of g, for columns <paramref name="first"/> .. <paramref name="end"/> - 1.</summary>
    public static void ParameterGradient(
        float* g, in PanelLayout layout, float* xhat, float* weightGradient, float* biasGradient, bool accumulate, int first, int end)
    {
        for (var c = first; c < end; c++)
        {
            float weight = accumulate ? weightGradient[c] : 0f, bias = accumulate ? biasGradient[c] : 0f;
            for (var row = 0; row < layout.Rows; row++)
            {
                var at = layout.Offset(row, c);
                weight += g[at] * xhat[at];
                bias += g[at];
            }

            weightGradient[c] = weight;
            biasGradient[c] = bias;
        }
    }
}
