using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Matrices;

public sealed unsafe class HalfWeightTests
{
    // Half of one, and what single precision is off by in the product that is rounded to so many thousand parts.
    private const double HalfPart = 0.502;

    public static TheoryData<int, int> Shapes()
    {
        var data = new TheoryData<int, int> { { 256, 256 }, { 255, 257 }, { 23, 256 }, { 256, 6 }, { 9, 300 }, { 70, 518 }, { 3, 2 }, { 1100, 40 } };
        for (var i = 1; i <= 130; i++)
            data.Add(i, 2 + (i * 37 % 130));
        return data;
    }

    /// <summary>Sums of whole numbers are exact, and what remains is done number by number: every width of vectors has the bits of this loop.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_row_times_the_words_has_the_bits_of_a_plain_loop(int k, int columns)
    {
        using Matrix x = Row(k), w = Weights(k, columns), bias = Matrix.Random(1, columns, 3), words = Pack(w);
        foreach (var withBias in new[] { false, true })
        {
            using var y = Forward(x, w, words, withBias ? bias : null);
            float largest = 0;
            for (var i = 0; i < k; i++)
                largest = MathF.Max(largest, MathF.Abs(x[0, i]));
            for (var c = 0; c < columns; c++)
            {
                float sum = 0;
                for (var first = 0; first < k; first += HalfWeights.BlockInputs)
                {
                    long block = 0;
                    for (var i = first; i < Math.Min(k, first + HalfWeights.BlockInputs); i++)
                        block += (long)MathF.Round(x[0, i] * (HalfWeights.InputParts / largest)) * Parts(words, k, i, c);
                    Assert.InRange(block, int.MinValue, int.MaxValue);
                    sum = first == 0 ? block : sum + block;
                }

                sum *= largest / HalfWeights.InputParts * Worth(words, k, c);
                Assert.Equal(BitConverter.SingleToInt32Bits(withBias ? sum + bias[0, c] : sum), BitConverter.SingleToInt32Bits(y[0, c]));
            }

            y.AssertGuards();
        }
    }

    /// <summary>No number is off by more than half a part of the largest: of the inputs, and of each column's weights.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_row_times_the_words_is_near_the_product(int k, int columns)
    {
        using Matrix x = Row(k), w = Weights(k, columns), words = Pack(w), y = Forward(x, w, words, null);
        for (var c = 0; c < columns; c++)
        {
            double sum = 0, inputs = 0, weights = 0, magnitude = 0;
            var (input, weight) = (0.0, 0.0);
            for (var i = 0; i < k; i++)
                (input, weight) = (Math.Max(input, Math.Abs(x[0, i])), Math.Max(weight, Math.Abs(w[i, c])));
            for (var i = 0; i < k; i++)
            {
                Assert.True(Math.Abs((Parts(words, k, i, c) * (double)Worth(words, k, c)) - w[i, c]) <= HalfPart * weight / HalfWeights.WeightParts);
                sum += (double)x[0, i] * w[i, c];
                magnitude += Math.Abs((double)x[0, i] * w[i, c]);
                inputs += Math.Abs(x[0, i]);
                weights += Math.Abs(w[i, c]);
            }

            var (offInput, offWeight) = (HalfPart * input / HalfWeights.InputParts, HalfPart * weight / HalfWeights.WeightParts);
            Assert.Equal(sum, y[0, c], (offInput * weights) + (offWeight * inputs) + (k * offInput * offWeight) + Rounding.Sum(k, magnitude));
        }
    }

    /// <summary>All products of one sign and as large as can be: the sums of a block come within a thousandth of the largest whole number, and do not pass it.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(256)]
    public void The_largest_sums_do_not_overflow(int k)
    {
        foreach (var sign in (float[])[1f, -1f])
        {
            using Matrix x = new(new PanelLayout(1, k, forcePanels: true)), w = new(new PanelLayout(k, 40, forcePanels: true));
            for (var i = 0; i < k; i++)
            {
                x[0, i] = 3f;
                for (var c = 0; c < 40; c++)
                    w[i, c] = sign * 0.7f;
            }

            using Matrix words = Pack(w), y = Forward(x, w, words, null);
            for (var c = 0; c < 40; c++)
                Assert.Equal(sign * 2.1 * k, y[0, c], 1e-6 * k * 2.1);
        }
    }

    [Fact]
    public void Zeros_and_the_smallest_numbers_leave_the_bias()
    {
        foreach (var (input, weight) in ((float, float)[])[(0f, 1f), (1f, 0f), (-0f, 1f), (1e-38f, 1f), (1f, 1e-42f), (1e-31f, 1f)])
        {
            using Matrix x = new(new PanelLayout(1, 5, forcePanels: true)), w = new(new PanelLayout(5, 40, forcePanels: true)), bias = Matrix.Random(1, 40, 3);
            (x[0, 2], w[2, 7]) = (input, weight);
            using Matrix words = Pack(w), y = Forward(x, w, words, bias);
            y.AssertEach($"{input} {weight}", (_, c) => (bias[0, c], 1e-30));
        }
    }

    [Fact]
    public void What_is_no_number_makes_none()
    {
        foreach (var broken in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            using Matrix x = Row(70), w = Weights(70, 40);
            w[69, 33] = broken;
            using Matrix words = Pack(w), y = Forward(x, w, words, null);
            // The column of the weight, and no other.
            for (var c = 0; c < 40; c++)
                Assert.Equal(c == 33, float.IsNaN(y[0, c]));
            foreach (var i in (int[])[0, 13, 69])
            {
                using Matrix input = Row(70), whole = Weights(70, 40), sound = Pack(whole);
                input[0, i] = broken;
                using var none = Forward(input, whole, sound, null);
                for (var c = 0; c < 40; c++)
                    Assert.True(float.IsNaN(none[0, c]));
            }
        }
    }

    private static Matrix Row(int k) => Matrix.Random(new PanelLayout(1, k, forcePanels: true), 1);

    private static Matrix Weights(int k, int columns) => Matrix.Random(new PanelLayout(k, columns, forcePanels: true), 2);

    /// <summary>Panel by panel, from the last: none writes where another belongs.</summary>
    private static Matrix Pack(Matrix w)
    {
        var words = new Matrix(new PanelLayout(1, HalfWeights.Length(w.Layout)));
        for (var panel = w.Layout.Panels - 1; panel >= 0; panel--)
            HalfWeights.Pack(w.Pointer, w.Layout, words.Pointer, panel, panel + 1);
        words.AssertGuards();
        return words;
    }

    private static Matrix Forward(Matrix x, Matrix w, Matrix words, Matrix? bias)
    {
        var y = new Matrix(1, w.Columns);
        HalfWeightRow.Forward(x.Pointer, w.Rows, words.Pointer, w.Layout.Panels, bias is null ? null : bias.Pointer, y.Pointer);
        return y;
    }

    private static short Parts(Matrix words, int inputs, int row, int column) =>
        ((short*)(words.Pointer + (column / 32 * HalfWeights.PanelStride(inputs)) + (row / 2 * 32) + (column % 32)))[row % 2];

    private static float Worth(Matrix words, int inputs, int column) =>
        words.Pointer[(column / 32 * HalfWeights.PanelStride(inputs)) + ((inputs + 1) / 2 * 32) + (column % 32)];
}
