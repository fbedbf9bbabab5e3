using System.Text;

namespace Ofql.Kernels.Randomness;

/// <summary>
/// A named, counter-based stream of random numbers. All streams of a run are split by name from one seed, so that a stream
/// yields the same numbers whatever the other streams do, and its whole state is one counter (<see cref="Position"/>).
/// Not thread-safe: give each thread its own stream.
/// </summary>
public sealed class RandomStream
{
    private readonly ulong _key;

    /// <summary>Creates the stream <paramref name="name"/> of the run with seed <paramref name="seed"/>.</summary>
    public RandomStream(ulong seed, string name)
        : this(KeyOf(seed, name))
    {
    }

    private RandomStream(ulong key) => _key = key;

    /// <summary>The 64-bit key: a fixed function of seed and name.</summary>
    public ulong Key => _key;

    /// <summary>Number of counters consumed so far: the whole state of the stream. Setting it rewinds or skips.</summary>
    public ulong Position { get; set; }

    /// <summary>A stream of its own, split from this stream's key by name; this stream's position does not matter.</summary>
    public RandomStream Split(string name) => new(KeyOf(_key, name));

    /// <summary>A stream of its own, split from this stream's key by name and number (an episode, say).</summary>
    public RandomStream Split(string name, long index) => new(Mix(KeyOf(_key, name) + (0x9E3779B97F4A7C15UL * (ulong)(index + 1))));

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        var (low, high) = Threefry.Block(_key, Position++);
        return ((ulong)high << 32) | low;
    }

    /// <summary>Uniform in [0, 1) with 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double NextUniform(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>Standard normal (Box and Muller 1958, cosine branch; one counter for each of its two uniforms).</summary>
    public double NextNormal()
    {
        var radius = Math.Sqrt(-2.0 * Math.Log(1.0 - NextDouble()));
        return radius * Math.Cos(2.0 * Math.PI * NextDouble());
    }

    /// <summary>Uniform in 0 .. <paramref name="bound"/> - 1 (high half of a 128-bit product: bias below bound / 2^64).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    public long NextIndex(long bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (long)Math.BigMul(NextUInt64(), (ulong)bound, out _);
    }

    private static ulong KeyOf(ulong seed, string name)
    {
        // FNV-1a over the UTF-8 name, started from the mixed seed, then finalised by SplitMix64.
        var hash = 0xCBF29CE484222325UL ^ Mix(seed);
        foreach (var character in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ character) * 0x100000001B3UL;
        return Mix(hash);
    }

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
