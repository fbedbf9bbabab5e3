using System.Globalization;
using System.Xml.Linq;
using Ofql.Formats.Svg;
using Xunit;

namespace Ofql.Formats.Tests.Svg;

public class LineChartTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Draws_one_line_and_one_band_per_series_with_its_label()
    {
        var svg = Draw(
            new ChartSeries("a < b & \"c\"", [new(0, 1, 0.5), new(1000, 2, 0.5), new(2000, 4, 0.25)]),
            new ChartSeries("flat", [new(0, 3), new(2000, 3)]));
        Assert.Equal(2, svg.Descendants(Svg + "polyline").Count());
        Assert.Single(svg.Descendants(Svg + "polygon"));
        var texts = svg.Descendants(Svg + "text").Select(text => text.Value).ToList();
        Assert.Contains("a < b & \"c\"", texts);
        Assert.Contains("title <x>", texts);
        Assert.Contains("2000", texts);
    }

    [Fact]
    public void Everything_drawn_lies_within_the_drawing()
    {
        var svg = Draw(new ChartSeries("s", [new(0, -1e5, 2e4), new(5e5, 3e6, 1e6), new(1e6, 1e5)]));
        var points = svg.Descendants(Svg + "polyline").Concat(svg.Descendants(Svg + "polygon"))
            .SelectMany(line => line.Attribute("points")!.Value.Split(' ')).Select(pair => pair.Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray());
        Assert.All(points, point => Assert.True(point[0] is >= 0 and <= 760 && point[1] is >= 0 and <= 420));
    }

    [Fact]
    public void What_is_not_finite_breaks_the_line_and_nothing_else()
    {
        var svg = Draw(new ChartSeries("s", [new(0, 1), new(1, 2), new(2, double.NaN), new(3, 1), new(4, double.PositiveInfinity), new(5, 2, double.NaN)]));
        Assert.Equal(2, svg.Descendants(Svg + "polyline").Count());
        Assert.DoesNotContain("NaN", svg.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("∞", svg.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Little_or_no_data_still_draws(int count) =>
        Assert.NotEmpty(Draw(new ChartSeries("s", Enumerable.Range(0, count).Select(i => new ChartPoint(i, 7)).ToList())).Descendants(Svg + "text"));

    [Theory]
    [InlineData(0.9, 1)]
    [InlineData(1.5, 2)]
    [InlineData(2.1, 5)]
    [InlineData(7, 10)]
    [InlineData(230, 500)]
    [InlineData(0.0004, 0.0005)]
    public void Ticks_are_round(double least, double expected) => Assert.Equal(expected, Axis.RoundInterval(least), 1e-12);

    private static XDocument Draw(params ChartSeries[] series) => XDocument.Parse(
        new LineChart { Title = "title <x>", XLabel = "x", YLabel = "y & z", Series = series }.ToSvg());
}
