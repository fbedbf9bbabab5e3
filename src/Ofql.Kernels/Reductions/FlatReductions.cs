using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Reductions;

/// <summary>Sums over a flat block, split into chunks of fixed length so that a total does not depend on the number of threads.</summary>
public static unsafe class FlatReductions
{
    /// <summary>Floats per chunk.</summary>
    public const int ChunkLength = 4096;

    /// <summary>Chunks of a block of <paramref name="length"/> floats.</summary>
    public static int Chunks(int length) => (length + ChunkLength - 1) / ChunkLength;

    /// <summary>partial[chunk] = sum of squares, for chunks <paramref name="first"/> .. <paramref name="end"/> - 1. Lengths are multiples of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SumsOfSquares(float* x, int length, double* partial, int first, int end)
    {
        for (var chunk = first; chunk < end; chunk++)
        {
            var count = Math.Min(ChunkLength, length - (chunk * ChunkLength));
            var p = x + (chunk * ChunkLength);
            if (Vector512.IsHardwareAccelerated)
                partial[chunk] = SumOfSquares<Lanes512>(p, count);
            else if (Vector256.IsHardwareAccelerated)
                partial[chunk] = SumOfSquares<Lanes256>(p, count);
            else
                partial[chunk] = SumOfSquares<Lanes128>(p, count);
        }
    }

    /// <summary>The sum of partial results, in order.</summary>
    public static double Total(double* partial, int count)
    {
        double sum = 0;
        for (var i = 0; i < count; i++)
            sum += partial[i];
        return sum;
    }

    private static double SumOfSquares<T>(float* x, int count)
        where T : unmanaged, ILanes<T>
    {
        T s0 = T.Create(0f), s1 = s0, s2 = s0, s3 = s0;
        for (var i = 0; i < count; i += 16)
        {
            // Whole vectors of 16 floats: one, two or four registers.
            var a = T.Load(x + i);
            s0 = T.MultiplyAdd(a, a, s0);
            if (T.Count <= 8)
            {
                var b = T.Load(x + i + T.Count);
                s1 = T.MultiplyAdd(b, b, s1);
            }

            if (T.Count <= 4)
            {
                T c = T.Load(x + i + 8), d = T.Load(x + i + 12);
                s2 = T.MultiplyAdd(c, c, s2);
                s3 = T.MultiplyAdd(d, d, s3);
            }
        }

        return T.Sum((s0 + s1) + (s2 + s3));
    }
}
