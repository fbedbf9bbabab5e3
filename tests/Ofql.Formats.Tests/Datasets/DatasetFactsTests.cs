using System.Text.Json;
using System.Text.Json.Serialization;
using Ofql.Data;
using Ofql.Formats.Datasets;
using Xunit;
using static Ofql.Formats.Tests.TestData;

namespace Ofql.Formats.Tests.Datasets;

public sealed class DatasetFactsTests
{
    private static readonly JsonSerializerOptions _named = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    [Fact]
    public void Facts_come_back_as_they_were_NaN_included()
    {
        using var folder = new TemporaryFolder();
        var report = Save(folder["a"], broken: true);
        DatasetFacts.Write(folder["a"], "sha256:00", report);
        var facts = DatasetFacts.Read(folder["a"])!;
        Assert.Equal("sha256:00", facts.Fingerprint);
        Assert.Equal(Text(report with { NormalizedMeanReturn = null }), Text(facts.Report));
        Assert.Equal(1, facts.Report.NotFinite.Count);
        Assert.Equal(["a", "a.facts.json"], folder.Files);
    }

    [Fact]
    public void They_hold_no_longer_when_the_file_has_changed_or_is_gone()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(DatasetFacts.Read(folder["a"]));
        DatasetFacts.Write(folder["a"], "sha256:00", Save(folder["a"]));
        Assert.NotNull(DatasetFacts.Read(folder["a"]));
        File.SetLastWriteTimeUtc(folder["a"], DateTime.UtcNow.AddSeconds(5));
        Assert.Null(DatasetFacts.Read(folder["a"]));
        DatasetFacts.Write(folder["a"], "sha256:00", Save(folder["a"]));
        File.AppendAllText(folder["a"], "x");
        Assert.Null(DatasetFacts.Read(folder["a"]));
        File.Delete(folder["a"]);
        Assert.Null(DatasetFacts.Read(folder["a"]));
    }

    [Fact]
    public void A_damaged_note_is_as_good_as_none()
    {
        using var folder = new TemporaryFolder();
        DatasetFacts.Write(folder["a"], "sha256:00", Save(folder["a"]));
        var whole = File.ReadAllText(folder["a.facts.json"]);
        for (var cut = 0; cut < whole.Length; cut += 13)
        {
            File.WriteAllText(folder["a.facts.json"], whole[..cut]);
            Assert.Null(DatasetFacts.Read(folder["a"]));
        }

        foreach (var other in new[] { "null", "[]", "{}", "7", whole.Replace("\"Format\":1", "\"Format\":2", StringComparison.Ordinal), whole.Replace("\"Report\":{", "\"Report\":null,\"x\":{", StringComparison.Ordinal) })
        {
            File.WriteAllText(folder["a.facts.json"], other);
            Assert.Null(DatasetFacts.Read(folder["a"]));
        }
    }

    [Fact]
    public void Where_nothing_can_be_written_nothing_is_kept() => DatasetFacts.Write(
        Path.Combine(Path.GetTempPath(), "ofql-no-such-folder", "a"), "sha256:00", DataReport.Of(Dataset(), cancellation: TestContext.Current.CancellationToken));

    private static string Text(DataReport report) => JsonSerializer.Serialize(report, _named);

    private static DataReport Save(string path, bool broken = false)
    {
        using var data = Dataset();
        if (broken)
            data.Rewards.Writable(1)[0] = float.NaN;
        DatasetFile.Save(data, path);
        return DataReport.Of(data, value => value);
    }
}
