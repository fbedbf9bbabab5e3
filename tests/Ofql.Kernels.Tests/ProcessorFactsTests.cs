using Ofql.Kernels;
using Xunit;

namespace Ofql.Kernels.Tests;

public class ProcessorFactsTests
{
    [Fact]
    public void Second_level_cache_is_unknown_or_of_a_believable_size()
    {
        var bytes = ProcessorFacts.SecondLevelCacheBytes;
        Assert.True(bytes == 0 || bytes is >= 64 << 10 and <= 64 << 20, $"{bytes} bytes");
    }

    [Fact]
    public void Second_level_cache_is_what_the_kernel_says()
    {
        const string Folder = "/sys/devices/system/cpu/cpu0/cache/index2/";
        if (!File.Exists(Folder + "size") || ProcessorFacts.SecondLevelCacheBytes == 0)
            Assert.Skip("Neither the kernel nor the processor has to describe its caches.");
        Assert.Equal("2", File.ReadAllText(Folder + "level").Trim());
        Assert.Equal(File.ReadAllText(Folder + "size").Trim(), $"{ProcessorFacts.SecondLevelCacheBytes >> 10}K");
    }
}
