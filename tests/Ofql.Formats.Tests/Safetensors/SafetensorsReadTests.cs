using Ofql.Formats.Safetensors;
using Xunit;
using static Ofql.Formats.Tests.TestData;

namespace Ofql.Formats.Tests.Safetensors;

public sealed class SafetensorsReadTests
{
    [Fact]
    public void Every_type_that_numpy_wrote_is_read()
    {
        using var file = SafetensorsFile.Open(Fixture("types.safetensors"));
        Assert.Equal("numpy", file.Metadata["made_by"]);
        Assert.Equal("ü \"quoted\" \\", file.Metadata["text"]);
        Assert.Equal([1.5, -2.25, 3, 4], file.ReadDoubles("f64"));
        Assert.Equal([1.5f, -2.25f, 1e30f], file.ReadSingles("f32"));
        Assert.Equal([0.5f, -2f], file.ReadSingles("f16"));
        Assert.Equal([1.5f, -2f], file.ReadSingles("bf16"));
        Assert.Equal([1, -9007199254740993], file.ReadIntegers("i64"));
        Assert.Equal([-7], file.ReadIntegers("i32"));
        Assert.Equal([0, 255], file.ReadIntegers("u8"));
        Assert.Equal([1, 0, 1], file.ReadIntegers("bool"));
        Assert.Equal([42f], file.ReadSingles("scalar"));
        Assert.Empty(file.Shape("scalar"));
        Assert.Equal([0, 3], file.Shape("none"));
        Assert.Empty(file.ReadSingles("none"));
    }

    [Fact]
    public void A_mapped_column_outlives_its_reader()
    {
        var file = SafetensorsFile.Open(Fixture("types.safetensors"));
        using var column = file.Map<double>("f64");
        using var flags = file.Map<byte>("bool");
        file.Dispose();
        file.Dispose();
        Assert.Equal((2, 2), (column.Rows, column.Width));
        Assert.Equal([1.5, -2.25, 3, 4], All(column));
        Assert.Equal([1, 0, 1], All(flags));
        Assert.Throws<ObjectDisposedException>(() => file.ReadSingles("f32"));
    }

