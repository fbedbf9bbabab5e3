using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ofql.Kernels.Matrices;

/// <summary>How the left operand of a register tile is walked along the summed index.</summary>
internal interface IOperandWalk
{
    /// <summary>Floats between consecutive tile rows.</summary>
    static abstract int RowStride { get; }

    /// <summary>Floats between consecutive summed indices inside a run.</summary>
    static abstract int Step { get; }

    /// <summary>How many of the remaining summed indices lie in the current panel.</summary>
    static abstract int Run(int remaining);
}

/// <summary>X B: rows of X are tile rows, the sum runs over the columns of X, panel after panel.</summary>
internal readonly struct RowWalk : IOperandWalk
{
    public static int RowStride => PanelLayout.PanelWidth;

    public static int Step => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Run(int remaining) => Math.Min(remaining, PanelLayout.PanelWidth);
}

/// <summary>X^T B: columns of X (inside one panel) are tile rows, the sum runs over all rows of X.</summary>
internal readonly struct ColumnWalk : IOperandWalk
{
    public static int RowStride => 1;

    public static int Step => PanelLayout.PanelWidth;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Run(int remaining) => remaining;
}

/// <summary>
/// The innermost loops: one tile of 8 rows x 32 columns of a product in panel layout. Every element is one chain of fused
/// multiply-adds in the order of the summed index, so its bits depend neither on the tile shape nor on who computes it.
/// </summary>
internal static unsafe partial class RegisterTile
{
    /// <summary>Rows per tile.</summary>
    public const int Rows = 8;

    /// <summary>Rows that the last tile of a product may have instead.</summary>
    public const int LastRows = Rows / 2;

