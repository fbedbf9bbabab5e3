using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ofql.Kernels.Matrices;

/// <summary>Tiles of which only some columns are used.</summary>
internal static unsafe partial class RegisterTile
{
    /// <summary>Columns up to which part of a tile will do.</summary>
    public const int MostPartColumns = PanelLayout.PanelWidth / 2;

    /// <summary>
    /// As <see cref="Compute"/> for a panel of which no more than 8 or 16 <paramref name="columns"/> are used: a quarter or half of the work. A fresh sum makes the padding
    /// zero, whatever the memory held before; an accumulated one leaves it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ComputePart<TWalk>(int columns, float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        var computed = columns > MostPartColumns / 2 ? MostPartColumns : MostPartColumns / 2;
        if (computed == MostPartColumns)
            Half<TWalk>(a, panelStride, k, b, c, start, startStride);
        else
            Quarter<TWalk>(a, panelStride, k, b, c, start, startStride);
        if (startStride != 0)
            return;
        for (var row = 0; row < Rows; row++)
            new Span<float>(c + (row * PanelLayout.PanelWidth) + computed, PanelLayout.PanelWidth - computed).Clear();
    }

    private static void Half<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Tile8x16<TWalk>(a, panelStride, k, b, c, start, startStride);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Strips<TWalk>(a, panelStride, k, b, c, start, startStride, Rows);
        }
        else
        {
            Quarter<TWalk>(a, panelStride, k, b, c, start, startStride);
            Quarter<TWalk>(a, panelStride, k, b + 8, c + 8, start + 8, startStride);
        }
    }

    private static void Quarter<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        if (Vector256.IsHardwareAccelerated)
        {
            Tile8x8<TWalk>(a, panelStride, k, b, c, start, startStride);
            return;
        }

        for (var row = 0; row < Rows; row += 4)
            Tile4x8<TWalk>(a + (row * TWalk.RowStride), panelStride, k, b, c + (row * PanelLayout.PanelWidth), start + (row * startStride), startStride);
    }

    /// <summary>A register tile of 8 rows x 16 columns: 8 accumulators of 512 bits, as many as the latency of two multiply-adds a cycle asks for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x16<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        var c0 = Vector512.Load(start);
        var c1 = Vector512.Load(start + startStride);
        var c2 = Vector512.Load(start + (2 * startStride));
        var c3 = Vector512.Load(start + (3 * startStride));
        var c4 = Vector512.Load(start + (4 * startStride));
        var c5 = Vector512.Load(start + (5 * startStride));
        var c6 = Vector512.Load(start + (6 * startStride));
        var c7 = Vector512.Load(start + (7 * startStride));
        while (k > 0)
        {
            var run = TWalk.Run(k);
            k -= run;
            var x = a;
            for (; run > 0; run--)
            {
                var b0 = Vector512.Load(b);
                b += PanelLayout.PanelWidth;
                c0 = Vector512.MultiplyAddEstimate(Vector512.Create(x[0]), b0, c0);
                c1 = Vector512.MultiplyAddEstimate(Vector512.Create(x[TWalk.RowStride]), b0, c1);
                c2 = Vector512.MultiplyAddEstimate(Vector512.Create(x[2 * TWalk.RowStride]), b0, c2);
                c3 = Vector512.MultiplyAddEstimate(Vector512.Create(x[3 * TWalk.RowStride]), b0, c3);
                c4 = Vector512.MultiplyAddEstimate(Vector512.Create(x[4 * TWalk.RowStride]), b0, c4);
                c5 = Vector512.MultiplyAddEstimate(Vector512.Create(x[5 * TWalk.RowStride]), b0, c5);
                c6 = Vector512.MultiplyAddEstimate(Vector512.Create(x[6 * TWalk.RowStride]), b0, c6);
                c7 = Vector512.MultiplyAddEstimate(Vector512.Create(x[7 * TWalk.RowStride]), b0, c7);
                x += TWalk.Step;
            }

            a += panelStride;
        }

        Vector512.Store(c0, c);
        Vector512.Store(c1, c + 32);
        Vector512.Store(c2, c + 64);
        Vector512.Store(c3, c + 96);
        Vector512.Store(c4, c + 128);
        Vector512.Store(c5, c + 160);
        Vector512.Store(c6, c + 192);
        Vector512.Store(c7, c + 224);
    }
}
