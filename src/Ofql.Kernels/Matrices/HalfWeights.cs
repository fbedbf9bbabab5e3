namespace Ofql.Kernels.Matrices;

/// <summary>
/// How weights lie in memory at two bytes each (bfloat16: a float32 without its lower sixteen bits): [N/32][K][16] words, each with a weight of
/// the panel's first half in its lower sixteen bits and the one sixteen columns further in its upper ones. Shifted left, a word is the former as a
/// float32; as it is, it is the latter, with the other's bits where a bfloat16 has zeros. That error is known when words are made: the upper half is chosen so that the
/// word as a whole comes nearest to the weight. Either way a weight is off by a 256th of itself at most, and by a 600th in the root mean square.
/// </summary>
public static unsafe class HalfWeights
{
    /// <summary>Words of a row of a panel.</summary>
    public const int PanelWords = PanelLayout.PanelWidth / 2;

    // As between panels of floats: they would all begin on the same sets of the first-level cache.
    private const int SpreadRows = 8;

    // The least normal number.
    private const float LeastLower = 1.17549435e-38f;

    // An upper half of 0 would leave a number below the normal ones, which some processors multiply a hundred times more slowly.
    private const float LeastUpper = 1e-30f;

    /// <summary>Words from one panel to the next.</summary>
    public static int PanelStride(int inputs) => (inputs + SpreadRows) * PanelWords;

    /// <summary>Words of all weights [K, N].</summary>
    public static int Length(in PanelLayout weights) => weights.Panels * PanelStride(weights.Rows);

    /// <summary>Words of some panels of W [K, N].</summary>
    /// <param name="weights">W.</param>
    /// <param name="layout">Its layout.</param>
    /// <param name="words">Where they go, <see cref="Length"/> of them.</param>
    /// <param name="firstPanel">First panel.</param>
    /// <param name="endPanel">End of the panels.</param>
    public static void Pack(float* weights, in PanelLayout layout, float* words, int firstPanel, int endPanel)
    {
        for (var panel = firstPanel; panel < endPanel; panel++)
        {
            var source = weights + (panel * layout.PanelStride);
            var target = (uint*)words + (panel * PanelStride(layout.Rows));
            for (var row = 0; row < layout.Rows; row++)
            {
                for (var i = 0; i < PanelWords; i++)
                    target[i] = Word(source[i], source[i + PanelWords]);
                source += PanelLayout.PanelWidth;
                target += PanelWords;
            }
        }
    }

    /// <summary>The word that holds two weights.</summary>
    public static uint Word(float lower, float upper)
    {
        var low = Nearest(lower, 0);
        return (Nearest(Math.Abs(upper) < LeastUpper ? LeastUpper : upper, low) << 16) | low;
    }

    /// <summary>The sixteen bits that, with others below them, come nearest to a number.</summary>
    private static uint Nearest(float value, uint below)
    {
        var cut = BitConverter.SingleToUInt32Bits(value) >> 16;
        // What is no number stays none whatever the bits below; and nothing finite becomes infinite.
        if (!float.IsFinite(value))
            return float.IsNaN(value) ? cut | 0x40 : cut;
        if (Math.Abs(value) < LeastLower)
            return 0;
        uint best = cut;
        foreach (var candidate in (ReadOnlySpan<uint>)[cut - 1, cut + 1])
        {
            if (Distance(candidate) < Distance(best))
                best = candidate;
        }

        return best;

        double Distance(uint bits)
        {
            var number = BitConverter.UInt32BitsToSingle((bits << 16) | below);
            return float.IsFinite(number) ? Math.Abs((double)number - value) : double.PositiveInfinity;
        }
    }
}
