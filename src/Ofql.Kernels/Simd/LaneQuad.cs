using System.Runtime.CompilerServices;

namespace Ofql.Kernels.Simd;

/// <summary>
/// Four vectors that take every step together. An elementary function is one long chain of dependent steps, and a processor looks only so far
/// ahead: with one vector after the other it partly waits. Interleaved, the steps of three vectors run while that of the fourth is under
/// way. Every lane's own steps, hence its bits, stay the same. For machines with 32 registers: with 16 the values no longer fit.
/// </summary>
internal unsafe struct LaneQuad<T> : ILanes<LaneQuad<T>>
    where T : unmanaged, ILanes<T>
{
    private T _a;
    private T _b;
    private T _c;
    private T _d;

    public static int Count => 4 * T.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Load(float* source) =>
        new() { _a = T.Load(source), _b = T.Load(source + T.Count), _c = T.Load(source + (2 * T.Count)), _d = T.Load(source + (3 * T.Count)) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Create(float value) => new() { _a = T.Create(value), _b = T.Create(value), _c = T.Create(value), _d = T.Create(value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination)
    {
        _a.Store(destination);
        _b.Store(destination + T.Count);
        _c.Store(destination + (2 * T.Count));
        _d.Store(destination + (3 * T.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> operator +(LaneQuad<T> x, LaneQuad<T> y) =>
        new() { _a = x._a + y._a, _b = x._b + y._b, _c = x._c + y._c, _d = x._d + y._d };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> operator -(LaneQuad<T> x, LaneQuad<T> y) =>
        new() { _a = x._a - y._a, _b = x._b - y._b, _c = x._c - y._c, _d = x._d - y._d };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> operator *(LaneQuad<T> x, LaneQuad<T> y) =>
        new() { _a = x._a * y._a, _b = x._b * y._b, _c = x._c * y._c, _d = x._d * y._d };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> operator /(LaneQuad<T> x, LaneQuad<T> y) =>
        new() { _a = x._a / y._a, _b = x._b / y._b, _c = x._c / y._c, _d = x._d / y._d };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> operator &(LaneQuad<T> x, LaneQuad<T> y) =>
        new() { _a = x._a & y._a, _b = x._b & y._b, _c = x._c & y._c, _d = x._d & y._d };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> MultiplyAdd(LaneQuad<T> x, LaneQuad<T> y, LaneQuad<T> z) =>
        new() { _a = T.MultiplyAdd(x._a, y._a, z._a), _b = T.MultiplyAdd(x._b, y._b, z._b), _c = T.MultiplyAdd(x._c, y._c, z._c), _d = T.MultiplyAdd(x._d, y._d, z._d) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Min(LaneQuad<T> x, LaneQuad<T> y) =>
        new() { _a = T.Min(x._a, y._a), _b = T.Min(x._b, y._b), _c = T.Min(x._c, y._c), _d = T.Min(x._d, y._d) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Max(LaneQuad<T> x, LaneQuad<T> y) =>
        new() { _a = T.Max(x._a, y._a), _b = T.Max(x._b, y._b), _c = T.Max(x._c, y._c), _d = T.Max(x._d, y._d) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Abs(LaneQuad<T> x) => new() { _a = T.Abs(x._a), _b = T.Abs(x._b), _c = T.Abs(x._c), _d = T.Abs(x._d) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Sqrt(LaneQuad<T> x) => new() { _a = T.Sqrt(x._a), _b = T.Sqrt(x._b), _c = T.Sqrt(x._c), _d = T.Sqrt(x._d) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> LessThan(LaneQuad<T> x, LaneQuad<T> y) =>
        new() { _a = T.LessThan(x._a, y._a), _b = T.LessThan(x._b, y._b), _c = T.LessThan(x._c, y._c), _d = T.LessThan(x._d, y._d) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Equal(LaneQuad<T> x, LaneQuad<T> y) =>
        new() { _a = T.Equal(x._a, y._a), _b = T.Equal(x._b, y._b), _c = T.Equal(x._c, y._c), _d = T.Equal(x._d, y._d) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Select(LaneQuad<T> mask, LaneQuad<T> yes, LaneQuad<T> no) =>
        new() { _a = T.Select(mask._a, yes._a, no._a), _b = T.Select(mask._b, yes._b, no._b), _c = T.Select(mask._c, yes._c, no._c), _d = T.Select(mask._d, yes._d, no._d) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> AddToExponent(LaneQuad<T> x, LaneQuad<T> shifted) =>
        new() { _a = T.AddToExponent(x._a, shifted._a), _b = T.AddToExponent(x._b, shifted._b), _c = T.AddToExponent(x._c, shifted._c), _d = T.AddToExponent(x._d, shifted._d) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Split(LaneQuad<T> x, out LaneQuad<T> exponent)
    {
        var a = T.Split(x._a, out var exponentA);
        var b = T.Split(x._b, out var exponentB);
        var c = T.Split(x._c, out var exponentC);
        var d = T.Split(x._d, out var exponentD);
        exponent = new() { _a = exponentA, _b = exponentB, _c = exponentC, _d = exponentD };
        return new() { _a = a, _b = b, _c = c, _d = d };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> BitMask(LaneQuad<T> x, int bit) =>
        new() { _a = T.BitMask(x._a, bit), _b = T.BitMask(x._b, bit), _c = T.BitMask(x._c, bit), _d = T.BitMask(x._d, bit) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneQuad<T> Uniform(uint* bits) =>
        new() { _a = T.Uniform(bits), _b = T.Uniform(bits + T.Count), _c = T.Uniform(bits + (2 * T.Count)), _d = T.Uniform(bits + (3 * T.Count)) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(LaneQuad<T> x) => T.Sum(x._a) + T.Sum(x._b) + T.Sum(x._c) + T.Sum(x._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(LaneQuad<T> x) => MathF.Max(MathF.Max(T.Largest(x._a), T.Largest(x._b)), MathF.Max(T.Largest(x._c), T.Largest(x._d)));
}
