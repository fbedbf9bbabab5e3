using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Kernels.Tests.Randomness;

public sealed class RandomStreamTests
{
    [Fact]
    public void Streams_of_different_names_seeds_and_numbers_are_different()
    {
        var keys = new HashSet<ulong>();
        for (var seed = 0UL; seed < 20; seed++)
        {
            foreach (var name in new[] { "", "noise", "noise2", "esion", "indices", "times" })
            {
                var stream = new RandomStream(seed, name);
                Assert.True(keys.Add(stream.Key), $"Key of seed {seed}, '{name}' occurs twice.");
                Assert.True(keys.Add(stream.Split("child").Key));
                for (var index = 0; index < 20; index++)
                    Assert.True(keys.Add(stream.Split("child", index).Key));
            }
        }

        var drawn = new[] { "a", "b", "c" }.Select(name => new RandomStream(1, name).NextUInt64()).ToHashSet();
        Assert.Equal(3, drawn.Count);
    }

    [Fact]
    public void Splitting_does_not_depend_on_the_position()
    {
        RandomStream fresh = new(5, "run"), used = new(5, "run");
        for (var i = 0; i < 10; i++)
            used.NextUInt64();
        Assert.Equal(fresh.Split("x").Key, used.Split("x").Key);
        Assert.Equal(fresh.Split("x", 3).Key, used.Split("x", 3).Key);
        Assert.Equal(0UL, used.Split("x").Position);
    }

    /// <summary>A key must never change: recorded runs would no longer replay.</summary>
    [Fact]
    public void Keys_are_fixed_for_all_time()
    {
        Assert.Equal(0x08B8ADA3E2446B45UL, new RandomStream(0, "noise").Key);
        Assert.Equal(0x2534D5D8F27B406AUL, new RandomStream(42, "evaluation").Split("episode", 7).Key);
    }

    [Fact]
    public void Setting_the_position_rewinds()
    {
        var stream = new RandomStream(11, "rewind");
        stream.NextUInt64();
        var position = stream.Position;
        var first = (stream.NextUInt64(), stream.NextDouble(), stream.NextNormal(), stream.NextIndex(1000), stream.NextUniform(-2, 3));
        var end = stream.Position;
        stream.Position = position;
        Assert.Equal(first, (stream.NextUInt64(), stream.NextDouble(), stream.NextNormal(), stream.NextIndex(1000), stream.NextUniform(-2, 3)));
        Assert.Equal(end, stream.Position);
        Assert.Equal(6UL, end - position);
    }

    [Theory]
    [InlineData(1L)]
    [InlineData(2L)]
    [InlineData(7L)]
    [InlineData(1000L)]
    public void Indices_are_even_and_within_their_bound(long bound)
    {
        const int Draws = 20000;
        var stream = new RandomStream(13, "index");
        var seen = new int[bound];
        for (var i = 0; i < Draws; i++)
            seen[stream.NextIndex(bound)]++;
        var expected = (double)Draws / bound;
        Assert.All(seen, n => Assert.InRange(n, expected - (5 * Math.Sqrt(expected)), expected + (6 * Math.Sqrt(expected))));
    }

    [Fact]
    public void The_largest_bound_works_and_others_are_refused()
    {
        var stream = new RandomStream(17, "bounds");
        for (var i = 0; i < 1000; i++)
            Assert.InRange(stream.NextIndex(long.MaxValue), 0, long.MaxValue - 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.NextIndex(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.NextIndex(-5));
    }

    [Fact]
    public void Doubles_lie_in_the_unit_interval_and_normals_have_their_moments()
    {
        const int Count = 200_000;
        var stream = new RandomStream(19, "doubles");
        double uniform = 0, mean = 0, variance = 0;
        for (var i = 0; i < Count; i++)
        {
            var u = stream.NextDouble();
            Assert.True(u is >= 0 and < 1);
            uniform += u;
            var x = stream.NextNormal();
            mean += x;
            variance += x * x;
        }

        // Five deviations of each mean.
        var deviation = 5 / Math.Sqrt(Count);
        Assert.InRange((uniform / Count) - 0.5, -deviation * Math.Sqrt(1.0 / 12), deviation * Math.Sqrt(1.0 / 12));
        Assert.InRange(mean / Count, -deviation, deviation);
        Assert.InRange((variance / Count) - 1, -deviation * Math.Sqrt(2), deviation * Math.Sqrt(2));
    }
}
