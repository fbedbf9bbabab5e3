namespace Ofql;

/// <summary>Student's t distribution for whole degrees of freedom, as confidence intervals over seeds need it.</summary>
public static class StudentT
{
    // Beyond this the exact sum has many terms while the expansion is already exact to about 1e-9.
    private const int ExactDegrees = 2000;

    /// <summary>P(|T| &lt;= <paramref name="value"/>) for <paramref name="value"/> &gt;= 0.</summary>
    /// <remarks>
    /// Finite trigonometric sums of Abramowitz and Stegun 26.7.3 and 26.7.4, with theta = atan(value / sqrt(degrees)).
    /// </remarks>
    public static double CentralProbability(double value, int degrees)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(degrees);
        var theta = Math.Atan(value / Math.Sqrt(degrees));
        var (sine, cosine) = Math.SinCos(theta);
        if (degrees == 1)
            return 2 * theta / Math.PI;
        var odd = degrees % 2 == 1;

        // Odd: cos + 2/3 cos^3 + (2 4)/(3 5) cos^5 + ...; even: 1 + 1/2 cos^2 + (1 3)/(2 4) cos^4 + ...; each up to
        // the power degrees - 2.
        var term = odd ? cosine : 1;
        var sum = term;
        for (var power = odd ? 3 : 2; power <= degrees - 2; power += 2)
        {
            term *= (power - 1.0) / power * cosine * cosine;
            sum += term;
        }

        return odd ? 2 / Math.PI * (theta + (sine * sum)) : sine * sum;
    }

    /// <summary>The t with P(|T| &lt;= t) = <paramref name="probability"/>, such as 0.95 for a 95 % interval.</summary>
    /// <param name="probability">In [0, 1).</param>
    /// <param name="degrees">Degrees of freedom: number of values - 1.</param>
    public static double CentralQuantile(double probability, int degrees)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(degrees);
        if (!(probability >= 0 && probability < 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "A probability in [0, 1) is expected.");
        if (degrees > ExactDegrees)
            return Expanded(probability, degrees);
        double high = 1;
        while (CentralProbability(high, degrees) < probability)
            high *= 2;
        return Bisect(0, high, value => CentralProbability(value, degrees) < probability);
    }

    // Cornish-Fisher expansion around the normal quantile z: z + (z^3 + z) / 4n + (5 z^5 + 16 z^3 + 3 z) / 96 n^2
    // (Abramowitz and Stegun 26.7.5). The next term is below 1e-9 for the degrees it is used for.
    private static double Expanded(double probability, int degrees)
    {
        var z = NormalQuantile(probability);
        var square = z * z;
        return z + (z * (square + 1) / (4.0 * degrees))
            + (z * ((5 * square * square) + (16 * square) + 3) / (96.0 * degrees * degrees));
    }

    private static double NormalQuantile(double probability) => Bisect(0, 9, value => NormalProbability(value) < probability);

    // P(|Z| <= z) by the series of Abramowitz and Stegun 26.2.11: all terms are positive, so nothing cancels.
    private static double NormalProbability(double z)
    {
        double term = z;
        double sum = z;
        for (var k = 1; term > sum * 1e-17; k++)
        {
            term *= z * z / ((2 * k) + 1);
            sum += term;
        }

        return sum * Math.Sqrt(2 / Math.PI) * Math.Exp(-z * z / 2);
    }

    private static double Bisect(double low, double high, Func<double, bool> isBelow)
    {
        // Halving a double interval 200 times always reaches neighbouring numbers.
        for (var i = 0; i < 200; i++)
        {
            var middle = 0.5 * (low + high);
            if (isBelow(middle))
                low = middle;
            else
                high = middle;
        }

        return 0.5 * (low + high);
    }
}
