using System.Globalization;
using System.Text;
using static Ofql.Formats.Svg.SvgText;

namespace Ofql.Formats.Svg;

/// <summary>One panel of a <see cref="CurveGrid"/>.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Points">The curve; points that are not finite break it.</param>
public sealed record CurvePanel(string Name, IReadOnlyList<ChartPoint> Points);

/// <summary>
/// Small curves over one horizontal axis, as one self-contained SVG, each with a vertical axis of its own: logarithmic where all values are positive and the largest is more than
/// a hundred times the smallest, so that what a training begins with does not press everything after it to the ground.
/// </summary>
public sealed record CurveGrid
{
    private const double LogarithmicFrom = 100;
    private const double PlotWidth = 236;
    private const double PlotHeight = 120;
    private const double Left = 58;
    private const double Top = 56;
    private const double RightGap = 24;
    private const double BottomGap = 44;
    private const int AcrossAtMost = 3;

    /// <summary>What is shown.</summary>
    public required string Title { get; init; }

    /// <summary>Name of the horizontal axis.</summary>
    public required string XLabel { get; init; }

    /// <summary>The curves, row by row.</summary>
    public required IReadOnlyList<CurvePanel> Panels { get; init; }

    /// <summary>The figure as SVG text.</summary>
    public string ToSvg()
    {
        var across = Math.Clamp(Panels.Count, 1, AcrossAtMost);
        var width = across * (Left + PlotWidth + RightGap);
        var height = Top + ((Panels.Count + across - 1) / across * (PlotHeight + BottomGap)) + 12;
        var steps = Panels.SelectMany(panel => panel.Points).Where(point => double.IsFinite(point.X)).Select(point => point.X).Append(0).ToList();
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {At(width)} {At(height)}" width="{At(width)}" height="{At(height)}" font-family="system-ui, sans-serif" font-size="11">
            <rect width="{At(width)}" height="{At(height)}" fill="#ffffff"/>
            <text x="14" y="22" font-size="15" font-weight="600" fill="#222222">{Escape(Title)}</text>
            <text x="{At(width - RightGap)}" y="22" text-anchor="end" fill="#777777">over {Escape(XLabel)}</text>

            """);
        for (var i = 0; i < Panels.Count; i++)
        {
            var x = (i % across * (Left + PlotWidth + RightGap)) + Left;
            Draw(svg, Panels[i], new Axis(steps, x, x + PlotWidth), Top + (i / across * (PlotHeight + BottomGap)));
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static bool IsFinite(ChartPoint point) => double.IsFinite(point.X) && double.IsFinite(point.Y);

    private static void Draw(StringBuilder svg, CurvePanel panel, Axis horizontal, double top)
    {
        var values = panel.Points.Where(IsFinite).Select(point => point.Y).ToList();
        var isLogarithmic = values.Count > 0 && values.Min() > 0 && values.Max() > LogarithmicFrom * values.Min();
        double Scaled(double value) => isLogarithmic ? Math.Log10(value) : value;
        var vertical = new Axis(values.Select(Scaled).DefaultIfEmpty(0), top + PlotHeight, top);
        svg.Append(CultureInfo.InvariantCulture, $"""<text x="{At(horizontal.Begin)}" y="{At(top - 8)}" font-weight="600" fill="#333333">{Escape(panel.Name)}{(isLogarithmic ? " (logarithmic)" : "")}</text>""").Append('\n');
        foreach (var tick in vertical.Ticks)
        {
            var y = At(vertical.Place(tick));
            var text = isLogarithmic ? Math.Pow(10, tick).ToString("G2", CultureInfo.InvariantCulture) : vertical.Text(tick);
            svg.Append(CultureInfo.InvariantCulture, $"""<line x1="{At(horizontal.Begin)}" y1="{y}" x2="{At(horizontal.End)}" y2="{y}" stroke="#e6e6e6"/><text x="{At(horizontal.Begin - 6)}" y="{y}" dy="0.35em" text-anchor="end" fill="#555555">{text}</text>""").Append('\n');
        }

        foreach (var tick in horizontal.Ticks)
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{At(horizontal.Place(tick))}" y="{At(top + PlotHeight + 16)}" text-anchor="middle" fill="#555555">{horizontal.Text(tick)}</text>""").Append('\n');
        // A line of no length with round ends is a dot: a point without a neighbour is seen, too.
        svg.Append("<path d=\"");
        var isPenDown = false;
        foreach (var point in panel.Points)
        {
            if (IsFinite(point))
                svg.Append(isPenDown ? 'L' : 'M').Append(At(horizontal.Place(point.X))).Append(' ').Append(At(vertical.Place(Scaled(point.Y)))).Append(isPenDown ? "" : "h0");
            isPenDown = IsFinite(point);
        }

        svg.Append("\" fill=\"none\" stroke=\"#0072B2\" stroke-width=\"1.5\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n");
    }
}