    [Fact]
    public void Wrong_requests_name_file_tensor_and_what_is_there()
    {
        using var file = SafetensorsFile.Open(Fixture("types.safetensors"));
        var missing = Assert.Throws<OfqlException>(() => file.ReadSingles("weight"));
        Assert.Contains("no tensor 'weight'", missing.Message, StringComparison.Ordinal);
        Assert.Contains("bf16", missing.Message, StringComparison.Ordinal);
        Assert.Contains("expected F32, found F64 [2, 2]", Message(() => file.Map<float>("f64")), StringComparison.Ordinal);
        Assert.Contains("expected an integer", Message(() => file.ReadIntegers("f64")), StringComparison.Ordinal);
        Assert.Contains("64 signed bits", Message(() => file.ReadIntegers("u64")), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> BadHeaders => new()
    {
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "needs 8 bytes, but its offsets [0, 4] hold 4" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "leaves a gap after the header" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}""", "'b' begins at data byte 3 and overlaps 'a'" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "4 bytes at its end belong to no tensor" },
        { """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "need 16 bytes of data, but only 8 are there" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", "hold -4" },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "shape holds something else" },
        { """{"a":{"dtype":"F32","shape":[1e3],"data_offsets":[0,4]}}""", "shape holds something else" },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}}""", "larger than any file" },
        { """{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}""", "dtype 'F4'; known are BF16, BOOL" },
        { """{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", "dtype 'Number'" },
        { """{"a":{"shape":[1],"data_offsets":[0,4]}}""", "needs the fields dtype, shape and data_offsets" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "needs the fields" },
        { """{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "unknown or repeated field 'dtype'" },
        { """{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[0],"data_offsets":[8,8]}}""", "'a' occurs twice" },
        { """{"__metadata__":{"x":1}}""", "metadata 'x' is not a string" },
        { """{"__metadata__":{"x":"1","x":"2"}}""", "metadata 'x' occurs twice" },
        { """{"a":5}""", "'a' is not an object" },
        { """{"a":{"dtype":"F32",""", "not valid JSON" },
        { """{}{}""", "not valid JSON" },
        { """[1,2,3]""", "does not begin with '{'" },
    };

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public void A_header_that_does_not_hold_together_is_refused(string header, string expected)
    {
        using var folder = new TemporaryFolder();
        var text = System.Text.Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(folder["bad"], [.. BitConverter.GetBytes((long)text.Length), .. text, .. new byte[8]]);
        var message = Message(() => SafetensorsFile.Open(folder["bad"]));
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(folder["bad"], message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_none_are_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["empty"], []);
        File.WriteAllBytes(folder["short"], [1, 2, 3]);
        File.WriteAllBytes(folder["long"], [.. BitConverter.GetBytes(ulong.MaxValue), (byte)'{', (byte)'}']);
        File.WriteAllBytes(folder["cut"], [.. BitConverter.GetBytes(500L), (byte)'{', (byte)'}']);
        Assert.Contains("is empty", Message(() => SafetensorsFile.Open(folder["empty"])), StringComparison.Ordinal);
        Assert.Contains("it has 3 bytes", Message(() => SafetensorsFile.Open(folder["short"])), StringComparison.Ordinal);
        Assert.Contains("the limit is 100000000", Message(() => SafetensorsFile.Open(folder["long"])), StringComparison.Ordinal);
        Assert.Contains("cut short", Message(() => SafetensorsFile.Open(folder["cut"])), StringComparison.Ordinal);
        Assert.Contains("no such file", Message(() => SafetensorsFile.Open(folder["absent"])), StringComparison.Ordinal);
        Assert.Contains("is a folder", Message(() => SafetensorsFile.Open(folder.Location)), StringComparison.Ordinal);
        Assert.Contains("path is empty", Message(() => SafetensorsFile.Open("")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_is_refused_instead_of_waiting_for_ever()
    {
        if (!File.Exists("/usr/bin/mkfifo"))
            Assert.Skip("There is no mkfifo here.");
        using var folder = new TemporaryFolder();
        System.Diagnostics.Process.Start("/usr/bin/mkfifo", [folder["pipe"]]).WaitForExit();
        Assert.Contains("not a regular file", Message(() => SafetensorsFile.Open(folder["pipe"])), StringComparison.Ordinal);
    }

    [Fact]
    public void Invalid_unicode_in_a_name_is_refused()
    {
        using var folder = new TemporaryFolder();
        byte[] text = [.. "{\""u8, 0xFF, 0xFE, .. "\":{}}"u8];
        File.WriteAllBytes(folder["bad"], [.. BitConverter.GetBytes((long)text.Length), .. text]);
        Assert.Contains("not valid JSON", Message(() => SafetensorsFile.Open(folder["bad"])), StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_mutated_files_give_data_or_an_error_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        var original = File.ReadAllBytes(Fixture("types.safetensors"));
        var random = new Random(20250817);
        var refused = 0;
        for (var i = 0; i < 6000; i++)
        {
            var bytes = original.ToArray();
            if (i % 4 == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            else
            {
                // Mostly in the header, where a change can matter, often with characters that JSON gives a meaning to.
                for (var change = random.Next(1, 8); change > 0; change--)
                {
                    bytes[random.Next(random.Next(10) == 0 ? bytes.Length : 760)] =
                        random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"0123456789[]{}\",:-e"[random.Next(19)];
                }
            }

            File.WriteAllBytes(folder["mutant"], bytes);
            refused += ReadsCompletely(folder["mutant"]) ? 0 : 1;
        }

        Assert.InRange(refused, 3000, 5999);
    }

    private static bool ReadsCompletely(string path)
    {
        try
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var name in file.Names)
                _ = file.ReadSingles(name);
            return true;
        }
        catch (OfqlException)
        {
            return false;
        }
    }

    private static string Message(Action action) => Assert.Throws<OfqlException>(action).Message;
}
