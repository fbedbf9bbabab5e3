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

    /// <summary>y[r] = largest entry of row r; index[r] = its first column, as a float. The first NaN counts as the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Maximum(float* x, in PanelLayout layout, float* y, float* index, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            var best = float.NegativeInfinity;
            var found = -1;
            for (var column = 0; column < layout.Columns; column += layout.Width)
            {
                var run = Math.Min(layout.Width, layout.Columns - column);
                var p = x + (column / layout.Width * layout.PanelStride) + (row * layout.Width);
                for (var i = 0; i < run; i++)
                {
                    // Neither smaller nor equal: larger or NaN. Once NaN, always NaN.
                    if (found < 0 || (!(p[i] <= best) && !float.IsNaN(best)))
                    {
                        best = p[i];
                        found = column + i;
                    }
                }
            }

            y[row] = best;
            index[row] = found;
        }
    }

    /// <summary>
    /// y[r] = the entry of row r that comes <paramref name="rank"/>-th when they are ordered from the largest down, equal ones from left to
    /// right; index[r] = its column, as a float. NaNs count as infinite. For small ranks: every rank is one pass over the row.
    /// </summary>
    public static void Ranked(float* x, in PanelLayout layout, int rank, float* y, float* index, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            var (last, at) = (float.PositiveInfinity, -1);
            for (var pass = 0; pass < rank; pass++)
            {
                var (best, found) = (float.NegativeInfinity, -1);
                for (var column = 0; column < layout.Columns; column++)
                {
                    var value = x[layout.Offset(row, column)];
                    value = float.IsNaN(value) ? float.PositiveInfinity : value;
                    var remains = value < last || (value == last && column > at);
                    if (remains && (found < 0 || value > best))
                        (best, found) = (value, column);
                }

                (last, at) = (best, found);
            }

            y[row] = x[layout.Offset(row, at)];
            index[row] = at;
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
        if (layout.Width == 1)
        {
            // x - x is 0, or NaN where x is.
            for (var row = firstRow; row < endRow; row++)
                (y[row], softmax[row]) = (x[row], 1f + (x[row] - x[row]));
        }
        else if (Vector512.IsHardwareAccelerated)
        {
            LogSumExp<Lanes512>(x, layout, y, softmax, firstRow, endRow);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            LogSumExp<Lanes256>(x, layout, y, softmax, firstRow, endRow);
        }
        else
        {
            LogSumExp<Lanes128>(x, layout, y, softmax, firstRow, endRow);
        }
    }

    private static void LogSumExp<T>(float* x, in PanelLayout layout, float* y, float* softmax, int firstRow, int endRow)
        where T : unmanaged, ILanes<T>
    {
        const int Width = PanelLayout.PanelWidth;
        nint stride = layout.PanelStride;
        var lowest = T.Create(float.NegativeInfinity);
        for (var row = firstRow; row < endRow; row++)
        {
            var offset = (nint)row * Width;
            var best = lowest;
            for (var panel = 0; panel < layout.Panels; panel++)
            {
                float* p = x + (panel * stride) + offset, mask = ColumnMask.For(layout.Columns - (panel * Width));
                for (var i = 0; i < Width; i += T.Count)
                    best = T.Max(best, T.Select(T.Load(mask + i), T.Load(p + i), lowest));
            }

            // A NaN that the maximum lost is NaN again in its own difference, and so in the sum.
            var largest = T.Largest(best);
            T shift = T.Create(largest), total = T.Create(0f);
            for (var panel = 0; panel < layout.Panels; panel++)
            {
                var at = (panel * stride) + offset;
                var mask = ColumnMask.For(layout.Columns - (panel * Width));
                for (var i = 0; i < Width; i += T.Count)
                {
                    var e = LaneMath.Exp(T.Load(x + at + i) - shift) & T.Load(mask + i);
                    total = total + e;
                    e.Store(softmax + at + i);
                }
            }

            var sum = T.Sum(total);
            var divisor = T.Create(sum);
            for (var panel = 0; panel < layout.Panels; panel++)
            {
                var p = softmax + (panel * stride) + offset;
                for (var i = 0; i < Width; i += T.Count)
                    (T.Load(p + i) / divisor).Store(p + i);
            }

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
