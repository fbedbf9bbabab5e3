using Ofql.Formats.Runs;
using Ofql.Training;
using Xunit;

namespace Ofql.Formats.Tests.Runs;

public class RunTableTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[{\"x\": 1}]")]
    [InlineData("[{\"step\": 1.5}]")]
    [InlineData("[{\"step\": \"1\"}]")]
    [InlineData("[{")]
    public void Evaluations_of_another_shape_are_refused_by_name(string text)
    {
        using var temporary = new TemporaryFolder();
        var folder = RunFolder.Create(temporary["run"]);
        File.WriteAllText(folder.In("evaluations.json"), text);
        Assert.Contains("evaluations.json", Assert.Throws<OfqlException>(() => new EvaluationTable(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_under_the_metrics_is_an_error_of_ours_and_closing_is_none()
    {
        // A device that refuses every byte.
        if (!File.Exists("/dev/full"))
            Assert.Skip("There is no /dev/full here.");
        using var temporary = new TemporaryFolder();
        var folder = RunFolder.Create(temporary["run"]);
        File.CreateSymbolicLink(folder.In("metrics.csv"), "/dev/full");
        using var full = new MetricFiles(folder, ["critic/loss"], TimeProvider.System);
        full.Open(null);
        full.WriteMetrics(new MetricRow { Step = 1, Names = ["critic/loss"], Means = [1], Last = [1], UpdatesPerSecond = 1, Elapsed = TimeSpan.Zero });
        var error = Assert.Throws<OfqlException>(full.Flush);
        Assert.Contains("metrics.csv", error.Message, StringComparison.Ordinal);
        Assert.Contains("disk is full", error.Message, StringComparison.Ordinal);
    }
}
