namespace Ofql.Kernels.Tests.Support;

/// <summary>What float32 arithmetic may cost. Every tolerance of these tests is one of these, with its reason.</summary>
internal static class Rounding
{
    /// <summary>Half a unit in the last place of numbers in [1, 2): the relative error of one rounding.</summary>
    public const double Unit = 1.0 / (1 << 24);

    /// <summary>
    /// Elementary functions are polynomials good to 1 or 2 units in the last place around some further roundings: 8 roundings
    /// in all bound them, relative to the larger of the result and the intermediate it is subtracted from.
    /// </summary>
    public const double Function = 8 * Unit;

    /// <summary>
    /// A derivative that is formed from the value (1 - y^2, y (1 - y)) inherits its error and a cancellation: absolute, in
    /// units of the derivative's own scale, 1.
    /// </summary>
    public const double Derivative = 16 * Unit;

    /// <summary>
    /// Bound of a sum of <paramref name="terms"/> products in any order (Higham, Accuracy and Stability, 3.1): terms
    /// roundings of the sum of magnitudes, and a few more for what is added before and after.
    /// </summary>
    public static double Sum(int terms, double magnitude) => (terms + 4) * Unit * magnitude;
}
