using System.Runtime.CompilerServices;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Elementwise;

/// <summary>A function of two numbers with its partial derivatives in terms of a, b and the value y.</summary>
internal interface IBinary
{
    static abstract T Value<T>(T a, T b)
        where T : unmanaged, ILanes<T>;

    static abstract T First<T>(T a, T b, T y)
        where T : unmanaged, ILanes<T>;

    static abstract T Second<T>(T a, T b, T y)
        where T : unmanaged, ILanes<T>;
}

/// <summary>The functions of <see cref="BinaryOperation"/>: one struct each.</summary>
internal static class BinaryFunctions
{
    internal readonly struct Add : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Value<T>(T a, T b)
            where T : unmanaged, ILanes<T> => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T First<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => T.Create(1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Second<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => T.Create(1f);
    }

    internal readonly struct Subtract : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Value<T>(T a, T b)
            where T : unmanaged, ILanes<T> => a - b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T First<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => T.Create(1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Second<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => T.Create(-1f);
    }

    internal readonly struct Multiply : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Value<T>(T a, T b)
            where T : unmanaged, ILanes<T> => a * b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T First<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Second<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => a;
    }

    internal readonly struct Divide : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Value<T>(T a, T b)
            where T : unmanaged, ILanes<T> => a / b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T First<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => T.Create(1f) / b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Second<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => T.Create(0f) - (y / b);
    }

    /// <summary>Derivatives of what returns one of its arguments: 1 by the one returned, by the first where both are equal.</summary>
    private static class Chosen
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T First<T>(T a, T y)
            where T : unmanaged, ILanes<T> => T.Create(1f) & T.Equal(a, y);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Second<T>(T a, T y)
            where T : unmanaged, ILanes<T> => T.Select(T.Equal(a, y), T.Create(0f), T.Create(1f));
    }

    // Where b is NaN the machine's minimum and maximum return it; where a is, it is returned here.
    internal readonly struct Minimum : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Value<T>(T a, T b)
            where T : unmanaged, ILanes<T> => T.Select(T.Equal(a, a), T.Min(a, b), a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T First<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => Chosen.First(a, y);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Second<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => Chosen.Second(a, y);
    }

    internal readonly struct Maximum : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Value<T>(T a, T b)
            where T : unmanaged, ILanes<T> => T.Select(T.Equal(a, a), T.Max(a, b), a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T First<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => Chosen.First(a, y);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Second<T>(T a, T b, T y)
            where T : unmanaged, ILanes<T> => Chosen.Second(a, y);
    }
}
