using System.Runtime.Intrinsics;

namespace Ofql.Kernels;

/// <summary>What the kernels find in this processor.</summary>
public static class ProcessorFacts
{
    /// <summary>Widest vector in bits that the runtime runs in hardware: 512, 256, 128, or 0 for none.</summary>
    public static int VectorBits =>
        Vector512.IsHardwareAccelerated ? 512
        : Vector256.IsHardwareAccelerated ? 256
        : Vector128.IsHardwareAccelerated ? 128 : 0;
}
