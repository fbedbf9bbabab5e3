using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Randomness;

/// <summary>
/// Blocks of random numbers straight from a key and a counter, so that any thread can make any part. A block is 32 values
/// and consumes 16 counters: value i (i below 16) comes from word 0 of counter i, value 16 + i from word 1.
/// </summary>
public static unsafe class Noise
{
    /// <summary>Values per block.</summary>
    public const int BlockValues = 32;

    /// <summary>Counters per block.</summary>
    public const int BlockCounters = 16;

    /// <summary>Counters consumed by <paramref name="count"/> values.</summary>
    public static ulong CountersFor(long count) => (ulong)((count + BlockValues - 1) / BlockValues * BlockCounters);

    /// <summary>Writes <paramref name="blocks"/> blocks of uniform numbers in [0, 1) with 24 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Uniform(ulong key, ulong counter, float* destination, int blocks)
    {
        var words = stackalloc uint[BlockValues];
        for (var block = 0; block < blocks; block++)
        {
            Words(key, counter + ((ulong)block * BlockCounters), words);
            var body = new UniformRun { Words = words, Destination = destination + (block * BlockValues) };
            Run.Over(ref body, BlockValues);
        }
    }

    /// <summary>
    /// Writes <paramref name="blocks"/> blocks of standard normal numbers (Box and Muller 1958): counter i gives value i by
    /// the cosine and value 16 + i by the sine.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normal(ulong key, ulong counter, float* destination, int blocks)
    {
        var words = stackalloc uint[BlockValues];
        for (var block = 0; block < blocks; block++)
        {
            Words(key, counter + ((ulong)block * BlockCounters), words);
            var body = new NormalRun { Words = words, Destination = destination + (block * BlockValues) };
            Run.Over(ref body, BlockValues / 2);
        }
    }

    /// <summary>Fills a span with standard normal numbers and advances the stream.</summary>
    public static void FillNormal(RandomStream stream, Span<float> destination) => Fill(stream, destination, normal: true);

    /// <summary>Fills a span with uniform numbers in [0, 1) and advances the stream.</summary>
    public static void FillUniform(RandomStream stream, Span<float> destination) => Fill(stream, destination, normal: false);

    private static void Fill(RandomStream stream, Span<float> destination, bool normal)
    {
        var block = stackalloc float[BlockValues];
        while (destination.Length > 0)
        {
            if (normal)
                Normal(stream.Key, stream.Position, block, 1);
            else
                Uniform(stream.Key, stream.Position, block, 1);
            stream.Position += BlockCounters;
            var count = Math.Min(BlockValues, destination.Length);
            new ReadOnlySpan<float>(block, count).CopyTo(destination);
            destination = destination[count..];
        }
    }

    /// <summary>Threefry of 16 consecutive counters. Integer work: every width gives the same bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Words(ulong key, ulong counter, uint* words)
    {
        // The counters of a block share their high word: blocks start at multiples of 16 in every stream that only draws blocks.
        if (Vector512.IsHardwareAccelerated && (uint)counter <= uint.MaxValue - BlockCounters)
        {
            Words512(key, counter, words);
            return;
        }

        for (var i = 0; i < BlockCounters; i++)
            (words[i], words[BlockCounters + i]) = Threefry.Block(key, counter + (ulong)i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Words512(ulong key, ulong counter, uint* words)
    {
        uint k0 = (uint)key, k1 = (uint)(key >> 32), k2 = Threefry.Parity ^ k0 ^ k1;
        var x0 = Vector512.Create((uint)counter + k0) + Vector512<uint>.Indices;
        var x1 = Vector512.Create((uint)(counter >> 32) + k1);
        FourRounds(ref x0, ref x1, 13, 15, 26, 6);
        x0 += Vector512.Create(k1);
        x1 += Vector512.Create(k2 + 1);
        FourRounds(ref x0, ref x1, 17, 29, 16, 24);
        x0 += Vector512.Create(k2);
        x1 += Vector512.Create(k0 + 2);
        FourRounds(ref x0, ref x1, 13, 15, 26, 6);
        x0 += Vector512.Create(k0);
        x1 += Vector512.Create(k1 + 3);
        FourRounds(ref x0, ref x1, 17, 29, 16, 24);
        x0 += Vector512.Create(k1);
        x1 += Vector512.Create(k2 + 4);
        FourRounds(ref x0, ref x1, 13, 15, 26, 6);
        (x0 + Vector512.Create(k2)).Store(words);
        (x1 + Vector512.Create(k0 + 5)).Store(words + BlockCounters);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourRounds(ref Vector512<uint> x0, ref Vector512<uint> x1, int a, int b, int c, int d)
    {
        x0 += x1;
        x1 = Rotate(x1, a) ^ x0;
        x0 += x1;
        x1 = Rotate(x1, b) ^ x0;
        x0 += x1;
        x1 = Rotate(x1, c) ^ x0;
        x0 += x1;
        x1 = Rotate(x1, d) ^ x0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rotate(Vector512<uint> x, int bits) => (x << bits) | (x >>> (32 - bits));

    private struct UniformRun : IRun
    {
        public uint* Words;
        public float* Destination;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<T>(nint index)
            where T : unmanaged, ILanes<T> => T.Uniform(Words + index).Store(Destination + index);
    }

    private struct NormalRun : IRun
    {
        public uint* Words;
        public float* Destination;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<T>(nint index)
            where T : unmanaged, ILanes<T>
        {
            // 1 - u lies in (0, 1]: the logarithm is finite.
            var radius = T.Sqrt(T.Create(-2f) * LaneMath.Log(T.Create(1f) - T.Uniform(Words + index)));
            var sine = LaneMath.SinCosOfTurns(T.Uniform(Words + BlockCounters + index), out var cosine);
            (radius * cosine).Store(Destination + index);
            (radius * sine).Store(Destination + BlockCounters + index);
        }
    }
}
