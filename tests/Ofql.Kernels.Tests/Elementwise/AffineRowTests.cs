using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Kernels.Tests.Elementwise;

public sealed class AffineRowTests
{
    [Fact]
    public void Every_length_has_the_bits_of_one_number_at_a_time()
    {
        for (var length = 0; length <= 70; length++)
        {
            float[] x = new float[length + 3], shift = new float[length], scale = new float[length], y = new float[length];
            foreach (var (values, name) in new[] { (x, "x"), (shift, "shift"), (scale, "scale") })
                Noise.FillNormal(new RandomStream((ulong)length, name), values);
            AffineRow.ShiftAndScale(x, shift, scale, y);
            for (var i = 0; i < length; i++)
                Assert.Equal((x[i] - shift[i]) * scale[i], y[i]);
        }
    }

    [Fact]
    public void Rows_that_are_too_short_are_refused() =>
        Assert.Throws<ArgumentException>(() => AffineRow.ShiftAndScale(new float[4], new float[4], new float[3], new float[4]));
}
