using Ofql.Formats.Safetensors;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Formats.Tests.Safetensors;

public sealed class SafetensorsGoldenTests
{
    [Fact]
    public void Every_golden_file_opens_and_every_tensor_reads()
    {
        var files = Directory.GetFiles(GoldenFolder.Location, "*.safetensors", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (var path in files)
        {
            using var file = SafetensorsFile.Open(path);
            Assert.NotEmpty(file.Names);
            foreach (var name in file.Names)
            {
                var expected = file.Shape(name).Aggregate(1L, (product, size) => product * size);
                Assert.Equal(expected, file.ReadDoubles(name).LongLength);
                Assert.Equal(expected, file.ReadSingles(name).LongLength);
                if (file.Type(name) == SafetensorsType.Int64)
                    Assert.Equal(expected, file.ReadIntegers(name).LongLength);
            }
        }
    }
}
