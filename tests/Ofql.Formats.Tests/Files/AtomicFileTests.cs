using Ofql.Formats.Files;
using Xunit;

namespace Ofql.Formats.Tests.Files;

public sealed class AtomicFileTests
{
    [Fact]
    public void A_new_and_a_replaced_file_have_the_content()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.WriteText(folder["a"], "one");
        AtomicFile.WriteText(folder["a"], "two ü");
        Assert.Equal("two ü", File.ReadAllText(folder["a"]));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void Nothing_is_visible_before_the_end_and_a_failure_leaves_the_old_file()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.WriteText(folder["a"], "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(folder["a"], stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(folder["a"]));
            throw new InvalidOperationException("stop");
        }));
        Assert.Equal("old", File.ReadAllText(folder["a"]));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void What_is_being_written_can_be_given_up_and_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        var path = folder["a"];
        Assert.Throws<OfqlException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            Assert.Single(folder.Files);
            AtomicFile.DeleteUnfinished(temporary => temporary.StartsWith(Path.GetDirectoryName(path)!, StringComparison.Ordinal));
            Assert.Empty(folder.Files);
        }));
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void What_killed_processes_left_is_known_by_its_name_and_deleted()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.Write(folder["a.txt"], _ => Assert.True(AtomicFile.IsTemporary(folder.Files.Single())));
        AtomicFile.WriteText(folder[".a.txt.0123456789ab.part"], "of a killed process");
        Assert.All((string[])["a.txt", ".a.txt.part", ".a.part", "a.0123456789ab.part", ".a.0123456789aG.part", ".part", ""], name => Assert.False(AtomicFile.IsTemporary(name), name));
        AtomicFile.WriteText(folder[".a.txt.part"], "of a download");
        AtomicFile.DeleteLeftovers(folder.Location);
        Assert.Equal([".a.txt.part", "a.txt"], folder.Files);
        AtomicFile.DeleteLeftovers(folder["nowhere"]);
    }

    [Fact]
    public void A_text_is_read_or_the_reason_is_said()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.WriteText(folder["a"], "one");
        Assert.Equal("one", TextFile.Read(folder["a"]));
        Assert.Contains("there is no such file", Assert.Throws<OfqlException>(() => TextFile.Read(folder["b"])).Message, StringComparison.Ordinal);
        Assert.Contains($"Cannot read the map '{folder.Location}': it is a folder", Assert.Throws<OfqlException>(() => TextFile.Read(folder.Location, "read the map")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_is_named_and_leaves_the_old_file()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.WriteText(folder["a"], "old");
        var error = Assert.Throws<OfqlException>(() => AtomicFile.Write(
            folder["a"], _ => throw new IOException("No space left on device", OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28)));
        Assert.Contains("the disk is full", error.Message, StringComparison.Ordinal);
        Assert.Contains(folder["a"], error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(folder["a"]));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void The_system_itself_reports_a_full_disk_by_that_number()
    {
        if (!File.Exists("/dev/full"))
            Assert.Skip("There is no /dev/full here.");
        var cause = Assert.Throws<IOException>(() =>
        {
            using var stream = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
            stream.WriteByte(1);
            stream.Flush();
        });
        Assert.Contains("the disk is full", FileErrors.Translate("write", "x", cause).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_targets_are_refused_with_advice()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("does not exist. Create it first", Message(folder["none/a"]), StringComparison.Ordinal);
        Assert.Contains("it is a folder", Message(folder.Location), StringComparison.Ordinal);
        Assert.Contains("path to write to is empty", Message(" "), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Contains("it is a device", Message("/dev/null"), StringComparison.Ordinal);
        var denied = FileErrors.Translate("write", "x", new UnauthorizedAccessException());
        Assert.Contains("permission denied", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_written_is_found_out_beforehand_and_nothing_is_left()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.WriteText(folder["old.txt"], "old");
        AtomicFile.RequireWritable(folder["old.txt"]);
        AtomicFile.RequireWritable(folder["new.txt"]);

        Assert.Equal(["old.txt"], folder.Files);
        Assert.Equal("old", File.ReadAllText(folder["old.txt"]));
        Assert.Contains("does not exist", Assert.Throws<OfqlException>(() => AtomicFile.RequireWritable(Path.Combine(folder["missing"], "file"))).Message, StringComparison.Ordinal);
        Assert.Contains("folder", Assert.Throws<OfqlException>(() => AtomicFile.RequireWritable(folder.Location)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_stays_a_link()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["real"], "old");
        File.CreateSymbolicLink(folder["link"], folder["real"]);
        AtomicFile.WriteText(folder["link"], "new");
        Assert.Equal("new", File.ReadAllText(folder["real"]));
        Assert.NotNull(new FileInfo(folder["link"]).LinkTarget);
    }

    private static string Message(string path)
        => Assert.Throws<OfqlException>(() => AtomicFile.WriteText(path, "x")).Message;
}
