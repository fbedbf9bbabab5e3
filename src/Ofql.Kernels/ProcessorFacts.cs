using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ofql.Kernels;

/// <summary>What the kernels find in this processor.</summary>
public static class ProcessorFacts
{
    /// <summary>Widest vector in bits that the runtime runs in hardware: 512, 256, 128, or 0 for none.</summary>
    public static int VectorBits =>
        Vector512.IsHardwareAccelerated ? 512
        : Vector256.IsHardwareAccelerated ? 256
        : Vector128.IsHardwareAccelerated ? 128 : 0;

    /// <summary>Bytes of one core's second-level cache as the processor states them; 0 where it does not say (other than x86).</summary>
    public static long SecondLevelCacheBytes { get; } = FindSecondLevelCache();

    /// <summary>Intel describes its caches in leaf 4, AMD in leaf 8000001D; the fields are the same, and either is empty on the other's processors.</summary>
    private static long FindSecondLevelCache()
    {
        if (!X86Base.IsSupported)
            return 0;
        foreach (var (range, leaf) in (ReadOnlySpan<(int, int)>)[(0, 4), (unchecked((int)0x80000000), unchecked((int)0x8000001D))])
        {
            if ((uint)X86Base.CpuId(range, 0).Eax < (uint)leaf)
                continue;
            // A processor lists a few caches and then type 0; the bound is against hypervisors that list without end.
            for (var index = 0; index < 16; index++)
            {
                var (a, b, c, _) = X86Base.CpuId(leaf, index);
                var (type, level) = (a & 31, (a >> 5) & 7);
                if (type == 0)
                    break;
                if (level == 2)
                    return ((long)((uint)b >> 22) + 1) * (((b >> 12) & 1023) + 1) * ((b & 4095) + 1) * ((long)(uint)c + 1);
            }
        }

        return 0;
    }
}
