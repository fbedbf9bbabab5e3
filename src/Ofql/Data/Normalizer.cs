using Ofql.Kernels.Elementwise;

namespace Ofql.Data;

/// <summary>x' = (x - Shift) Scale per entry: standardised states, actions brought to [-1, 1]. Travels with the policy.</summary>
/// <param name="Shift">Subtracted first.</param>
/// <param name="Scale">Multiplied after.</param>
public sealed record Normalizer(float[] Shift, float[] Scale)
{
    // What is left of a constant's deviation after its mean has been rounded.
    private const double RoundingOfConstants = 1e-9;

    /// <summary>x' = x.</summary>
    public static Normalizer Identity(int size) => new(new float[size], Enumerable.Repeat(1f, size).ToArray());

    /// <summary>Whether it changes nothing.</summary>
    public bool IsIdentity => Shift.All(x => x == 0f) && Scale.All(x => x == 1f);

    /// <summary>
    /// Zero mean and unit deviation over a column: (x - mean) / deviation (CleanDiffuser), or (x - mean) / (deviation + <paramref name="epsilon"/>) (TD3+BC,
    /// 1e-3). What never changes is not scaled: divided by next to nothing, the first other value would drown all the rest.
    /// </summary>
    public static Normalizer Standardize(Column<float> column, double epsilon = 0)
    {
        var mean = new double[column.Width];
        var square = new double[column.Width];
        for (long row = 0; row < column.Rows; row++)
        {
            var values = column[row];
            for (var i = 0; i < values.Length; i++)
                mean[i] += values[i];
        }

        for (var i = 0; i < mean.Length; i++)
            mean[i] /= column.Rows;
        for (long row = 0; row < column.Rows; row++)
        {
            var values = column[row];
            for (var i = 0; i < values.Length; i++)
                square[i] += (values[i] - mean[i]) * (values[i] - mean[i]);
        }

        var scale = new float[mean.Length];
        for (var i = 0; i < scale.Length; i++)
        {
            var deviation = Math.Sqrt(square[i] / column.Rows);
            var isConstant = deviation <= RoundingOfConstants * Math.Abs(mean[i]);
            scale[i] = (float)(1 / (isConstant ? 1 : deviation + epsilon));
        }

        return new Normalizer(Array.ConvertAll(mean, x => (float)x), scale);
    }

    /// <summary>Maps the box [low, high] onto [-1, 1].</summary>
    /// <exception cref="OfqlException">A bound is not finite or the box is empty.</exception>
    public static Normalizer ToUnitBox(float[] low, float[] high)
    {
        var shift = new float[low.Length];
        var scale = new float[low.Length];
        for (var i = 0; i < low.Length; i++)
        {
            if (!float.IsFinite(low[i]) || !float.IsFinite(high[i]) || high[i] <= low[i])
                throw new OfqlException($"Action {i} has bounds [{low[i]}, {high[i]}]; expected finite bounds with low below high.");
            shift[i] = (low[i] + high[i]) / 2;
            scale[i] = 2 / (high[i] - low[i]);
        }

        return new Normalizer(shift, scale);
    }

    /// <summary>x' of one row.</summary>
    public void Apply(ReadOnlySpan<float> source, Span<float> destination) => AffineRow.ShiftAndScale(source, Shift, Scale, destination);

    /// <summary>x of one row x'.</summary>
    public void Invert(ReadOnlySpan<float> source, Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++)
            destination[i] = (source[i] / Scale[i]) + Shift[i];
    }
}
