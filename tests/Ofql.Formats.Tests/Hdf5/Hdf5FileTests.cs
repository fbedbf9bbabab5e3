using Ofql.Formats.Hdf5;
using Xunit;
using static Ofql.Formats.Tests.TestData;

namespace Ofql.Formats.Tests.Hdf5;

public sealed class Hdf5FileTests
{
    public Hdf5FileTests() => NativeHdf5.Require();

    [Fact]
    public void Every_dataset_that_h5py_wrote_is_listed_and_read()
    {
        using var file = Hdf5File.Open(Fixture("types.hdf5"));
        Assert.Equal(
            ["compound [2]", "deep/er/value []", "empty [0, 3]", "fixed []", "flags [2, 1]", "float16 [2]", "null []", "soft [2]",
             "texts [2]", "uint8 [2]", "variable []"], file.Datasets.Select(dataset => dataset.ToString()));
        Assert.Equal([0.5f, -2], Singles(file, "float16"));
        Assert.Equal([0f, 255], Singles(file, "uint8"));
        Assert.Equal([0f, 255], Singles(file, "soft"));
        Assert.Equal([1f, 0], Singles(file, "flags"));
        Assert.Equal([2.5f], Singles(file, "deep/er/value"));
        Assert.Equal([2.5], file.ReadDoubles("deep/er/value"));
        Assert.Empty(Singles(file, "empty"));
        Assert.Equal("fixed text", file.ReadText("fixed"));
        Assert.Equal("variable text ü", file.ReadText("variable"));
    }

    [Fact]
    public void Wrong_requests_name_the_dataset_and_what_is_there()
    {
        using var file = Hdf5File.Open(Fixture("types.hdf5"));
        Assert.Contains("no dataset 'rewards'. It has: compound [2], deep/er/value []", Message(() => file.ReadSingles("rewards")), StringComparison.Ordinal);
        Assert.Contains("dataset 'compound': expected numbers, found other [2]", Message(() => file.ReadSingles("compound")), StringComparison.Ordinal);
        Assert.Contains("dataset 'fixed': expected numbers, found text []", Message(() => file.ReadSingles("fixed")), StringComparison.Ordinal);
        Assert.Contains("dataset 'texts': expected one text, found text [2]", Message(() => file.ReadText("texts")), StringComparison.Ordinal);
        Assert.Contains("size changed", Message(() => file.ReadSingles("null")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_hdf5_is_refused_before_the_library_sees_it()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["page"], "<html>Not found</html>");
        Assert.Contains("first bytes are not the HDF5 signature", Message(() => Hdf5File.Open(folder["page"])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_was_cut_anywhere_gives_the_librarys_own_words()
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(Fixture("d4rl-small.hdf5"));
        for (var length = 8; length < bytes.Length; length += 61)
        {
            File.WriteAllBytes(folder["cut"], bytes[..length]);
            Assert.Contains("HDF5 says: ", Message(() => Hdf5File.Open(folder["cut"])), StringComparison.Ordinal);
        }

        Assert.Contains("truncated file: eof = ", Message(() => Hdf5File.Open(folder["cut"])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_that_the_stored_bytes_cannot_hold_is_refused_before_memory_is_taken()
    {
        using var file = Hdf5File.Open(Fixture("claims.hdf5"));
        Assert.Contains("huge [1000000000] claims 4000000000 bytes, but only 0 are stored", Message(() => file.ReadSingles("huge")), StringComparison.Ordinal);
        Assert.Equal(new float[5], Singles(file, "unwritten"));
    }

    [Fact]
    public void Several_threads_may_read_at_once()
    {
        var expected = Fixture("types.hdf5");
        Parallel.For(0, 40, _ =>
        {
            using var file = Hdf5File.Open(expected);
            Assert.Equal([0f, 255], Singles(file, "uint8"));
            Assert.Throws<OfqlException>(() => file.ReadSingles("none"));
        });
    }

    [Fact]
    public void A_missing_or_old_library_is_named_with_its_remedy()
    {
        var missing = Message(() => Hdf5Library.Find(null, ["libofql-no-such-library.so"]));
        Assert.Contains("apt-get install -y libhdf5-103-1", missing, StringComparison.Ordinal);
        Assert.Contains("OFQL_HDF5", missing, StringComparison.Ordinal);
        Assert.Contains("OFQL_HDF5 is set to '/no/such.so'", Message(() => Hdf5Library.Find("/no/such.so", [])), StringComparison.Ordinal);
        Assert.Contains("Found libhdf5 1.8.23; version 1.10", Message(() => Hdf5Library.RequireVersion(1, 8, 23)), StringComparison.Ordinal);
        Hdf5Library.RequireVersion(1, 10, 0);
        Hdf5Library.RequireVersion(2, 0, 0);
    }

    private static float[] Singles(Hdf5File file, string name)
    {
        using var column = file.ReadSingles(name);
        return All(column);
    }

    private static string Message(Action action) => Assert.Throws<OfqlException>(action).Message;
}
