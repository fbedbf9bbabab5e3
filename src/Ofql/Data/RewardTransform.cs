namespace Ofql.Data;

/// <summary>How rewards are transformed before learning. Raw in the paper's MuJoCo and Kitchen results.</summary>
public enum RewardNormalization
{
    /// <summary>As recorded, then shift and scale.</summary>
    None,

    /// <summary>(r - mean) / deviation over the dataset (Diffusion-QL on Adroit).</summary>
    Standardize,

    /// <summary>2 (r - smallest) / (largest - smallest) - 1 over the dataset (EDP on Kitchen and Adroit).</summary>
    Range,

    /// <summary>r * 1000 / (best - worst episode return) (IQL; CleanDiffuser on MuJoCo).</summary>
    ReturnRange,
}

/// <summary>r' = (r + Shift) * Scale. CQL's AntMaze rewards are (r - 0.5) * 4.</summary>
public readonly record struct RewardTransform(float Shift, float Scale)
{
    /// <summary>The transform of a dataset, the user's shift and scale applied to the normalised reward.</summary>
    /// <exception cref="OfqlException">All rewards or all returns are equal.</exception>
    public static RewardTransform Of(TransitionDataset data, RewardNormalization normalization, double shift, double scale)
    {
        var (mean, factor) = normalization switch
        {
            RewardNormalization.None => (0.0, 1.0),
            RewardNormalization.Standardize => Moments(data),
            RewardNormalization.Range => Range(data),
            RewardNormalization.ReturnRange => (0.0, 1000 / ReturnRange(data)),
            _ => throw new ArgumentOutOfRangeException(nameof(normalization)),
        };
        // ((r - mean) factor + shift) scale
        return new RewardTransform((float)((shift / factor) - mean), (float)(factor * scale));
    }

    /// <summary>r'.</summary>
    public float Apply(float reward) => (reward + Shift) * Scale;

    private static (double Mean, double Factor) Moments(TransitionDataset data)
    {
        double sum = 0, square = 0;
        for (long row = 0; row < data.Count; row++)
            sum += data.Rewards[row][0];
        var mean = sum / data.Count;
        for (long row = 0; row < data.Count; row++)
            square += (data.Rewards[row][0] - mean) * (data.Rewards[row][0] - mean);
        if (square == 0)
            throw new OfqlException($"Every reward is {mean}: they cannot be standardised. Use reward normalisation 'none'.");
        return (mean, 1 / Math.Sqrt(square / Math.Max(1, data.Count - 1)));
    }

    private static (double Middle, double Factor) Range(TransitionDataset data)
    {
        double smallest = double.PositiveInfinity, largest = double.NegativeInfinity;
        for (long row = 0; row < data.Count; row++)
            (smallest, largest) = (Math.Min(smallest, data.Rewards[row][0]), Math.Max(largest, data.Rewards[row][0]));
        if (largest <= smallest)
            throw new OfqlException($"Every reward is {smallest}: they have no range. Use reward normalisation 'none'.");
        return ((smallest + largest) / 2, 2 / (largest - smallest));
    }

    private static double ReturnRange(TransitionDataset data)
    {
        double best = double.NegativeInfinity, worst = double.PositiveInfinity, sum = 0;
        for (long row = 0; row < data.Count; row++)
        {
            sum += data.Rewards[row][0];
            if (data.Terminated[row][0] == 0 && data.Truncated[row][0] == 0 && row + 1 < data.Count)
                continue;
            best = Math.Max(best, sum);
            worst = Math.Min(worst, sum);
            sum = 0;
        }

        if (best <= worst)
            throw new OfqlException("All episodes have the same return: the return range is 0. Use reward normalisation 'none'.");
        return best - worst;
    }
}
