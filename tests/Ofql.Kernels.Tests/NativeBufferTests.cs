using Ofql.Kernels.Matrices;
using Xunit;

namespace Ofql.Kernels.Tests;

/// <summary>More memory than the machine has is refused before it is touched: the system would promise it, and kill for it later.</summary>
public sealed class NativeBufferTests
{
    [Fact]
    public void More_than_the_machine_has_is_refused_and_leaves_room_for_the_rest()
    {
        var all = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        for (var i = 0; i < 3; i++)
            Assert.Contains("this machine has", Assert.Throws<InsufficientMemoryException>(() => new NativeBuffer<byte>(all)).Message, StringComparison.Ordinal);
        using var small = new NativeBuffer<float>(1000);
        Assert.Equal(0f, small.Span[999]);
    }

    [Fact]
    public async Task A_request_that_is_refused_leaves_those_of_other_threads_alone()
    {
        var all = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var asking = Task.Run(() =>
        {
            for (var i = 0; i < 50_000; i++)
                Assert.Throws<InsufficientMemoryException>(() => new NativeBuffer<byte>(all));
        }, TestContext.Current.CancellationToken);
        do
            new NativeBuffer<byte>(1000).Dispose();
        while (!asking.IsCompleted);
        await asking;
    }

    [Theory]
    [InlineData(65_536, 65_536)]
    [InlineData(int.MaxValue, 1)]
    [InlineData(2, int.MaxValue)]
    public void A_matrix_beyond_the_reach_of_its_offsets_is_refused(int rows, int columns) =>
        Assert.Throws<InsufficientMemoryException>(() => new PanelLayout(rows, columns));
}
