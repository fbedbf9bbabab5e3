using Ofql.Formats.Safetensors;
using Xunit;

namespace Ofql.Formats.Tests.Safetensors;

public sealed class SafetensorsWriteTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["a"], new Dictionary<string, string> { ["k ü\""] = "v\n" }, Entries());
        using var file = SafetensorsFile.Open(folder["a"]);
        Assert.Equal(["bytes", "doubles", "empty", "integers", "singles ü", "streamed"], file.Names);
        Assert.Equal("v\n", file.Metadata["k ü\""]);
        Assert.Equal([1f, 2, 3, 4], file.ReadSingles("singles ü"));
        Assert.Equal([2, 2], file.Shape("singles ü"));
        Assert.Equal([0.1, 0.2], file.ReadDoubles("doubles"));
        Assert.Equal([long.MinValue], file.ReadIntegers("integers"));
        Assert.Equal([7, 8, 9], file.ReadIntegers("bytes"));
        Assert.Equal([5L, 6], file.ReadIntegers("streamed"));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void Order_of_entries_does_not_change_the_bytes_and_data_are_aligned()
    {
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["a"], new Dictionary<string, string> { ["x"] = "1", ["y"] = "2" }, Entries());
        SafetensorsWriter.Write(folder["b"], new Dictionary<string, string> { ["y"] = "2", ["x"] = "1" }, Entries().Reverse());
        var bytes = File.ReadAllBytes(folder["a"]);
        Assert.Equal(bytes, File.ReadAllBytes(folder["b"]));
        Assert.Equal(0, BitConverter.ToInt64(bytes) % 8);
        Assert.StartsWith("{\"__metadata__\":{\"x\":\"1\",\"y\":\"2\"},\"doubles\"", System.Text.Encoding.UTF8.GetString(bytes, 8, 200), StringComparison.Ordinal);
    }

    [Fact]
    public void A_failing_source_leaves_the_old_file()
    {
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["a"], null, Entries());
        var before = File.ReadAllBytes(folder["a"]);
        var wrongLength = SafetensorsEntry.FromCallback("x", SafetensorsType.UInt8, [3], stream => stream.WriteByte(1));
        var error = Assert.Throws<OfqlException>(() => SafetensorsWriter.Write(folder["a"], null, [wrongLength]));
        Assert.Contains("should be 3 bytes, but its source wrote 1", error.Message, StringComparison.Ordinal);
        var failing = SafetensorsEntry.FromCallback("x", SafetensorsType.UInt8, [3], _ => throw new InvalidOperationException("stop"));
        Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Write(folder["a"], null, [failing]));
        Assert.Equal(before, File.ReadAllBytes(folder["a"]));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void Names_must_be_unique_and_unicode()
    {
        using var folder = new TemporaryFolder();
        SafetensorsEntry[] twice = [SafetensorsEntry.Of("x", [1], [1f]), SafetensorsEntry.Of("x", [1], [1.0])];
        Assert.Contains("'x' was given 2 times", Assert.Throws<OfqlException>(() => SafetensorsWriter.Write(folder["a"], null, twice)).Message, StringComparison.Ordinal);
        SafetensorsEntry[] surrogate = [SafetensorsEntry.Of("\uD800", [1], [1f])];
        Assert.Contains("not valid Unicode", Assert.Throws<OfqlException>(() => SafetensorsWriter.Write(folder["a"], null, surrogate)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.Of("x", [2], [1f]));
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void Python_reads_what_was_written()
    {
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["a"], new Dictionary<string, string> { ["k"] = "ü" }, Entries());
        const string Script = """
            import json, struct, sys
            import numpy as np
            data = open(sys.argv[1], "rb").read()
            size = struct.unpack("<Q", data[:8])[0]
            header = json.loads(data[8:8 + size])
            assert header.pop("__metadata__") == {"k": "\u00fc"}
            types = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "u1", "I32": "<i4"}
            for name in sorted(header):
                begin, end = header[name]["data_offsets"]
                array = np.frombuffer(data[8 + size + begin:8 + size + end], types[header[name]["dtype"]])
                print(ascii(name), array.reshape(header[name]["shape"]).tolist())
            """;
        Assert.Equal(
            "'bytes' [7, 8, 9]\n'doubles' [0.1, 0.2]\n'empty' []\n'integers' [-9223372036854775808]\n"
            + "'singles \\xfc' [[1.0, 2.0], [3.0, 4.0]]\n'streamed' [5, 6]", Python.Require(Script, folder["a"]));
    }

    private static SafetensorsEntry[] Entries() =>
    [
        SafetensorsEntry.Of<byte>("bytes", [3], [7, 8, 9]),
        SafetensorsEntry.Of("singles ü", [2, 2], [1f, 2, 3, 4]),
        SafetensorsEntry.Of("integers", [1], [long.MinValue]),
        SafetensorsEntry.Of("empty", [0, 5], Array.Empty<float>()),
        SafetensorsEntry.FromCallback("streamed", SafetensorsType.Int32, [2], stream =>
        {
            stream.Write(BitConverter.GetBytes(5));
            stream.Write(BitConverter.GetBytes(6));
        }),
        SafetensorsEntry.Of("doubles", [2], [0.1, 0.2]),
    ];
}
