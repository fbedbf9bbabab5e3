using System.Runtime.CompilerServices;
using Ofql.Kernels.Matrices;

namespace Ofql.Kernels.Elementwise;

/// <summary>Copies between layouts: joining and cutting columns, repeating rows, spreading a row, a column or a number.</summary>
public static unsafe class Moves
{
    /// <summary>
    /// target[r, toColumn + j] (+)= source[r, fromColumn + j] for j below <paramref name="columns"/> and rows
    /// <paramref name="firstRow"/> .. <paramref name="endRow"/> - 1.
    /// </summary>
    /// <param name="source">Source matrix.</param>
    /// <param name="from">Its layout; a single row is spread over all rows.</param>
    /// <param name="fromColumn">First column to take.</param>
    /// <param name="target">Target matrix.</param>
    /// <param name="to">Its layout.</param>
    /// <param name="toColumn">First column to fill.</param>
    /// <param name="columns">Columns to move.</param>
    /// <param name="accumulate">Add instead of replace.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="endRow">End row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Columns(
        float* source, in PanelLayout from, int fromColumn, float* target, in PanelLayout to, int toColumn, int columns, bool accumulate, int firstRow, int endRow)
    {
        var done = 0;
        var step = from.StoredRows == 1 ? 0 : from.Width;
        while (done < columns)
        {
            int a = fromColumn + done, b = toColumn + done;
            var run = Math.Min(columns - done, Math.Min(from.Width - (a % from.Width), to.Width - (b % to.Width)));
            var p = source + (a / from.Width * from.PanelStride) + (a % from.Width) + (firstRow * step);
            var q = target + (b / to.Width * to.PanelStride) + (b % to.Width) + (firstRow * to.Width);
            for (var row = firstRow; row < endRow; row++)
            {
                if (accumulate)
                    ShortRun.Add(p, q, run);
                else
                    ShortRun.Copy(p, q, run);

                p += step;
                q += to.Width;
            }

            done += run;
        }
    }

    /// <summary>target[r, c] = source[r] for a column spread over all columns, padding columns untouched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SpreadColumn(float* source, float* target, in PanelLayout to, int firstRow, int endRow)
    {
        for (var column = 0; column < to.Columns; column += to.Width)
        {
            var run = Math.Min(to.Width, to.Columns - column);
            var q = target + (column / to.Width * to.PanelStride) + (firstRow * to.Width);
            for (var row = firstRow; row < endRow; row++, q += to.Width)
                ShortRun.Fill(source[row], q, run);
        }
    }

    /// <summary>target[r, c] = value for all columns, padding columns untouched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SpreadNumber(float value, float* target, in PanelLayout to, bool accumulate, int firstRow, int endRow)
    {
        for (var panel = 0; panel < to.Panels; panel++)
        {
            var q = target + (panel * to.PanelStride) + (firstRow * to.Width);
            var used = Math.Min(to.Width, to.Columns - (panel * to.Width));
            // A panel without padding is one run.
            var (runs, run) = used == to.Width ? (1, (endRow - firstRow) * to.Width) : (endRow - firstRow, used);
            for (var i = 0; i < runs; i++, q += to.Width)
            {
                if (accumulate)
                    ShortRun.AddNumber(value, q, run);
                else
                    ShortRun.Fill(value, q, run);
            }
        }
    }

    /// <summary>Each row of the source repeated <paramref name="times"/> times in a row; rows are counted in the source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RepeatRows(
        float* source, in PanelLayout from, float* target, in PanelLayout to, int times, int firstRow, int endRow, bool accumulate = false)
    {
        for (var panel = 0; panel < from.Panels; panel++)
        {
            var p = source + (panel * from.PanelStride) + (firstRow * from.Width);
            var q = target + (panel * to.PanelStride) + (firstRow * times * to.Width);
            for (var row = firstRow; row < endRow; row++, p += from.Width)
            {
                for (var copy = 0; copy < times; copy++, q += to.Width)
                {
                    if (accumulate)
                        ShortRun.Add(p, q, from.Width);
                    else
                        ShortRun.Copy(p, q, from.Width);
                }
            }
        }
    }

    /// <summary>target[r] (+)= sum of the <paramref name="times"/> source rows that repeat it: the gradient of <see cref="RepeatRows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SumRepeatedRows(
        float* source, in PanelLayout from, float* target, in PanelLayout to, int times, bool accumulate, int firstRow, int endRow)
    {
        for (var panel = 0; panel < to.Panels; panel++)
        {
            var p = source + (panel * from.PanelStride) + (firstRow * times * from.Width);
            var q = target + (panel * to.PanelStride) + (firstRow * to.Width);
            for (var row = firstRow; row < endRow; row++, q += to.Width)
            {
                if (!accumulate)
                    ShortRun.Fill(0f, q, to.Width);
                for (var copy = 0; copy < times; copy++, p += from.Width)
                    ShortRun.Add(p, q, to.Width);
            }
        }
    }

    /// <summary>
    /// Reads a column of R n numbers as R rows of n columns, or back (<paramref name="toColumn"/>): element r n + j is [r, j].
    /// </summary>
    public static void Regroup(float* column, float* matrix, in PanelLayout layout, bool toColumn, bool accumulate, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            for (var j = 0; j < layout.Columns; j++)
            {
                var single = column + (row * layout.Columns) + j;
                var cell = matrix + (j / layout.Width * layout.PanelStride) + (row * layout.Width) + (j % layout.Width);
                if (toColumn)
                    *single = accumulate ? *single + *cell : *cell;
                else
                    *cell = accumulate ? *cell + *single : *single;
            }
        }
    }

    /// <summary>
    /// Reads R rows of n C columns as R n rows of C columns, or back (<paramref name="toWhole"/>): [r, j C + c] is [r n + j, c]. Rows are
    /// counted in the whole ones.
    /// </summary>
    public static void CutRows(
        float* whole, in PanelLayout wholeLayout, float* parts, in PanelLayout partLayout, bool toWhole, bool accumulate, int firstRow, int endRow)
    {
        var (columns, pieces) = (partLayout.Columns, wholeLayout.Columns / partLayout.Columns);
        for (var row = firstRow; row < endRow; row++)
        {
            for (var piece = 0; piece < pieces; piece++)
            {
                for (var done = 0; done < columns;)
                {
                    var column = (piece * columns) + done;
                    var run = Math.Min(columns - done, Math.Min(wholeLayout.Width - (column % wholeLayout.Width), partLayout.Width - (done % partLayout.Width)));
                    float* p = whole + wholeLayout.Offset(row, column), q = parts + partLayout.Offset((row * pieces) + piece, done);
                    float* source = toWhole ? q : p, target = toWhole ? p : q;
                    if (accumulate)
                        ShortRun.Add(source, target, run);
                    else
                        ShortRun.Copy(source, target, run);
                    done += run;
                }
            }
        }
    }

    /// <summary>
    /// Copies the rows in which <paramref name="where"/> is not 0 to the rows of <paramref name="target"/> from <paramref name="firstRow"/> on, without gaps.
    /// Both matrices have one layout of panels.
    /// </summary>
    /// <returns>How many they are.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int PickRows(float* source, float* where, float* target, in PanelLayout layout, int firstRow, int endRow)
    {
        var count = 0;
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            float* p = source + (panel * layout.PanelStride) + (firstRow * layout.Width), q = target + (panel * layout.PanelStride) + (firstRow * layout.Width);
            count = 0;
            for (var row = firstRow; row < endRow; row++, p += layout.Width)
            {
                if (where[row] == 0f)
                    continue;
                ShortRun.Copy(p, q, layout.Width);
                q += layout.Width;
                count++;
            }
        }

        return count;
    }

    /// <summary>
    /// The way back: row after row of <paramref name="source"/>, from <paramref name="firstRow"/> on, goes where <paramref name="where"/> is not 0, times the
    /// entries of <paramref name="factor"/> there unless it is null; the rows between become 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PlaceRows(float* source, float* where, float* factor, float* target, in PanelLayout layout, int firstRow, int endRow)
    {
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            var at = (panel * layout.PanelStride) + (firstRow * layout.Width);
            var p = source + at;
            for (var row = firstRow; row < endRow; row++, at += layout.Width)
            {
                if (where[row] == 0f)
                {
                    ShortRun.Fill(0f, target + at, layout.Width);
                    continue;
                }

                if (factor == null)
                    ShortRun.Copy(p, target + at, layout.Width);
                else
                    ShortRun.Multiply(p, factor + at, target + at, layout.Width);
                p += layout.Width;
            }
        }
    }

    /// <summary>Sets the padding columns of rows to zero, after a function with f(0) other than 0.</summary>
    public static void ClearPadding(float* matrix, in PanelLayout layout, int firstRow, int endRow)
    {
        var used = layout.Columns % PanelLayout.PanelWidth;
        if (layout.Width == 1 || used == 0)
            return;
        var last = matrix + ((layout.Panels - 1) * layout.PanelStride);
        for (var row = firstRow; row < endRow; row++)
            ShortRun.Fill(0f, last + (row * PanelLayout.PanelWidth) + used, PanelLayout.PanelWidth - used);
    }
}
