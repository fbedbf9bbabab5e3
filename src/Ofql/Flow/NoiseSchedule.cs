namespace Ofql.Flow;

/// <summary>Course of the noise levels of a diffusion.</summary>
public enum NoiseScheduleKind
{
    /// <summary>Variance preserving: alpha_k = exp(-0.1/T - 0.5 (10 - 0.1)(2k - 1)/T^2), k = 1 .. T (Diffusion-QL's default).</summary>
    Vp,

    /// <summary>beta evenly from 1e-4 to 0.02 (arXiv 2006.11239, section 4). Few steps leave most of the signal: with T = 5, abar = 0.95.</summary>
    Linear,

    /// <summary>abar_k = f(k/T)/f(0), f(x) = cos^2(pi/2 (x + 0.008)/1.008), beta at most 0.999 (arXiv 2102.09672, eq. 17).</summary>
    Cosine,

    /// <summary>
    /// abar = f(t)/f(0) with the same f at T times t evenly from 0.001 to 1, the last of them 0.9946 (CleanDiffuser's code): the least noise
    /// is next to none, so T levels are T - 1 steps and a last look.
    /// </summary>
    CosineContinuous,

    /// <summary>beta evenly from 0.1/T to 20/T, at most 0.999: the linear schedule stretched to T steps (EDP's code, arXiv 2305.20081).</summary>
    ScaledLinear,
}

/// <summary>
/// The constants of a diffusion of T steps (DDPM, arXiv 2006.11239). Index k = 0 .. T - 1 as Diffusion-QL's code counts: k = 0 is
/// the least noise, k = T - 1 the most. x_k = sqrt(abar_k) a + sqrt(1 - abar_k) eps, abar_k the product of 1 - beta_0 .. 1 - beta_k.
/// </summary>
public sealed class NoiseSchedule
{
    private readonly double[] _beta;
    private readonly double[] _alphaBar;

    private NoiseSchedule(double[] beta)
    {
        _beta = beta;
        _alphaBar = new double[beta.Length];
        var product = 1.0;
        for (var k = 0; k < beta.Length; k++)
            _alphaBar[k] = product *= 1 - beta[k];
    }

    /// <summary>Number of steps T.</summary>
    public int Steps => _beta.Length;

    /// <summary>A schedule of <paramref name="steps"/> steps, 1 or more.</summary>
    public static NoiseSchedule Of(NoiseScheduleKind kind, int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        Func<int, double> beta = kind switch
        {
            NoiseScheduleKind.Vp => k => 1 - Math.Exp((-0.1 / steps) - (0.5 * (10 - 0.1) * ((2 * k) + 1) / ((double)steps * steps))),
            NoiseScheduleKind.Linear => k => 1e-4 + ((0.02 - 1e-4) * k / Math.Max(1, steps - 1)),
            NoiseScheduleKind.Cosine => k => Math.Min(0.999, 1 - (SquaredCosine((k + 1.0) / steps) / SquaredCosine((double)k / steps))),
            NoiseScheduleKind.CosineContinuous => k => 1 - (SquaredCosine(ContinuousTime(k, steps)) / (k == 0 ? SquaredCosine(0) : SquaredCosine(ContinuousTime(k - 1, steps)))),
            NoiseScheduleKind.ScaledLinear => k => Math.Min(0.999, (0.1 + ((20 - 0.1) * k / Math.Max(1, steps - 1))) / steps),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        return new NoiseSchedule(Enumerable.Range(0, steps).Select(beta).ToArray());
    }

    /// <summary>beta_k: share of the variance replaced by noise in step k.</summary>
    public double Beta(int k) => _beta[k];

    /// <summary>abar_k: share of the data's variance left after step k; abar_-1 = 1.</summary>
    public double AlphaBar(int k) => k < 0 ? 1 : _alphaBar[k];

    /// <summary>sqrt(abar_k): factor of the data.</summary>
    public double Signal(int k) => Math.Sqrt(AlphaBar(k));

    /// <summary>sqrt(1 - abar_k): factor of the noise.</summary>
    public double Noise(int k) => Math.Sqrt(1 - AlphaBar(k));

    /// <summary>Variance of x_(k-1) given x_k and the data: beta_k (1 - abar_(k-1)) / (1 - abar_k) (arXiv 2006.11239, eq. 7).</summary>
    public double PosteriorVariance(int k) => _beta[k] * (1 - AlphaBar(k - 1)) / (1 - AlphaBar(k));

    /// <summary>Factor of the data in the mean of x_(k-1): beta_k sqrt(abar_(k-1)) / (1 - abar_k).</summary>
    public double DataCoefficient(int k) => _beta[k] * Signal(k - 1) / (1 - AlphaBar(k));

    /// <summary>Factor of x_k in the mean of x_(k-1): (1 - abar_(k-1)) sqrt(1 - beta_k) / (1 - abar_k).</summary>
    public double NoisyCoefficient(int k) => (1 - AlphaBar(k - 1)) * Math.Sqrt(1 - _beta[k]) / (1 - AlphaBar(k));

    /// <summary>
    /// The schedule that visits only every (T / <paramref name="steps"/>)-th noise level, the last one included (arXiv 2102.09672,
    /// section 4). For <see cref="NoiseScheduleKind.Vp"/> that is the schedule of that many steps.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="steps"/> does not divide T.</exception>
    public NoiseSchedule Respaced(int steps)
    {
        if (steps < 1 || Steps % steps != 0)
            throw new ArgumentException($"{steps} steps do not divide the {Steps} steps of the schedule.", nameof(steps));
        var stride = Steps / steps;
        return new NoiseSchedule(Enumerable.Range(0, steps).Select(k => 1 - (AlphaBar(((k + 1) * stride) - 1) / AlphaBar((k * stride) - 1))).ToArray());
    }

    // From 186 levels on the last but one would have more noise than the last: then they end evenly at 0.9946.
    private static double ContinuousTime(int k, int steps)
    {
        const double Last = 0.9946;
        return k == steps - 1 ? Last : 0.001 + (((steps > 185 ? Last : 1) - 0.001) * k / (steps - 1));
    }

    private static double SquaredCosine(double x)
    {
        var cosine = Math.Cos((x + 0.008) / 1.008 * Math.PI / 2);
        return cosine * cosine;
    }
}
