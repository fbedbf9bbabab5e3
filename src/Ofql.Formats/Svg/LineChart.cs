using System.Globalization;
using System.Text;
using static Ofql.Formats.Svg.SvgText;

namespace Ofql.Formats.Svg;

/// <summary>One point of a series; <paramref name="Error"/> is half the height of its band.</summary>
public readonly record struct ChartPoint(double X, double Y, double Error = 0);

/// <summary>A labelled line.</summary>
public sealed record ChartSeries(string Label, IReadOnlyList<ChartPoint> Points);

/// <summary>
/// A line chart as one self-contained SVG: axes with round ticks, one line per series with its band of standard error, labels
/// beside the plot. Points that are not finite break the line.
/// </summary>
public sealed record LineChart
{
    private const double Width = 760;
    private const double Height = 420;
    private const double Left = 76;
    private const double Top = 48;
    private const double Bottom = 62;
    private const double LabelWidth = 150;

    // Okabe and Ito's palette: told apart by colour-blind readers too.
    private static readonly string[] Colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];

    /// <summary>What is shown.</summary>
    public required string Title { get; init; }

    /// <summary>Name of the horizontal axis.</summary>
    public required string XLabel { get; init; }

    /// <summary>Name of the vertical axis.</summary>
    public required string YLabel { get; init; }

    /// <summary>The lines.</summary>
    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <summary>The chart as SVG text.</summary>
    public string ToSvg()
    {
        var points = Series.SelectMany(series => series.Points).Where(IsFinite).ToList();
        var horizontal = new Axis(
            points.Select(point => point.X).DefaultIfEmpty(0).Append(0), Left, Width - LabelWidth - 16);
        var vertical = new Axis(
            points.SelectMany(point => (double[])[point.Y - point.Error, point.Y + point.Error]).DefaultIfEmpty(0), Height - Bottom, Top);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" width="{Width}" height="{Height}" font-family="system-ui, sans-serif" font-size="13">
            <rect width="{Width}" height="{Height}" fill="#ffffff"/>
            <text x="{Left}" y="28" font-size="16" font-weight="600" fill="#222222">{Escape(Title)}</text>

            """);
        if (points.Any(point => point.Error > 0))
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Width - LabelWidth - 16}" y="28" text-anchor="end" font-size="12" fill="#777777">band: ± standard error</text>""").Append('\n');
        DrawAxes(svg, horizontal, vertical);
        for (var i = 0; i < Series.Count; i++)
            DrawSeries(svg, Series[i], Colours[i % Colours.Length], horizontal, vertical);
        DrawLabels(svg, horizontal, vertical);
        return svg.Append("</svg>\n").ToString();
    }

    private static bool IsFinite(ChartPoint point) =>
        double.IsFinite(point.X) && double.IsFinite(point.Y) && double.IsFinite(point.Error);

    private void DrawAxes(StringBuilder svg, Axis horizontal, Axis vertical)
    {
        var (left, right, top, bottom) = (At(horizontal.Begin), At(horizontal.End), At(vertical.End), At(vertical.Begin));
        foreach (var tick in vertical.Ticks)
        {
            var y = At(vertical.Place(tick));
            svg.Append(CultureInfo.InvariantCulture, $"""<line x1="{left}" y1="{y}" x2="{right}" y2="{y}" stroke="#e6e6e6"/>""").Append('\n');
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Left - 8}" y="{y}" dy="0.35em" text-anchor="end" fill="#555555">{vertical.Text(tick)}</text>""").Append('\n');
        }

        foreach (var tick in horizontal.Ticks)
        {
            var x = At(horizontal.Place(tick));
            svg.Append(CultureInfo.InvariantCulture, $"""<line x1="{x}" y1="{bottom}" x2="{x}" y2="{Height - Bottom + 5}" stroke="#555555"/>""").Append('\n');
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{x}" y="{Height - Bottom + 20}" text-anchor="middle" fill="#555555">{horizontal.Text(tick)}</text>""").Append('\n');
        }

        var middle = At((horizontal.Begin + horizontal.End) / 2);
        var centre = At((vertical.Begin + vertical.End) / 2);
        svg.Append(CultureInfo.InvariantCulture, $"""
            <path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#555555"/>
            <text x="{middle}" y="{Height - 14}" text-anchor="middle" fill="#333333">{Escape(XLabel)}</text>
            <text transform="translate(20 {centre}) rotate(-90)" text-anchor="middle" fill="#333333">{Escape(YLabel)}</text>

            """);
    }

    private static void DrawSeries(StringBuilder svg, ChartSeries series, string colour, Axis horizontal, Axis vertical)
    {
        foreach (var run in FiniteRuns(series.Points))
        {
            string Corner(ChartPoint point, double shift) => $"{At(horizontal.Place(point.X))},{At(vertical.Place(point.Y + shift))}";
            if (run.Any(point => point.Error > 0))
            {
                var upper = run.Select(point => Corner(point, point.Error));
                var lower = run.AsEnumerable().Reverse().Select(point => Corner(point, -point.Error));
                svg.Append(CultureInfo.InvariantCulture, $"""<polygon points="{string.Join(' ', upper.Concat(lower))}" fill="{colour}" fill-opacity="0.15"/>""").Append('\n');
            }

            var line = run.Select(point => Corner(point, 0));
            svg.Append(CultureInfo.InvariantCulture, $"""<polyline points="{string.Join(' ', line)}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>""").Append('\n');
            foreach (var point in run.Count <= 40 ? run : [])
                svg.Append(CultureInfo.InvariantCulture, $"""<circle cx="{At(horizontal.Place(point.X))}" cy="{At(vertical.Place(point.Y))}" r="2.6" fill="{colour}"/>""").Append('\n');
        }
    }

    // Labels stand where the lines end, moved apart until none hides another.
    private void DrawLabels(StringBuilder svg, Axis horizontal, Axis vertical)
    {
        const double Distance = 18;
        var labels = Series.Select((series, index) => (series.Label, Colour: Colours[index % Colours.Length], Y: series.Points
            .Where(IsFinite).Select(point => vertical.Place(point.Y)).DefaultIfEmpty(vertical.Begin).Last())).OrderBy(label => label.Y).ToList();
        var lowest = vertical.End;
        for (var i = 0; i < labels.Count; i++)
        {
            var room = vertical.Begin - ((labels.Count - 1 - i) * Distance);
            var y = Math.Min(Math.Max(labels[i].Y, lowest), room);
            lowest = y + Distance;
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{At(horizontal.End + 12)}" y="{At(y)}" dy="0.35em" fill="{labels[i].Colour}" font-weight="600">{Escape(labels[i].Label)}</text>""").Append('\n');
        }
    }

    private static IEnumerable<List<ChartPoint>> FiniteRuns(IReadOnlyList<ChartPoint> points)
    {
        var run = new List<ChartPoint>();
        foreach (var point in points)
        {
            if (IsFinite(point))
            {
                run.Add(point);
                continue;
            }

            if (run.Count > 0)
                yield return run;
            run = [];
        }

        if (run.Count > 0)
            yield return run;
    }
}
