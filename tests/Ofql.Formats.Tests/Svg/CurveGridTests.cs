using System.Xml.Linq;
using Ofql.Formats.Svg;
using Xunit;

namespace Ofql.Formats.Tests.Svg;

public class CurveGridTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Draws_one_curve_per_panel_with_its_name()
    {
        var svg = Draw([("critic/loss", [1, 2, 3]), ("a < b", [0, -1, 0]), ("c", [5, 5, 5]), ("d", [])]);
        Assert.Equal(4, svg.Descendants(Svg + "path").Count());
        var texts = svg.Descendants(Svg + "text").Select(text => text.Value).ToList();
        Assert.Superset(new HashSet<string> { "run & more", "over gradient updates", "critic/loss", "a < b", "c", "d" }, texts.ToHashSet());
        Assert.Equal([3, 3, 3, 0], svg.Descendants(Svg + "path").Select(Corners));
    }

    [Fact]
    public void A_curve_over_more_than_two_decades_is_logarithmic_and_one_that_touches_zero_is_not()
    {
        var svg = Draw([("loss", [1000, 10, 0.5]), ("flow", [1000, 10, 0])]);
        var texts = svg.Descendants(Svg + "text").Select(text => text.Value).ToList();
        Assert.Contains("loss (logarithmic)", texts);
        Assert.Contains("flow", texts);
        // From 1,000 to 10 is as far as from 10 to 0.1.
        var heights = Places(svg.Descendants(Svg + "path").First()).Select(place => place.Y).ToList();
        Assert.InRange((heights[1] - heights[0]) / (heights[2] - heights[1]), 2 / 1.31, 2 / 1.29);
    }

    [Fact]
    public void What_is_no_number_breaks_the_curve()
    {
        var path = Draw([("loss", [1, double.NaN, 2, 3, double.PositiveInfinity, 4])]).Descendants(Svg + "path").Single().Attribute("d")!.Value;
        Assert.Equal(3, path.Count(character => character == 'M'));
        Assert.Equal(1, path.Count(character => character == 'L'));
        Assert.DoesNotContain("NaN", path, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_panel_lies_within_the_figure()
    {
        var svg = Draw([.. Enumerable.Range(0, 7).Select(i => ($"m{i}", new double[] { i, -i, 2 * i }))]);
        var (width, height) = ((double)svg.Root!.Attribute("width")!, (double)svg.Root.Attribute("height")!);
        Assert.All(svg.Descendants(Svg + "path").SelectMany(Places), place =>
        {
            Assert.InRange(place.X, 0, width);
            Assert.InRange(place.Y, 0, height);
        });
    }

    private static int Corners(XElement path) => Places(path).Count;

    private static List<(double X, double Y)> Places(XElement path) => path.Attribute("d")!.Value.Split('M', 'L').Where(place => place.Length > 0)
        .Select(place => place.Replace("h0", "", StringComparison.Ordinal).Split(' ')).Select(place => (double.Parse(place[0]), double.Parse(place[1]))).ToList();

    private static XDocument Draw((string Name, double[] Values)[] panels) => XDocument.Parse(new CurveGrid
    {
        Title = "run & more",
        XLabel = "gradient updates",
        Panels = [.. panels.Select(panel => new CurvePanel(panel.Name, [.. panel.Values.Select((value, i) => new ChartPoint(500 * (i + 1), value))]))],
    }.ToSvg());
}
