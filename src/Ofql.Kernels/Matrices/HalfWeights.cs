using System.Runtime.CompilerServices;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// How weights lie in memory at two bytes each: whole numbers of so many parts of the largest weight of their column, [N/32][K/2][32] words with the weights of
/// two inputs each (the first in the lower sixteen bits), and behind each panel what one part of each of its columns is worth. A weight is off by half a part at most:
/// an 8190th of the largest one of its column.
/// </summary>
public static unsafe class HalfWeights
{
    /// <summary>Parts of the largest weight of a column.</summary>
    public const int WeightParts = 4095;

    /// <summary>Parts of the largest of the inputs that weights meet.</summary>
    public const int InputParts = 8191;

    /// <summary>Inputs whose products are summed as whole numbers: as many as never leave 31 bits.</summary>
    public const int BlockInputs = 64;

    // Below this a column, or an input row, counts as zeros: what a part is worth would be no normal number.
    private const float Least = 1e-30f;

    // The row of what parts are worth, and room so that panels do not all begin on the same sets of the first-level cache.
    private const int RowsBetween = 4;

    /// <summary>Words from one panel to the next.</summary>
    public static int PanelStride(int inputs) => (Pairs(inputs) + RowsBetween) * PanelLayout.PanelWidth;

    /// <summary>Words of all weights [K, N].</summary>
    public static int Length(in PanelLayout weights) => weights.Panels * PanelStride(weights.Rows);

    /// <summary>Pairs of so many inputs, the last one perhaps with a zero.</summary>
    internal static int Pairs(int inputs) => (inputs + 1) / 2;

    /// <summary>Words of some panels of W [K, N].</summary>
    /// <param name="weights">W.</param>
    /// <param name="layout">Its layout.</param>
    /// <param name="words">Where they go, <see cref="Length"/> of them.</param>
    /// <param name="firstPanel">First panel.</param>
    /// <param name="endPanel">End of the panels.</param>
    public static void Pack(float* weights, in PanelLayout layout, float* words, int firstPanel, int endPanel)
    {
        var pairs = Pairs(layout.Rows);
        for (var panel = firstPanel; panel < endPanel; panel++)
        {
            var source = weights + (panel * layout.PanelStride);
            var target = words + (panel * PanelStride(layout.Rows));
            for (var column = 0; column < PanelLayout.PanelWidth; column++)
            {
                var (worth, parts) = Scale(Largest(source + column, layout.Rows), WeightParts);
                target[WorthAt(layout.Rows) + column] = worth;
                for (var row = 0; row < 2 * pairs; row++)
                {
                    var weight = row < layout.Rows ? source[(row * PanelLayout.PanelWidth) + column] : 0f;
                    ((short*)target)[(row / 2 * 2 * PanelLayout.PanelWidth) + (2 * column) + (row % 2)] = (short)MathF.Round(weight * parts);
                }
            }
        }
    }

    /// <summary>Where in a panel stands what one part of each of its columns is worth: behind the words.</summary>
    internal static int WorthAt(int inputs) => Pairs(inputs) * PanelLayout.PanelWidth;

    /// <summary>
    /// What a part is worth, and how many parts one is, where so many make up the largest number. Next to nothing is worth nothing; where a number is none, or infinite,
    /// parts are worth no number either.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (float Worth, float Parts) Scale(float largest, int parts)
    {
        if (!float.IsFinite(largest))
            return (float.NaN, 0f);
        return largest < Least ? (0f, 0f) : (largest / parts, parts / largest);
    }

    private static float Largest(float* column, int rows)
    {
        var largest = 0f;
        for (var row = 0; row < rows; row++)
            largest = MathF.Max(largest, MathF.Abs(column[row * PanelLayout.PanelWidth]));
        return largest;
    }
}
