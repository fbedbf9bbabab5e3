using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Reductions;

/// <summary>Reductions over the columns of each row, and over groups of rows, always in the order of the indices.</summary>
public static unsafe class RowReductions
{
    /// <summary>Rows per partial sum: a fixed group, so that a total does not depend on who computed which rows.</summary>
    public const int GroupRows = PanelLayout.RowAlignment;

    /// <summary>y[r] (+)= sum of row r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(float* x, in PanelLayout layout, float* y, bool accumulate, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            var sum = RowSum(x, layout, row);
            y[row] = accumulate ? y[row] + sum : sum;
        }
    }

    /// <summary>y[r] = largest entry of row r; index[r] = its first column, as a float.</summary>
    public static void Maximum(float* x, in PanelLayout layout, float* y, float* index, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            var best = 0;
            for (var column = 1; column < layout.Columns; column++)
            {
                if (x[layout.Offset(row, column)] > x[layout.Offset(row, best)])
                    best = column;
            }

            y[row] = x[layout.Offset(row, best)];
            index[row] = best;
        }
    }

    /// <summary>y[r] = x[r, index[r]]: the tangent of <see cref="Maximum"/>.</summary>
    public static void Gather(float* x, in PanelLayout layout, float* index, float* y, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
            y[row] = x[layout.Offset(row, (int)index[row])];
    }

    /// <summary>x[r, index[r]] (+)= g[r], zero elsewhere: the gradient of <see cref="Maximum"/>.</summary>
    public static void Scatter(float* g, float* index, float* x, in PanelLayout layout, bool accumulate, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            for (var column = 0; column < layout.Columns; column++)
            {
                var value = column == (int)index[row] ? g[row] : 0f;
                var at = layout.Offset(row, column);
                x[at] = accumulate ? x[at] + value : value;
            }
        }
    }

    /// <summary>result[r, c] (+)= g[r] x[r, c].</summary>
    public static void ScaleRows(float* g, float* x, float* result, in PanelLayout layout, bool accumulate, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            for (var column = 0; column < layout.Columns; column++)
            {
                var at = layout.Offset(row, column);
                result[at] = (accumulate ? result[at] : 0f) + (g[row] * x[at]);
            }
        }
    }

    /// <summary>y[r] = ln of the sum of e^x over row r; softmax [R, C] = e^(x - y), padding zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LogSumExp(float* x, in PanelLayout layout, float* y, float* softmax, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            var largest = float.NegativeInfinity;
            for (var column = 0; column < layout.Columns; column++)
                largest = MathF.Max(largest, x[layout.Offset(row, column)]);
            var sum = 0f;
            for (var column = 0; column < layout.Columns; column++)
            {
                var at = layout.Offset(row, column);
                softmax[at] = MathF.Exp(x[at] - largest);
                sum += softmax[at];
            }

            for (var column = 0; column < layout.Columns; column++)
                softmax[layout.Offset(row, column)] /= sum;
            y[row] = largest + MathF.Log(sum);
        }
    }

    /// <summary>
    /// partial[g] = sum over the rows of group g (<see cref="GroupRows"/> rows each) for the groups in
    /// <paramref name="firstRow"/> .. <paramref name="endRow"/>; rows beyond R do not count.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GroupSums(float* x, in PanelLayout layout, double* partial, int firstRow, int endRow)
    {
        for (var group = firstRow / GroupRows; group * GroupRows < endRow; group++)
        {
            double sum = 0;
            var end = Math.Min(layout.Rows, (group + 1) * GroupRows);
            for (var row = group * GroupRows; row < end; row++)
                sum += RowSum(x, layout, row);
            partial[group] = sum;
        }
    }

    /// <summary>y[c] (+)= sum over all rows, for panels <paramref name="firstPanel"/> .. <paramref name="endPanel"/> - 1: the gradient of a bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ColumnSums(float* x, in PanelLayout layout, float* y, bool accumulate, int firstPanel, int endPanel)
    {
        if (layout.Width == 1)
        {
            var total = accumulate ? *y : 0f;
            for (var row = 0; row < layout.Rows; row++)
                total += x[row];
            *y = total;
            return;
        }

        for (var panel = firstPanel; panel < endPanel; panel++)
        {
            float* p = x + (panel * layout.PanelStride), q = y + (panel * PanelLayout.PanelWidth);
            if (Vector512.IsHardwareAccelerated)
                PanelSums<Lanes512>(p, layout.Rows, q, accumulate);
            else if (Vector256.IsHardwareAccelerated)
                PanelSums<Lanes256>(p, layout.Rows, q, accumulate);
            else
                PanelSums<Lanes128>(p, layout.Rows, q, accumulate);
        }
    }

    /// <summary>One panel: two partial sums over even and odd rows, added at the end.</summary>
    private static void PanelSums<T>(float* x, int rows, float* y, bool accumulate)
        where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < PanelLayout.PanelWidth; i += T.Count)
        {
            T even = T.Create(0f), odd = even;
            var p = x + i;
            var row = 0;
            for (; row + 2 <= rows; row += 2)
            {
                even = even + T.Load(p);
                odd = odd + T.Load(p + PanelLayout.PanelWidth);
                p += 2 * PanelLayout.PanelWidth;
            }

            if (row < rows)
                even = even + T.Load(p);
            var sum = even + odd;
            (accumulate ? T.Load(y + i) + sum : sum).Store(y + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float RowSum(float* x, in PanelLayout layout, int row)
    {
        if (layout.Width == 1)
            return x[row];
        var sum = 0f;
        for (var column = 0; column < layout.Columns; column += PanelLayout.PanelWidth)
        {
            var run = Math.Min(PanelLayout.PanelWidth, layout.Columns - column);
            var p = x + (column / PanelLayout.PanelWidth * layout.PanelStride) + (row * PanelLayout.PanelWidth);
            for (var i = 0; i < run; i++)
                sum += p[i];
        }

        return sum;
    }
}
