namespace Ofql.Kernels.Simd;

/// <summary>
/// A vector of float lanes. Kernels are written once against this interface and compiled three times, for 512, 256 and
/// 128 bits; the just-in-time compiler sees only concrete structs. Masks are lanes of all ones or all zeros.
/// </summary>
internal unsafe interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Load(float* source);

    static abstract TSelf Create(float value);

    void Store(float* destination);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    static abstract TSelf operator &(TSelf a, TSelf b);

    /// <summary>a * b + c, fused where the machine can.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The machine's minimum: one instruction, second operand where either is NaN.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>The machine's maximum: one instruction, second operand where either is NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    static abstract TSelf Abs(TSelf a);

    static abstract TSelf Sqrt(TSelf a);

    static abstract TSelf LessThan(TSelf a, TSelf b);

    static abstract TSelf Equal(TSelf a, TSelf b);

    static abstract TSelf Select(TSelf mask, TSelf whenTrue, TSelf whenFalse);

    /// <summary>Adds the integer in the low mantissa bits of <paramref name="shifted"/> to the exponent of <paramref name="a"/>.</summary>
    static abstract TSelf AddToExponent(TSelf a, TSelf shifted);

    /// <summary>Splits positive normal numbers into mantissa in [0.5, 1) and exponent (as float).</summary>
    static abstract TSelf Split(TSelf a, out TSelf exponent);

    /// <summary>Mask of the lanes whose bit <paramref name="bit"/> is set in the float's bit pattern.</summary>
    static abstract TSelf BitMask(TSelf a, int bit);

    /// <summary>Uniform in [0, 1): the upper 24 bits of 32 random bits.</summary>
    static abstract TSelf Uniform(uint* bits);

    /// <summary>Sum of the lanes in a fixed order.</summary>
    static abstract float Sum(TSelf a);

    /// <summary>Largest lane.</summary>
    static abstract float Largest(TSelf a);
}
