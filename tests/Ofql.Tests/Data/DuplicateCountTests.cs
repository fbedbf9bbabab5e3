using Ofql.Data;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Data;

/// <summary>Repetitions are counted exactly while there is room, and estimated in the room there is.</summary>
public sealed class DuplicateCountTests
{
    [Theory]
    [InlineData(1000, 64)]
    [InlineData(1000, 1000)]
    [InlineData(3, 2)]
    public void One_row_over_and_over_needs_no_room(int rows, int room)
    {
        var count = new DuplicateCount(rows, room);
        for (var i = 0; i < rows; i++)
            count.Add(0xF123_4567_89AB_CDEF);
        Assert.Equal(rows - 1, count.Total());
        Assert.False(count.IsEstimate);
    }

    [Fact]
    public void Few_different_rows_are_counted_exactly_however_often_they_come()
    {
        var count = new DuplicateCount(100_000, 1024);
        for (var i = 0; i < 100_000; i++)
            count.Add(Hash(i % 500));
        Assert.Equal(100_000 - 500, count.Total());
        Assert.False(count.IsEstimate);
    }

    [Fact]
    public void Many_different_rows_are_estimated()
    {
        const int Different = 200_000;
        var count = new DuplicateCount(4 * Different, 16_384);
        for (var copy = 0; copy < 3; copy++)
        {
            for (var i = 0; i < Different; i++)
                count.Add(Hash(i));
        }

        // Two repetitions each; about 12,500 of the different ones are kept: a standard error of 0.9 % would be generous.
        Assert.True(count.IsEstimate);
        Assert.InRange(count.Total(), 0.95 * 2 * Different, 1.05 * 2 * Different);
    }

    [Fact]
    public void Rows_that_all_differ_repeat_nothing()
    {
        var count = new DuplicateCount(100_000, 1000);
        for (var i = 0; i < 100_000; i++)
            count.Add(Hash(i));
        Assert.Equal(0, count.Total());
        Assert.Equal(0, new DuplicateCount(0).Total());
    }

    private static ulong Hash(int i)
    {
        var (low, high) = Threefry.Block(42, (ulong)i);
        return ((ulong)high << 32) | low;
    }
}
