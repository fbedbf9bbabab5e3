using Ofql.Formats.Runs;
using Ofql.Training;
using Xunit;

namespace Ofql.Formats.Tests.Runs;

public class MetricCurvesTests
{
    [Fact]
    public void Every_metric_is_a_curve_of_its_windows_means()
    {
        using var temporary = new TemporaryFolder();
        var folder = RunFolder.Create(temporary["run"]);
        using var files = Written(folder, windows: 3);
        var curves = MetricCurves.Of(folder);
        Assert.Equal(["critic/loss", "a,b"], curves.Select(curve => curve.Name));
        Assert.Equal([(100, 1), (200, 2), (300, 3)], curves[0].Points.Select(point => (point.X, point.Y)));
        Assert.Equal([(100, double.NaN), (200, double.NaN), (300, double.NaN)], curves[1].Points.Select(point => (point.X, point.Y)));
    }

    [Fact]
    public void Many_windows_are_averaged_in_groups_and_end_where_the_run_does()
    {
        using var temporary = new TemporaryFolder();
        var folder = RunFolder.Create(temporary["run"]);
        using var files = Written(folder, windows: 1001);
        var curve = MetricCurves.Of(folder)[0];
        var points = curve.Points;
        Assert.Equal((1, 1001), (curve.First, curve.Last));
        Assert.InRange(points.Count, 100, 200);
        Assert.Equal(100_100, points[^1].X);
        Assert.Equal((600, 3.5), (points[0].X, points[0].Y));
    }

    [Fact]
    public void A_run_without_windows_has_no_curves()
    {
        using var temporary = new TemporaryFolder();
        var folder = RunFolder.Create(temporary["run"]);
        Assert.Empty(MetricCurves.Of(folder));
        using var files = Written(folder, windows: 0);
        Assert.Empty(MetricCurves.Of(folder));
    }

    [Theory]
    [InlineData("step,a,a:last\n100,x,1\n", "line 2")]
    [InlineData("step,a,a:last\n100,\"x\"y,1\n", "metrics.csv")]
    public void Unsound_files_are_named(string text, string expected)
    {
        using var temporary = new TemporaryFolder();
        var folder = RunFolder.Create(temporary["run"]);
        File.WriteAllText(folder.In("metrics.csv"), text);
        Assert.Contains(expected, Assert.Throws<OfqlException>(() => MetricCurves.Of(folder)).Message, StringComparison.Ordinal);
    }

    private static MetricFiles Written(RunFolder folder, int windows)
    {
        var files = new MetricFiles(folder, ["critic/loss", "a,b"], TimeProvider.System);
        files.Open(null);
        for (var i = 1; i <= windows; i++)
        {
            files.WriteMetrics(new MetricRow
            {
                Step = 100 * i, Names = ["critic/loss", "a,b"], Means = [i, double.NaN], Last = [i, float.NaN], UpdatesPerSecond = 1, Elapsed = TimeSpan.Zero,
            });
        }

        files.Flush();
        return files;
    }
}
