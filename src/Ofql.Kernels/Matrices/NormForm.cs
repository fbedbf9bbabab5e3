namespace Ofql.Kernels.Matrices;

/// <summary>How a <see cref="RowNorm"/> treats a row: xhat = scale (x - mean) / sqrt(mean square of the rest + eps), or the same without the mean.</summary>
/// <param name="Centered">Whether the mean of the row is taken off first.</param>
/// <param name="Epsilon">eps, above 0.</param>
/// <param name="Scale">scale, above 0.</param>
public readonly record struct NormForm(bool Centered, float Epsilon, float Scale)
{
    /// <summary>Layer normalisation (Ba et al. 2016).</summary>
    public static NormForm Layer(float epsilon) => new(Centered: true, epsilon, Scale: 1f);

    /// <summary>Root-mean-square normalisation (Zhang and Sennrich 2019), times a fixed number.</summary>
    public static NormForm RootMeanSquare(float epsilon, float scale = 1f) => new(Centered: false, epsilon, scale);
}