    /// <summary>Whether several tiles are better computed together: with vectors of 256 bits.</summary>
    public static bool TakesGroups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.IsHardwareAccelerated && !Vector512.IsHardwareAccelerated;
    }

    /// <summary>
    /// c (8 x 32, rows 32 apart) = start + sum over k of a * b. <paramref name="start"/> has its rows
    /// <paramref name="startStride"/> floats apart: 0 for a bias row, 32 to accumulate onto c itself. Where <see cref="TakesGroups"/>,
    /// <paramref name="rows"/> may be those of several tiles below each other: half a panel of B stays in the first-level cache while all of them
    /// pass, six rows at a time; a single tile of eight rows leaves room for no more than four. The last tile may be half as high (<see cref="LastRows"/>).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Compute<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride, int rows = Rows)
        where TWalk : struct, IOperandWalk
    {
        if (Vector512.IsHardwareAccelerated)
        {
            if (rows == LastRows)
                Tile4x32<TWalk>(a, panelStride, k, b, c, start, startStride);
            else
                Tile8x32<TWalk>(a, panelStride, k, b, c, start, startStride);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Strips<TWalk>(a, panelStride, k, b, c, start, startStride, rows);
            Strips<TWalk>(a, panelStride, k, b + 16, c + 16, start + 16, startStride, rows);
        }
        else
        {
            for (var row = 0; row < rows; row += 4)
            {
                for (var column = 0; column < PanelLayout.PanelWidth; column += 8)
                {
                    Tile4x8<TWalk>(
                        a + (row * TWalk.RowStride), panelStride, k, b + column, c + (row * 32) + column, start + (row * startStride) + column, startStride);
                }
            }
        }
    }

    /// <summary>A register tile of 8 rows x 32 columns: 16 accumulators of 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x32<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        var c0a = Vector512.Load(start);
        var c0b = Vector512.Load(start + 16);
        var c1a = Vector512.Load(start + startStride);
        var c1b = Vector512.Load(start + startStride + 16);
        var c2a = Vector512.Load(start + (2 * startStride));
        var c2b = Vector512.Load(start + (2 * startStride) + 16);
        var c3a = Vector512.Load(start + (3 * startStride));
        var c3b = Vector512.Load(start + (3 * startStride) + 16);
        var c4a = Vector512.Load(start + (4 * startStride));
        var c4b = Vector512.Load(start + (4 * startStride) + 16);
        var c5a = Vector512.Load(start + (5 * startStride));
        var c5b = Vector512.Load(start + (5 * startStride) + 16);
        var c6a = Vector512.Load(start + (6 * startStride));
        var c6b = Vector512.Load(start + (6 * startStride) + 16);
        var c7a = Vector512.Load(start + (7 * startStride));
        var c7b = Vector512.Load(start + (7 * startStride) + 16);
        while (k > 0)
        {
            var run = TWalk.Run(k);
            k -= run;
            var x = a;
            for (; run > 0; run--)
            {
                var b0 = Vector512.Load(b);
                var b1 = Vector512.Load(b + 16);
                b += PanelLayout.PanelWidth;
                var x0 = Vector512.Create(x[0]);
                c0a = Vector512.MultiplyAddEstimate(x0, b0, c0a);
                c0b = Vector512.MultiplyAddEstimate(x0, b1, c0b);
                var x1 = Vector512.Create(x[TWalk.RowStride]);
                c1a = Vector512.MultiplyAddEstimate(x1, b0, c1a);
                c1b = Vector512.MultiplyAddEstimate(x1, b1, c1b);
                var x2 = Vector512.Create(x[2 * TWalk.RowStride]);
                c2a = Vector512.MultiplyAddEstimate(x2, b0, c2a);
                c2b = Vector512.MultiplyAddEstimate(x2, b1, c2b);
                var x3 = Vector512.Create(x[3 * TWalk.RowStride]);
                c3a = Vector512.MultiplyAddEstimate(x3, b0, c3a);
                c3b = Vector512.MultiplyAddEstimate(x3, b1, c3b);
                var x4 = Vector512.Create(x[4 * TWalk.RowStride]);
                c4a = Vector512.MultiplyAddEstimate(x4, b0, c4a);
                c4b = Vector512.MultiplyAddEstimate(x4, b1, c4b);
                var x5 = Vector512.Create(x[5 * TWalk.RowStride]);
                c5a = Vector512.MultiplyAddEstimate(x5, b0, c5a);
                c5b = Vector512.MultiplyAddEstimate(x5, b1, c5b);
                var x6 = Vector512.Create(x[6 * TWalk.RowStride]);
                c6a = Vector512.MultiplyAddEstimate(x6, b0, c6a);
                c6b = Vector512.MultiplyAddEstimate(x6, b1, c6b);
                var x7 = Vector512.Create(x[7 * TWalk.RowStride]);
                c7a = Vector512.MultiplyAddEstimate(x7, b0, c7a);
                c7b = Vector512.MultiplyAddEstimate(x7, b1, c7b);
                x += TWalk.Step;
            }

            a += panelStride;
        }

        Vector512.Store(c0a, c);
        Vector512.Store(c0b, c + 16);
        Vector512.Store(c1a, c + 32);
        Vector512.Store(c1b, c + 48);
        Vector512.Store(c2a, c + 64);
        Vector512.Store(c2b, c + 80);
        Vector512.Store(c3a, c + 96);
        Vector512.Store(c3b, c + 112);
        Vector512.Store(c4a, c + 128);
        Vector512.Store(c4b, c + 144);
        Vector512.Store(c5a, c + 160);
        Vector512.Store(c5b, c + 176);
        Vector512.Store(c6a, c + 192);
        Vector512.Store(c6b, c + 208);
        Vector512.Store(c7a, c + 224);
        Vector512.Store(c7b, c + 240);
    }

    /// <summary>A register tile of 4 rows x 32 columns: 8 accumulators of 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x32<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        var c0a = Vector512.Load(start);
        var c0b = Vector512.Load(start + 16);
        var c1a = Vector512.Load(start + startStride);
        var c1b = Vector512.Load(start + startStride + 16);
        var c2a = Vector512.Load(start + (2 * startStride));
        var c2b = Vector512.Load(start + (2 * startStride) + 16);
        var c3a = Vector512.Load(start + (3 * startStride));
        var c3b = Vector512.Load(start + (3 * startStride) + 16);
        while (k > 0)
        {
            var run = TWalk.Run(k);
            k -= run;
            var x = a;
            for (; run > 0; run--)
            {
                var b0 = Vector512.Load(b);
                var b1 = Vector512.Load(b + 16);
                b += PanelLayout.PanelWidth;
                var x0 = Vector512.Create(x[0]);
                c0a = Vector512.MultiplyAddEstimate(x0, b0, c0a);
                c0b = Vector512.MultiplyAddEstimate(x0, b1, c0b);
                var x1 = Vector512.Create(x[TWalk.RowStride]);
                c1a = Vector512.MultiplyAddEstimate(x1, b0, c1a);
                c1b = Vector512.MultiplyAddEstimate(x1, b1, c1b);
                var x2 = Vector512.Create(x[2 * TWalk.RowStride]);
                c2a = Vector512.MultiplyAddEstimate(x2, b0, c2a);
                c2b = Vector512.MultiplyAddEstimate(x2, b1, c2b);
                var x3 = Vector512.Create(x[3 * TWalk.RowStride]);
                c3a = Vector512.MultiplyAddEstimate(x3, b0, c3a);
                c3b = Vector512.MultiplyAddEstimate(x3, b1, c3b);
                x += TWalk.Step;
            }

            a += panelStride;
        }

        Vector512.Store(c0a, c);
        Vector512.Store(c0b, c + 16);
        Vector512.Store(c1a, c + 32);
        Vector512.Store(c1b, c + 48);
        Vector512.Store(c2a, c + 64);
        Vector512.Store(c2b, c + 80);
        Vector512.Store(c3a, c + 96);
        Vector512.Store(c3b, c + 112);
    }
}
