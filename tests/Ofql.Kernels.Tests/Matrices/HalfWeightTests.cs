using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Matrices;

public sealed unsafe class HalfWeightTests
{
    private const double HalfStep = 1.0 / 256;

    public static TheoryData<int, int> Shapes()
    {
        var data = new TheoryData<int, int> { { 256, 256 }, { 255, 257 }, { 23, 256 }, { 256, 6 }, { 9, 300 }, { 70, 518 }, { 3, 2 } };
        for (var i = 1; i <= 65; i++)
            data.Add(i, 2 + (i * 37 % 130));
        return data;
    }

    [Fact]
    public void A_weight_comes_back_within_a_256th_whatever_stands_beside_it()
    {
        float[] weights = [0f, 1f, -1f, 0.1f, -0.3f, 1.9999999f, 0.999999f, 3.0517578e-05f, -7e-9f, 1.2e-38f, 123456.789f, -float.MaxValue, float.MaxValue, 1e-42f, -0f];
        foreach (var lower in weights)
        {
            foreach (var upper in weights)
            {
                var (a, b) = Read(HalfWeights.Word(lower, upper));
                Near(lower, a, 1.2e-38);
                Near(upper, b, 1.1e-30);
            }
        }

        static void Near(float weight, float read, double least)
        {
            Assert.True(float.IsNormal(read) || read == 0, $"{weight} became {read}.");
            Assert.True(Math.Abs((double)read - weight) <= Math.Max(least, HalfStep * Math.Abs((double)weight)), $"{weight} became {read}.");
        }
    }

    [Fact]
    public void Words_are_the_nearest_there_are()
    {
        // Every lower half beside one upper weight: the upper one is chosen with the lower one's bits in view.
        for (uint low = 0; low < 1 << 16; low += 97)
        {
            var lower = BitConverter.UInt32BitsToSingle(low << 16);
            if (!float.IsNormal(lower))
                continue;
            foreach (var upper in (float[])[0.7f, -1.0001f, 0.25f])
            {
                var word = HalfWeights.Word(lower, upper);
                Assert.Equal(low, word & 0xFFFF);
                var found = Math.Abs((double)BitConverter.UInt32BitsToSingle(word) - upper);
                foreach (var other in (uint[])[word - 0x10000, word + 0x10000])
                    Assert.True(found <= Math.Abs((double)BitConverter.UInt32BitsToSingle(other) - upper), $"{upper} above {low:X4}");
            }
        }
    }

    [Fact]
    public void What_is_no_number_stays_none()
    {
        foreach (var broken in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            Assert.False(float.IsFinite(Read(HalfWeights.Word(broken, 1f)).Lower));
            Assert.False(float.IsFinite(Read(HalfWeights.Word(1f, broken)).Upper));
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_row_times_the_words(int k, int columns)
    {
        using Matrix x = Matrix.Random(new PanelLayout(1, k, forcePanels: true), 1), w = Matrix.Random(new PanelLayout(k, columns, forcePanels: true), 2), bias = Matrix.Random(1, columns, 3);
        using var words = new Matrix(new PanelLayout(1, HalfWeights.Length(w.Layout)));
        for (var panel = w.Layout.Panels - 1; panel >= 0; panel--)
            HalfWeights.Pack(w.Pointer, w.Layout, words.Pointer, panel, panel + 1);
        words.AssertGuards();
        foreach (var withBias in new[] { false, true })
        {
            using var y = new Matrix(1, columns);
            HalfWeightRow.Forward(x.Pointer, k, words.Pointer, w.Layout.Panels, withBias ? bias.Pointer : null, y.Pointer);
            y.AssertEach($"K={k}, bias {withBias}", (_, c) =>
            {
                double sum = withBias ? bias[0, c] : 0, magnitude = Math.Abs(sum);
                for (var i = 0; i < k; i++)
                {
                    var weight = Weight(words.Pointer, k, i, c);
                    Assert.True(Math.Abs(weight - w[i, c]) <= HalfStep * Math.Abs(w[i, c]));
                    sum += x[0, i] * weight;
                    magnitude += Math.Abs(x[0, i] * weight);
                }

                return (sum, Rounding.Sum(k, magnitude));
            });
            y.AssertGuards();
        }
    }

    private static double Weight(float* words, int inputs, int row, int column)
    {
        var at = (column / 32 * HalfWeights.PanelStride(inputs)) + (row * HalfWeights.PanelWords) + (column % 16);
        var (lower, upper) = Read(((uint*)words)[at]);
        return column % 32 < 16 ? lower : upper;
    }

    private static (float Lower, float Upper) Read(uint word) => (BitConverter.UInt32BitsToSingle(word << 16), BitConverter.UInt32BitsToSingle(word));
}
