using System.Runtime.CompilerServices;
using Ofql.Kernels.Activations;

namespace Ofql.Kernels.Simd;

/// <summary>Elementary functions on lanes, float32, errors of one or two units in the last place on their stated range.</summary>
internal static class LaneMath
{
    // 1.5 * 2^23: adding it rounds to an integer and leaves that integer in the low mantissa bits.
    private const float RoundingShift = 12582912f;

    // ln 2 in two parts, the first exact in few bits (Cody and Waite), so that n * part is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>
    /// e^x. Arguments are limited to [-87, 88]: below, the smallest normal scale; above, about 1.7e38. The polynomial is a
    /// minimax fit of degree 6 with exact value and slope at 0 (relative error 3e-9 before rounding).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        // x second: the machine's minimum and maximum return the second operand where either is NaN, so that NaN passes.
        x = T.Max(T.Create(-87f), T.Min(T.Create(88f), x));
        return ExpInRange(x);
    }

    /// <summary>e^x for x already within [-87, 88].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ExpInRange<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        var q = ExpParts(x, out var shifted);
        return T.AddToExponent(q + T.Create(1f), shifted);
    }

    /// <summary>e^x - 1 for x within [-87, 88], relatively accurate around 0 too: with e^x = 2^n (1 + q), 2^n q + (2^n - 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ExpMinusOneInRange<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        var q = ExpParts(x, out var shifted);
        var scale = T.AddToExponent(T.Create(1f), shifted);
        return T.MultiplyAdd(scale, q, scale - T.Create(1f));
    }

    /// <summary>q and n of e^x = 2^n (1 + q), n in the low mantissa bits of <paramref name="shifted"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ExpParts<T>(T x, out T shifted)
        where T : unmanaged, ILanes<T>
    {
        shifted = T.MultiplyAdd(x, T.Create(1.44269504f), T.Create(RoundingShift));
        var n = shifted - T.Create(RoundingShift);
        var r = T.MultiplyAdd(n, T.Create(-Ln2High), x);
        r = T.MultiplyAdd(n, T.Create(-Ln2Low), r);
        var p = T.MultiplyAdd(T.Create(0.0013814320466896488f), r, T.Create(0.008368851074642279f));
        p = T.MultiplyAdd(p, r, T.Create(0.041668401085873746f));
        p = T.MultiplyAdd(p, r, T.Create(0.16666519524003287f));
        p = T.MultiplyAdd(p, r, T.Create(0.4999999337307587f));
        return T.MultiplyAdd(p * r, r, r);
    }

    /// <summary>ln x for positive normal x, something finite for all others (polynomial of Cephes' logf).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        var mantissa = T.Split(x, out var exponent);
        // Bring the mantissa from [0.5, 1) to [sqrt(1/2), sqrt(2)).
        var small = T.LessThan(mantissa, T.Create(0.70710678f));
        exponent = exponent - (T.Create(1f) & small);
        var f = mantissa + (mantissa & small) - T.Create(1f);
        var square = f * f;
        var p = T.MultiplyAdd(T.Create(7.0376836292e-2f), f, T.Create(-1.1514610310e-1f));
        p = T.MultiplyAdd(p, f, T.Create(1.1676998740e-1f));
        p = T.MultiplyAdd(p, f, T.Create(-1.2420140846e-1f));
        p = T.MultiplyAdd(p, f, T.Create(1.4249322787e-1f));
        p = T.MultiplyAdd(p, f, T.Create(-1.6668057665e-1f));
        p = T.MultiplyAdd(p, f, T.Create(2.0000714765e-1f));
        p = T.MultiplyAdd(p, f, T.Create(-2.4999993993e-1f));
        p = T.MultiplyAdd(p, f, T.Create(3.3333331174e-1f));
        var y = p * f * square;
        y = T.MultiplyAdd(exponent, T.Create(Ln2Low), y);
        y = T.MultiplyAdd(square, T.Create(-0.5f), y);
        return T.MultiplyAdd(exponent, T.Create(Ln2High), f + y);
    }

    /// <summary>1 / (1 + e^-x), no less than e^-64 (<see cref="FlatSide"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x)
        where T : unmanaged, ILanes<T> =>
        T.Create(1f) / (T.Create(1f) + ExpInRange(T.Max(T.Create(FlatSide.Exponential), T.Min(T.Create(-FlatSide.Exponential), T.Create(0f) - x))));

    /// <summary>tanh x: an odd polynomial (Cephes' tanhf) within 0.625, else 1 - 2 / (e^2|x| + 1) with x's sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        var magnitude = T.Abs(x);
        var square = x * x;
        var p = T.MultiplyAdd(T.Create(-5.70498872745e-3f), square, T.Create(2.06390887954e-2f));
        p = T.MultiplyAdd(p, square, T.Create(-5.37397155531e-2f));
        p = T.MultiplyAdd(p, square, T.Create(1.33314422036e-1f));
        p = T.MultiplyAdd(p, square, T.Create(-3.33332819422e-1f));
        var near = T.MultiplyAdd(p * square, x, x);
        var e = Exp(magnitude + magnitude);
        var far = T.Create(1f) - (T.Create(2f) / (e + T.Create(1f)));
        far = T.Select(T.LessThan(x, T.Create(0f)), T.Create(0f) - far, far);
        return T.Select(T.LessThan(magnitude, T.Create(0.625f)), near, far);
    }

    /// <summary>ln(1 + e^x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Softplus<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        var e = Exp(T.Create(0f) - T.Abs(x));
        // ln(1 + e) with the rounding of 1 + e given back: ln(u) * e / (u - 1).
        var u = T.Create(1f) + e;
        var rounded = u - T.Create(1f);
        var exact = T.Equal(rounded, T.Create(0f));
        // e and with it the result is NaN where x is, whatever the logarithm makes of it.
        var log = Log(u) * (e / T.Select(exact, T.Create(1f), rounded));
        return T.Max(x, T.Create(0f)) + T.Select(exact, e, log);
    }

    /// <summary>sin and cos for |x| up to about 1e4 (reduction by pi/2 in three parts; Cephes' polynomials).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T SinCos<T>(T x, out T cosine)
        where T : unmanaged, ILanes<T>
    {
        var shifted = T.MultiplyAdd(x, T.Create(0.636619772f), T.Create(RoundingShift));
        var n = shifted - T.Create(RoundingShift);
        var r = T.MultiplyAdd(n, T.Create(-1.5703125f), x);
        r = T.MultiplyAdd(n, T.Create(-4.837512969970703e-4f), r);
        r = T.MultiplyAdd(n, T.Create(-7.549789948768648e-8f), r);
        return Quadrant(r, shifted, out cosine);
    }

    /// <summary>sin and cos of 2 pi u for u in [0, 1): the reduction is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T SinCosOfTurns<T>(T turns, out T cosine)
        where T : unmanaged, ILanes<T>
    {
        var shifted = T.MultiplyAdd(turns, T.Create(4f), T.Create(RoundingShift));
        var n = shifted - T.Create(RoundingShift);
        var r = T.MultiplyAdd(n, T.Create(-0.25f), turns) * T.Create(6.28318531f);
        return Quadrant(r, shifted, out cosine);
    }

    /// <summary>sin and cos of r + n pi/2, |r| at most pi/4, n in the low bits of <paramref name="shifted"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Quadrant<T>(T r, T shifted, out T cosine)
        where T : unmanaged, ILanes<T>
    {
        var square = r * r;
        var s = T.MultiplyAdd(T.Create(-1.9515295891e-4f), square, T.Create(8.3321608736e-3f));
        s = T.MultiplyAdd(s, square, T.Create(-1.6666654611e-1f));
        s = T.MultiplyAdd(s * square, r, r);
        var c = T.MultiplyAdd(T.Create(2.443315711809948e-5f), square, T.Create(-1.388731625493765e-3f));
        c = T.MultiplyAdd(c, square, T.Create(4.166664568298827e-2f));
        c = T.MultiplyAdd(c * square, square, T.MultiplyAdd(square, T.Create(-0.5f), T.Create(1f)));
        var odd = T.BitMask(shifted, 0);
        var upper = T.BitMask(shifted, 1);
        var sine = T.Select(odd, c, s);
        cosine = T.Select(odd, s, c);
        // sin changes sign in quadrants 2 and 3, cos in 1 and 2.
        sine = T.Select(upper, T.Create(0f) - sine, sine);
        var negated = T.Create(0f) - cosine;
        var flipped = T.Select(upper, cosine, negated);
        var kept = T.Select(upper, negated, cosine);
        cosine = T.Select(odd, flipped, kept);
        return sine;
    }
}
