using System.Runtime.Intrinsics;

namespace Ofql.Kernels.Simd;

/// <summary>Which vector width this process runs with.</summary>
public static class Width
{
    /// <summary>Bits per vector: 512, 256 or 128. The environment variables DOTNET_EnableAVX512=0 and DOTNET_EnableAVX2=0 lower it.</summary>
    public static int Bits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
}

/// <summary>Work on a run of floats, written once for all widths.</summary>
internal unsafe interface IRun
{
    /// <summary>Handles elements <paramref name="index"/> .. <paramref name="index"/> + T.Count - 1.</summary>
    void Apply<T>(nint index)
        where T : unmanaged, ILanes<T>;
}

/// <summary>Loops over a run in the machine's width.</summary>
internal static unsafe class Run
{
    /// <summary>Applies <paramref name="body"/> to <paramref name="count"/> floats; a multiple of 16, as padded layouts are.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
    public static void Over<TBody>(ref TBody body, nint count)
        where TBody : struct, IRun
    {
        if (Vector512.IsHardwareAccelerated)
        {
            for (nint i = 0; i < count; i += 16)
                body.Apply<Lanes512>(i);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (nint i = 0; i < count; i += 8)
                body.Apply<Lanes256>(i);
        }
        else
        {
            for (nint i = 0; i < count; i += 4)
                body.Apply<Lanes128>(i);
        }
    }
}
