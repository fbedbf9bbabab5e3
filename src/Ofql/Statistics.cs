namespace Ofql;

/// <summary>Summaries of a few numbers: scores over seeds, returns over episodes.</summary>
public static class Statistics
{
    /// <summary>Arithmetic mean.</summary>
    public static double Mean(ReadOnlySpan<double> values)
    {
        RequireValues(values.Length, 1, "A mean");
        double sum = 0;
        foreach (var value in values)
            sum += value;
        return sum / values.Length;
    }

    /// <summary>Sample standard deviation (divisor n - 1); NaN for a single value, of which it is unknown.</summary>
    public static double StandardDeviation(ReadOnlySpan<double> values)
    {
        var mean = Mean(values);
        double sum = 0;
        foreach (var value in values)
            sum += (value - mean) * (value - mean);
        return values.Length == 1 ? double.NaN : Math.Sqrt(sum / (values.Length - 1));
    }

    /// <summary>Standard error of the mean: standard deviation / sqrt(n); NaN for a single value.</summary>
    public static double StandardError(ReadOnlySpan<double> values) => StandardDeviation(values) / Math.Sqrt(values.Length);

    /// <summary>
    /// Confidence interval of the mean by Student's t with n - 1 degrees of freedom: right for few seeds of roughly normal
    /// scores, where 1.96 standard errors would claim too much.
    /// </summary>
    /// <param name="values">At least two independent values.</param>
    /// <param name="confidence">Probability that such an interval covers the true mean.</param>
    public static ConfidenceInterval MeanInterval(ReadOnlySpan<double> values, double confidence = 0.95)
    {
        RequireValues(values.Length, 2, "A confidence interval");
        var mean = Mean(values);
        var reach = StudentT.CentralQuantile(confidence, values.Length - 1) * StandardError(values);
        return new ConfidenceInterval(mean - reach, mean + reach);
    }

    /// <summary>
    /// Interquartile mean: the mean of the sorted values without the lowest and the highest quarter (floor(n / 4) values
    /// each). Recommended over mean and median for few runs (Agarwal et al. 2021).
    /// </summary>
    public static double InterquartileMean(ReadOnlySpan<double> values)
    {
        RequireValues(values.Length, 1, "An interquartile mean");
        var sorted = Sorted(values);
        var cut = values.Length / 4;
        return Mean(sorted.AsSpan(cut, values.Length - (2 * cut)));
    }

    /// <summary>The <paramref name="fraction"/>-quantile (0.5 the median), interpolated linearly between order statistics.</summary>
    public static double Quantile(ReadOnlySpan<double> values, double fraction) => QuantileOfSorted(Sorted(values), fraction);

    /// <summary>As <see cref="Quantile"/>, of values already sorted upwards.</summary>
    public static double QuantileOfSorted(ReadOnlySpan<double> sorted, double fraction)
    {
        RequireValues(sorted.Length, 1, "A quantile");
        if (!(fraction >= 0 && fraction <= 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A fraction in [0, 1] is expected.");
        var place = fraction * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }

    private static double[] Sorted(ReadOnlySpan<double> values)
    {
        var sorted = values.ToArray();
        Array.Sort(sorted);
        return sorted;
    }

    private static void RequireValues(int found, int needed, string what)
    {
        if (found < needed)
            throw new ArgumentException($"{what} needs at least {needed} value{(needed == 1 ? "" : "s")} and was given {found}.");
    }
}

/// <summary>An interval for an unknown mean.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct ConfidenceInterval(double Low, double High)
{
    /// <summary>Half the width: what follows the sign in "mean ± reach".</summary>
    public double Reach => 0.5 * (High - Low);
}
