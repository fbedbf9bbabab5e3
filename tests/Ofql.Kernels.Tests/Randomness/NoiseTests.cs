using Ofql.Kernels.Randomness;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Randomness;

public sealed unsafe class NoiseTests
{
    private const ulong Key = 0x9E3779B97F4A7C15;

    /// <summary>Also around 2^32, where the low word of the counter runs over.</summary>
    [Theory]
    [InlineData(0UL)]
    [InlineData(16UL)]
    [InlineData(5UL)]
    [InlineData(0xFFFFFFC0UL)]
    [InlineData(0xFFFFFFF7UL)]
    [InlineData(0x7FFFFFFFFFFFFFF0UL)]
    [InlineData(0xFFFFFFFFFFFFFFE0UL)]
    public void Uniform_numbers_are_the_words_of_the_cipher(ulong counter)
    {
        const int Blocks = 9;
        using var numbers = new Matrix(Blocks * Noise.BlockValues, 1);
        Noise.Uniform(Key, counter, numbers.Pointer, Blocks);
        numbers.AssertGuards();
        for (var block = 0; block < Blocks; block++)
        {
            for (var i = 0; i < Noise.BlockCounters; i++)
            {
                var (word0, word1) = Threefry.Block(Key, unchecked(counter + (ulong)((block * Noise.BlockCounters) + i)));
                Assert.Equal((word0 >> 8) / 16777216f, numbers[(block * Noise.BlockValues) + i, 0]);
                Assert.Equal((word1 >> 8) / 16777216f, numbers[(block * Noise.BlockValues) + Noise.BlockCounters + i, 0]);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Parts_made_separately_equal_the_whole(bool normal)
    {
        const int Blocks = 23;
        using Matrix whole = new(Blocks * Noise.BlockValues, 1), parts = new(Blocks * Noise.BlockValues, 1);
        Make(normal, 160, whole.Pointer, Blocks);
        foreach (var (first, end) in new[] { (17, 23), (0, 1), (9, 17), (1, 9) })
            Make(normal, 160 + (ulong)(first * Noise.BlockCounters), parts.Pointer + (first * Noise.BlockValues), end - first);
        parts.AssertSameBits("parts", whole);
        whole.AssertGuards();
    }

    [Fact]
    public void Normal_numbers_are_box_and_muller_of_the_uniform_ones()
    {
        const int Blocks = 512;
        using Matrix uniform = new(Blocks * Noise.BlockValues, 1), normal = new(Blocks * Noise.BlockValues, 1);
        Noise.Uniform(Key, 0, uniform.Pointer, Blocks);
        Noise.Normal(Key, 0, normal.Pointer, Blocks);
        normal.AssertEach("normal", (row, _) =>
        {
            var i = row % Noise.BlockValues;
            var pair = row - i + (i % Noise.BlockCounters);
            var radius = Math.Sqrt(-2 * Math.Log(1.0 - uniform[pair, 0]));
            var angle = 2 * Math.PI * uniform[pair + Noise.BlockCounters, 0];
            // Absolute in units of the radius: near a zero of the sine only the angle's rounding is left.
            return (radius * (i < Noise.BlockCounters ? Math.Cos(angle) : Math.Sin(angle)), Rounding.Function * radius);
        });
    }

    [Fact]
    public void Moments_of_a_million_normal_numbers()
    {
        const int Count = 1 << 20;
        using var numbers = new NativeBuffer<float>(Count);
        Noise.Normal(new RandomStream(7, "moments").Key, 0, numbers.Pointer, Count / Noise.BlockValues);
        double mean = 0, variance = 0, skew = 0, kurtosis = 0, neighbours = 0, largest = 0;
        for (var i = 0; i < Count; i++)
        {
            double x = numbers.Pointer[i];
            mean += x;
            variance += x * x;
            skew += x * x * x;
            kurtosis += x * x * x * x;
            neighbours += i == 0 ? 0 : x * numbers.Pointer[i - 1];
            largest = Math.Max(largest, Math.Abs(x));
        }

        // Deviations of the means of x, x^2, x^3, x^4 and of products: sqrt(1, 2, 15, 96, 1) / sqrt(n); five of them allowed.
        var deviation = 5 / Math.Sqrt(Count);
        Assert.InRange(mean / Count, -deviation, deviation);
        Assert.InRange((variance / Count) - 1, -deviation * Math.Sqrt(2), deviation * Math.Sqrt(2));
        Assert.InRange(skew / Count, -deviation * Math.Sqrt(15), deviation * Math.Sqrt(15));
        Assert.InRange((kurtosis / Count) - 3, -deviation * Math.Sqrt(96), deviation * Math.Sqrt(96));
        Assert.InRange(neighbours / Count, -deviation, deviation);
        // 24 bits reach 5.77; among a million the largest is expected near 4.9.
        Assert.InRange(largest, 4.2, 5.78);
    }

    [Fact]
    public void Uniform_numbers_fill_the_interval_evenly()
    {
        const int Count = 1 << 20, Bins = 64;
        using var numbers = new NativeBuffer<float>(Count);
        Noise.Uniform(Key, 1 << 20, numbers.Pointer, Count / Noise.BlockValues);
        var bins = new int[Bins];
        for (var i = 0; i < Count; i++)
        {
            Assert.InRange(numbers.Pointer[i], 0f, 1f - (1f / (1 << 24)));
            bins[(int)(numbers.Pointer[i] * Bins)]++;
        }

        // Chi-squared with 63 degrees of freedom: mean 63, deviation 11.2.
        const double Expected = (double)Count / Bins;
        Assert.InRange(bins.Sum(n => (n - Expected) * (n - Expected) / Expected), 20, 130);
    }

    [Fact]
    public void Filling_a_span_advances_by_whole_blocks_and_equals_the_blocks()
    {
        foreach (var count in new[] { 0, 1, 31, 32, 33, 100 })
        {
            var stream = new RandomStream(3, "fill") { Position = 48 };
            var filled = new float[count];
            Noise.FillNormal(stream, filled);
            Assert.Equal(48 + Noise.CountersFor(count), stream.Position);
            using var whole = new Matrix(128, 1);
            Noise.Normal(stream.Key, 48, whole.Pointer, 4);
            for (var i = 0; i < count; i++)
                Assert.Equal(whole[i, 0], filled[i]);
            Noise.FillUniform(stream, filled);
            Assert.All(filled, x => Assert.InRange(x, 0f, 0.99999995f));
        }
    }

    private static void Make(bool normal, ulong counter, float* destination, int blocks)
    {
        if (normal)
            Noise.Normal(Key, counter, destination, blocks);
        else
            Noise.Uniform(Key, counter, destination, blocks);
    }
}
