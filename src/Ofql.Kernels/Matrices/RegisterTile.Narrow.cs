using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ofql.Kernels.Matrices;

/// <summary>The tiles of 256 and of 128 bits, and how rows are cut into them.</summary>
internal static unsafe partial class RegisterTile
{
    /// <summary>16 columns of so many rows, a multiple of 8: six at a time, and at the end four where six would leave two.</summary>
    private static void Strips<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride, int rows)
        where TWalk : struct, IOperandWalk
    {
        while (rows > 0)
        {
            var taken = rows is 4 or 8 ? 4 : 6;
            if (taken == 4)
                Tile4x16<TWalk>(a, panelStride, k, b, c, start, startStride);
            else
                Tile6x16<TWalk>(a, panelStride, k, b, c, start, startStride);
            rows -= taken;
            a += taken * TWalk.RowStride;
            c += taken * PanelLayout.PanelWidth;
            start += taken * startStride;
        }
    }

    /// <summary>A register tile of 6 rows x 16 columns: 12 accumulators of 256 bits, half as many again as the latency of two multiply-adds a cycle asks for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x16<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        var c0a = Vector256.Load(start);
        var c0b = Vector256.Load(start + 8);
        var c1a = Vector256.Load(start + startStride);
        var c1b = Vector256.Load(start + startStride + 8);
        var c2a = Vector256.Load(start + (2 * startStride));
        var c2b = Vector256.Load(start + (2 * startStride) + 8);
        var c3a = Vector256.Load(start + (3 * startStride));
        var c3b = Vector256.Load(start + (3 * startStride) + 8);
        var c4a = Vector256.Load(start + (4 * startStride));
        var c4b = Vector256.Load(start + (4 * startStride) + 8);
        var c5a = Vector256.Load(start + (5 * startStride));
        var c5b = Vector256.Load(start + (5 * startStride) + 8);
        while (k > 0)
        {
            var run = TWalk.Run(k);
            k -= run;
            var x = a;
            for (; run > 0; run--)
            {
                var b0 = Vector256.Load(b);
                var b1 = Vector256.Load(b + 8);
                b += PanelLayout.PanelWidth;
                var x0 = Vector256.Create(x[0]);
                c0a = Vector256.MultiplyAddEstimate(x0, b0, c0a);
                c0b = Vector256.MultiplyAddEstimate(x0, b1, c0b);
                var x1 = Vector256.Create(x[TWalk.RowStride]);
                c1a = Vector256.MultiplyAddEstimate(x1, b0, c1a);
                c1b = Vector256.MultiplyAddEstimate(x1, b1, c1b);
                var x2 = Vector256.Create(x[2 * TWalk.RowStride]);
                c2a = Vector256.MultiplyAddEstimate(x2, b0, c2a);
                c2b = Vector256.MultiplyAddEstimate(x2, b1, c2b);
                var x3 = Vector256.Create(x[3 * TWalk.RowStride]);
                c3a = Vector256.MultiplyAddEstimate(x3, b0, c3a);
                c3b = Vector256.MultiplyAddEstimate(x3, b1, c3b);
                var x4 = Vector256.Create(x[4 * TWalk.RowStride]);
                c4a = Vector256.MultiplyAddEstimate(x4, b0, c4a);
                c4b = Vector256.MultiplyAddEstimate(x4, b1, c4b);
                var x5 = Vector256.Create(x[5 * TWalk.RowStride]);
                c5a = Vector256.MultiplyAddEstimate(x5, b0, c5a);
                c5b = Vector256.MultiplyAddEstimate(x5, b1, c5b);
                x += TWalk.Step;
            }

            a += panelStride;
        }

        Vector256.Store(c0a, c);
        Vector256.Store(c0b, c + 8);
        Vector256.Store(c1a, c + 32);
        Vector256.Store(c1b, c + 40);
        Vector256.Store(c2a, c + 64);
        Vector256.Store(c2b, c + 72);
        Vector256.Store(c3a, c + 96);
        Vector256.Store(c3b, c + 104);
        Vector256.Store(c4a, c + 128);
        Vector256.Store(c4b, c + 136);
        Vector256.Store(c5a, c + 160);
        Vector256.Store(c5b, c + 168);
    }

    /// <summary>A register tile of 4 rows x 16 columns: 8 accumulators of 256 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x16<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        var c0a = Vector256.Load(start);
        var c0b = Vector256.Load(start + 8);
        var c1a = Vector256.Load(start + startStride);
        var c1b = Vector256.Load(start + startStride + 8);
        var c2a = Vector256.Load(start + (2 * startStride));
        var c2b = Vector256.Load(start + (2 * startStride) + 8);
        var c3a = Vector256.Load(start + (3 * startStride));
        var c3b = Vector256.Load(start + (3 * startStride) + 8);
        while (k > 0)
        {
            var run = TWalk.Run(k);
            k -= run;
            var x = a;
            for (; run > 0; run--)
            {
                var b0 = Vector256.Load(b);
                var b1 = Vector256.Load(b + 8);
                b += PanelLayout.PanelWidth;
                var x0 = Vector256.Create(x[0]);
                c0a = Vector256.MultiplyAddEstimate(x0, b0, c0a);
                c0b = Vector256.MultiplyAddEstimate(x0, b1, c0b);
                var x1 = Vector256.Create(x[TWalk.RowStride]);
                c1a = Vector256.MultiplyAddEstimate(x1, b0, c1a);
                c1b = Vector256.MultiplyAddEstimate(x1, b1, c1b);
                var x2 = Vector256.Create(x[2 * TWalk.RowStride]);
                c2a = Vector256.MultiplyAddEstimate(x2, b0, c2a);
                c2b = Vector256.MultiplyAddEstimate(x2, b1, c2b);
                var x3 = Vector256.Create(x[3 * TWalk.RowStride]);
                c3a = Vector256.MultiplyAddEstimate(x3, b0, c3a);
                c3b = Vector256.MultiplyAddEstimate(x3, b1, c3b);
                x += TWalk.Step;
            }

            a += panelStride;
        }

        Vector256.Store(c0a, c);
        Vector256.Store(c0b, c + 8);
        Vector256.Store(c1a, c + 32);
        Vector256.Store(c1b, c + 40);
        Vector256.Store(c2a, c + 64);
        Vector256.Store(c2b, c + 72);
        Vector256.Store(c3a, c + 96);
        Vector256.Store(c3b, c + 104);
    }

    /// <summary>A register tile of 8 rows x 8 columns: 8 accumulators of 256 bits. Twice as many such multiply-adds as of 512 bits take a cycle where a processor has only halves of those.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x8<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        var c0 = Vector256.Load(start);
        var c1 = Vector256.Load(start + startStride);
        var c2 = Vector256.Load(start + (2 * startStride));
        var c3 = Vector256.Load(start + (3 * startStride));
        var c4 = Vector256.Load(start + (4 * startStride));
        var c5 = Vector256.Load(start + (5 * startStride));
        var c6 = Vector256.Load(start + (6 * startStride));
        var c7 = Vector256.Load(start + (7 * startStride));
        while (k > 0)
        {
            var run = TWalk.Run(k);
            k -= run;
            var x = a;
            for (; run > 0; run--)
            {
                var b0 = Vector256.Load(b);
                b += PanelLayout.PanelWidth;
                c0 = Vector256.MultiplyAddEstimate(Vector256.Create(x[0]), b0, c0);
                c1 = Vector256.MultiplyAddEstimate(Vector256.Create(x[TWalk.RowStride]), b0, c1);
                c2 = Vector256.MultiplyAddEstimate(Vector256.Create(x[2 * TWalk.RowStride]), b0, c2);
                c3 = Vector256.MultiplyAddEstimate(Vector256.Create(x[3 * TWalk.RowStride]), b0, c3);
                c4 = Vector256.MultiplyAddEstimate(Vector256.Create(x[4 * TWalk.RowStride]), b0, c4);
                c5 = Vector256.MultiplyAddEstimate(Vector256.Create(x[5 * TWalk.RowStride]), b0, c5);
                c6 = Vector256.MultiplyAddEstimate(Vector256.Create(x[6 * TWalk.RowStride]), b0, c6);
                c7 = Vector256.MultiplyAddEstimate(Vector256.Create(x[7 * TWalk.RowStride]), b0, c7);
                x += TWalk.Step;
            }

            a += panelStride;
        }

        Vector256.Store(c0, c);
        Vector256.Store(c1, c + 32);
        Vector256.Store(c2, c + 64);
        Vector256.Store(c3, c + 96);
        Vector256.Store(c4, c + 128);
        Vector256.Store(c5, c + 160);
        Vector256.Store(c6, c + 192);
        Vector256.Store(c7, c + 224);
    }

    /// <summary>A register tile of 4 rows x 8 columns: 8 accumulators of 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x8<TWalk>(float* a, nint panelStride, int k, float* b, float* c, float* start, nint startStride)
        where TWalk : struct, IOperandWalk
    {
        var c0a = Vector128.Load(start);
        var c0b = Vector128.Load(start + 4);
        var c1a = Vector128.Load(start + startStride);
        var c1b = Vector128.Load(start + startStride + 4);
        var c2a = Vector128.Load(start + (2 * startStride));
        var c2b = Vector128.Load(start + (2 * startStride) + 4);
        var c3a = Vector128.Load(start + (3 * startStride));
        var c3b = Vector128.Load(start + (3 * startStride) + 4);
        while (k > 0)
        {
            var run = TWalk.Run(k);
            k -= run;
            var x = a;
            for (; run > 0; run--)
            {
                var b0 = Vector128.Load(b);
                var b1 = Vector128.Load(b + 4);
                b += PanelLayout.PanelWidth;
                var x0 = Vector128.Create(x[0]);
                c0a = Vector128.MultiplyAddEstimate(x0, b0, c0a);
                c0b = Vector128.MultiplyAddEstimate(x0, b1, c0b);
                var x1 = Vector128.Create(x[TWalk.RowStride]);
                c1a = Vector128.MultiplyAddEstimate(x1, b0, c1a);
                c1b = Vector128.MultiplyAddEstimate(x1, b1, c1b);
                var x2 = Vector128.Create(x[2 * TWalk.RowStride]);
                c2a = Vector128.MultiplyAddEstimate(x2, b0, c2a);
                c2b = Vector128.MultiplyAddEstimate(x2, b1, c2b);
                var x3 = Vector128.Create(x[3 * TWalk.RowStride]);
                c3a = Vector128.MultiplyAddEstimate(x3, b0, c3a);
                c3b = Vector128.MultiplyAddEstimate(x3, b1, c3b);
                x += TWalk.Step;
            }

            a += panelStride;
        }

        Vector128.Store(c0a, c);
        Vector128.Store(c0b, c + 4);
        Vector128.Store(c1a, c + 32);
        Vector128.Store(c1b, c + 36);
        Vector128.Store(c2a, c + 64);
        Vector128.Store(c2b, c + 68);
        Vector128.Store(c3a, c + 96);
        Vector128.Store(c3b, c + 100);
    }
}
