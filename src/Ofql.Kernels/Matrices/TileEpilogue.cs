using System.Runtime.CompilerServices;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>What happens to a freshly computed tile while it is still in the first-level cache.</summary>
internal unsafe interface ITileEpilogue
{
    /// <summary>Finishes <paramref name="count"/> consecutive floats: c in place, d the stored derivative beside it.</summary>
    static abstract void Apply<T>(float* c, float* d, int count)
        where T : unmanaged, ILanes<T>;
}

/// <summary>The bare product.</summary>
internal readonly unsafe struct PlainEpilogue : ITileEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<T>(float* c, float* d, int count)
        where T : unmanaged, ILanes<T>
    {
    }
}

/// <summary>c = f(c).</summary>
internal readonly unsafe struct ActivateEpilogue<TActivation> : ITileEpilogue
    where TActivation : struct, IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<T>(float* c, float* d, int count)
        where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < count; i += T.Count)
            TActivation.Value(T.Load(c + i)).Store(c + i);
    }
}

/// <summary>d = f'(c), c = f(c).</summary>
internal readonly unsafe struct DifferentiateEpilogue<TActivation> : ITileEpilogue
    where TActivation : struct, IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<T>(float* c, float* d, int count)
        where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < count; i += T.Count)
        {
            var value = TActivation.ValueAndDerivative(T.Load(c + i), out var derivative);
            value.Store(c + i);
            derivative.Store(d + i);
        }
    }
}

/// <summary>c = c d: backward and tangent passes through an activation whose derivative was stored.</summary>
internal readonly unsafe struct ScaleEpilogue : ITileEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<T>(float* c, float* d, int count)
        where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < count; i += T.Count)
            (T.Load(c + i) * T.Load(d + i)).Store(c + i);
    }
}
