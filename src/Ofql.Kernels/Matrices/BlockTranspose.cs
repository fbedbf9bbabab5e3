using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// 8 x 8 blocks turned in registers. The one kernel written against x86 directly: the portable vectors have no operation that
/// interleaves two registers. Elsewhere a scalar loop does the same.
/// </summary>
internal static unsafe class BlockTranspose
{
    /// <summary>Rows and columns of a block.</summary>
    public const int Size = 8;

    /// <summary>to[c, r] = from[r, c] for an 8 x 8 block; rows of both are 32 floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(float* from, float* to)
    {
        if (Avx.IsSupported)
            TurnInRegisters(from, to);
        else
            TurnPart(from, to, Size, Size);
    }

    /// <summary>The same for a part of a block.</summary>
    public static void TurnPart(float* from, float* to, int rows, int columns)
    {
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < columns; c++)
                to[(c * PanelLayout.PanelWidth) + r] = from[(r * PanelLayout.PanelWidth) + c];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnInRegisters(float* from, float* to)
    {
        const int Stride = PanelLayout.PanelWidth;
        Vector256<float> r0 = Avx.LoadVector256(from), r1 = Avx.LoadVector256(from + Stride);
        Vector256<float> r2 = Avx.LoadVector256(from + (2 * Stride)), r3 = Avx.LoadVector256(from + (3 * Stride));
        Vector256<float> r4 = Avx.LoadVector256(from + (4 * Stride)), r5 = Avx.LoadVector256(from + (5 * Stride));
        Vector256<float> r6 = Avx.LoadVector256(from + (6 * Stride)), r7 = Avx.LoadVector256(from + (7 * Stride));

        // Pairs of rows interleaved, then pairs of pairs: 4 x 4 turned inside each 128-bit half.
        Vector256<float> a0 = Avx.UnpackLow(r0, r1), a1 = Avx.UnpackHigh(r0, r1), a2 = Avx.UnpackLow(r2, r3), a3 = Avx.UnpackHigh(r2, r3);
        Vector256<float> a4 = Avx.UnpackLow(r4, r5), a5 = Avx.UnpackHigh(r4, r5), a6 = Avx.UnpackLow(r6, r7), a7 = Avx.UnpackHigh(r6, r7);
        Vector256<float> b0 = Avx.Shuffle(a0, a2, 0x44), b1 = Avx.Shuffle(a0, a2, 0xEE), b2 = Avx.Shuffle(a1, a3, 0x44), b3 = Avx.Shuffle(a1, a3, 0xEE);
        Vector256<float> b4 = Avx.Shuffle(a4, a6, 0x44), b5 = Avx.Shuffle(a4, a6, 0xEE), b6 = Avx.Shuffle(a5, a7, 0x44), b7 = Avx.Shuffle(a5, a7, 0xEE);

        // The halves exchanged.
        Avx.Store(to, Avx.Permute2x128(b0, b4, 0x20));
        Avx.Store(to + Stride, Avx.Permute2x128(b1, b5, 0x20));
        Avx.Store(to + (2 * Stride), Avx.Permute2x128(b2, b6, 0x20));
        Avx.Store(to + (3 * Stride), Avx.Permute2x128(b3, b7, 0x20));
        Avx.Store(to + (4 * Stride), Avx.Permute2x128(b0, b4, 0x31));
        Avx.Store(to + (5 * Stride), Avx.Permute2x128(b1, b5, 0x31));
        Avx.Store(to + (6 * Stride), Avx.Permute2x128(b2, b6, 0x31));
        Avx.Store(to + (7 * Stride), Avx.Permute2x128(b3, b7, 0x31));
    }
}
