using System.Runtime.CompilerServices;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Activations;

/// <summary>An activation with its derivative, on lanes.</summary>
internal interface IActivation
{
    static abstract T Value<T>(T x)
        where T : unmanaged, ILanes<T>;

    static abstract T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>;
}

internal readonly struct IdentityActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, ILanes<T> => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>
    {
        derivative = T.Create(1f);
        return x;
    }
}

/// <summary>
/// Where activations end on their flat side. A unit driven far below has a slope of e^x or so; what is multiplied by that leaves the
/// normal numbers, and every multiply-add that reads such a number costs an Intel processor a hundred cycles or more: one in a hundred of them
/// makes a product several times slower. So arguments stop where value and slope are about 1e-26: nothing beside any other number, and normal.
/// </summary>
internal static class FlatSide
{
    /// <summary>For slopes that go as e^x: e^-64 = 1.6e-28.</summary>
    public const float Exponential = -64f;

    /// <summary>For GELU, whose slope goes as e^(-1.6 |x| - 0.07 |x|^3).</summary>
    public const float Gelu = -9f;
}

/// <summary>
/// With e = e^min(x, 20), n = e^2 + 2e and q = 1 / (n + 2): mish = x n q and mish' = n q + x (n - e)(2q)^2, so
/// that one exponential and one division serve both (the identity tanh(ln(1 + e)) = n / (n + 2)).
/// </summary>
internal readonly struct MishActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        x = T.Max(T.Create(FlatSide.Exponential), x);
        var e = LaneMath.ExpInRange(T.Min(x, T.Create(20f)));
        var n = T.MultiplyAdd(e, e, e + e);
        // The ratio first: x n overflows from x = 1e21 on.
        return x * (n / (n + T.Create(2f)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>
    {
        x = T.Max(T.Create(FlatSide.Exponential), x);
        var e = LaneMath.ExpInRange(T.Min(x, T.Create(20f)));
        var n = T.MultiplyAdd(e, e, e + e);
        var q = T.Create(1f) / (n + T.Create(2f));
        var ratio = n * q;
        // d/dx (n / (n + 2)) = 2 n' q^2 with n' = 2e(e + 1) = 2(n - e).
        var q2 = q + q;
        derivative = T.MultiplyAdd(x * (n - e), q2 * q2, ratio);
        return x * ratio;
    }
}

/// <summary>x is the second operand of every maximum and minimum here, so that NaN passes.</summary>
internal readonly struct ReluActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, ILanes<T> => T.Max(T.Create(0f), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>
    {
        derivative = T.Create(1f) & T.LessThan(T.Create(0f), x);
        return T.Max(T.Create(0f), x);
    }
}

internal readonly struct GeluActivation : IActivation
{
    private const float Scale = 0.7978845608f; // sqrt(2 / pi)
    private const float Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        x = T.Max(T.Create(FlatSide.Gelu), x);
        var inner = T.Create(Scale) * T.MultiplyAdd(T.Create(Cubic) * x * x, x, x);
        // 0.5 (1 + tanh y) = sigmoid(2y), which keeps its relative accuracy far below zero.
        return x * LaneMath.Sigmoid(inner + inner);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>
    {
        x = T.Max(T.Create(FlatSide.Gelu), x);
        var square = x * x;
        var inner = T.Create(Scale) * T.MultiplyAdd(T.Create(Cubic) * square, x, x);
        var gate = LaneMath.Sigmoid(inner + inner);
        var slope = T.Create(2f * Scale) * T.MultiplyAdd(T.Create(3f * Cubic), square, T.Create(1f));
        derivative = T.MultiplyAdd(x * gate * (T.Create(1f) - gate), slope, gate);
        return x * gate;
    }
}

internal readonly struct TanhActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, ILanes<T> => LaneMath.Tanh(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>
    {
        var value = LaneMath.Tanh(x);
        derivative = T.Create(1f) - (value * value);
        return value;
    }
}

internal readonly struct SiluActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        x = T.Max(T.Create(FlatSide.Exponential), x);
        return x * LaneMath.Sigmoid(x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>
    {
        x = T.Max(T.Create(FlatSide.Exponential), x);
        var gate = LaneMath.Sigmoid(x);
        derivative = T.MultiplyAdd(x * gate, T.Create(1f) - gate, gate);
        return x * gate;
    }
}

internal readonly struct SigmoidActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, ILanes<T> => LaneMath.Sigmoid(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>
    {
        var value = LaneMath.Sigmoid(x);
        derivative = value * (T.Create(1f) - value);
        return value;
    }
}

internal readonly struct SoftplusActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, ILanes<T> => LaneMath.Softplus(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>
    {
        derivative = LaneMath.Sigmoid(x);
        return LaneMath.Softplus(x);
    }
}

internal readonly struct EluActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        var below = LaneMath.ExpMinusOneInRange(T.Max(T.Create(-87f), T.Min(T.Create(0f), x)));
        return T.Select(T.LessThan(T.Create(0f), x), x, below);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndDerivative<T>(T x, out T derivative)
        where T : unmanaged, ILanes<T>
    {
        var below = LaneMath.ExpMinusOneInRange(T.Max(T.Create(-87f), T.Min(T.Create(0f), x)));
        var positive = T.LessThan(T.Create(0f), x);
        derivative = T.Select(positive, T.Create(1f), below + T.Create(1f));
        return T.Select(positive, x, below);
    }
}
