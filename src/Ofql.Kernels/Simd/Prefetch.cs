using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Ofql.Kernels.Simd;

/// <summary>Hints to fetch memory that will be read soon: rows drawn at random from a large dataset miss every cache.</summary>
public static unsafe class Prefetch
{
    private const int CacheLine = 64;

    /// <summary>Asks for the cache lines of <paramref name="bytes"/> bytes; never faults, does nothing where the machine has no such hint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Lines(void* address, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        var first = (byte*)((nuint)address & ~(nuint)(CacheLine - 1));
        var end = (byte*)address + bytes;
        for (var line = first; line < end; line += CacheLine)
            Sse.Prefetch0(line);
    }

    /// <summary>The same into the second-level cache, for what the first level has no room for yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Near(void* address, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        var end = (byte*)address + bytes;
        for (var line = (byte*)address; line < end; line += CacheLine)
            Sse.Prefetch1(line);
    }
}
