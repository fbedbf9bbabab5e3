using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Kernels.Tests.Randomness;

public sealed class ThreefryTests
{
    /// <summary>Known answers of Threefry-2x32 with 20 rounds, published with Random123 (Salmon et al. 2011).</summary>
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0x6b200159u, 0x99ba4efeu)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x1cb996fcu, 0xbb002be7u)]
    [InlineData(0x13198a2eu, 0x03707344u, 0x243f6a88u, 0x85a308d3u, 0xc4923a9cu, 0x483df7a0u)]
    public void Known_answers(uint key0, uint key1, uint counter0, uint counter1, uint word0, uint word1)
    {
        var (found0, found1) = Threefry.Block(key0 | ((ulong)key1 << 32), counter0 | ((ulong)counter1 << 32));
        Assert.Equal((word0, word1), (found0, found1));
    }

    [Fact]
    public void Flipping_any_bit_of_key_or_counter_flips_about_half_of_the_output()
    {
        const ulong Key = 0x0123456789ABCDEF, Counter = 42;
        var (low, high) = Threefry.Block(Key, Counter);
        var flipped = 0;
        for (var bit = 0; bit < 64; bit++)
        {
            var (a, b) = Threefry.Block(Key ^ (1UL << bit), Counter);
            var (c, d) = Threefry.Block(Key, Counter ^ (1UL << bit));
            flipped += System.Numerics.BitOperations.PopCount(a ^ low) + System.Numerics.BitOperations.PopCount(b ^ high);
            flipped += System.Numerics.BitOperations.PopCount(c ^ low) + System.Numerics.BitOperations.PopCount(d ^ high);
        }

        // 128 times 64 fair coins: mean 4096, deviation 45.
        Assert.InRange(flipped, 4096 - 200, 4096 + 200);
    }
}
