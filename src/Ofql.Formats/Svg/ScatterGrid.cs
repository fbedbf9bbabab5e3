using System.Globalization;
using System.Text;
using static Ofql.Formats.Svg.SvgText;

namespace Ofql.Formats.Svg;

/// <summary>One panel of a <see cref="ScatterGrid"/>.</summary>
/// <param name="Points">Row-major [N, 2]; points outside the window and points that are no numbers are left out.</param>
/// <param name="Caption">A line below the panel.</param>
public sealed record ScatterPanel(IReadOnlyList<float> Points, string Caption = "");

/// <summary>Small scatter plots of one window of the plane in rows and columns, as one self-contained SVG.</summary>
public sealed record ScatterGrid
{
    private const double Side = 108;
    private const double Gap = 10;
    private const double CaptionHeight = 16;
    private const double Left = 112;
    private const double Top = 76;

    /// <summary>What is shown.</summary>
    public required string Title { get; init; }

    /// <summary>Names of the columns; a line break is written as <c>\n</c>.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The rows: a name and one panel per column, null for an empty place.</summary>
    public required IReadOnlyList<(string Name, IReadOnlyList<ScatterPanel?> Panels)> Rows { get; init; }

    /// <summary>The window is [-Reach, Reach] in both directions.</summary>
    public double Reach { get; init; } = 1;

    /// <summary>At most so many points of each panel are drawn, the first ones.</summary>
    public int PointsPerPanel { get; init; } = 600;

    /// <summary>The figure as SVG text.</summary>
    public string ToSvg()
    {
        var width = Left + (Columns.Count * (Side + Gap)) + Gap;
        var height = Top + (Rows.Count * (Side + CaptionHeight + Gap)) + Gap;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {At(width)} {At(height)}" width="{At(width)}" height="{At(height)}" font-family="system-ui, sans-serif" font-size="12">
            <rect width="{At(width)}" height="{At(height)}" fill="#ffffff"/>
            <text x="{At(Gap)}" y="24" font-size="16" font-weight="600" fill="#222222">{Escape(Title)}</text>

            """);
        for (var column = 0; column < Columns.Count; column++)
            DrawLines(svg, Columns[column].Split('\n'), X(column) + (Side / 2), Top - 8);
        for (var row = 0; row < Rows.Count; row++)
        {
            var y = Top + (row * (Side + CaptionHeight + Gap));
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{At(Left - 8)}" y="{At(y + (Side / 2))}" dy="0.35em" text-anchor="end" font-weight="600" fill="#333333">{Escape(Rows[row].Name)}</text>""").Append('\n');
            for (var column = 0; column < Math.Min(Columns.Count, Rows[row].Panels.Count); column++)
            {
                if (Rows[row].Panels[column] is { } panel)
                    DrawPanel(svg, panel, X(column), y);
            }
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static double X(int column) => Left + (column * (Side + Gap));

    private static void DrawLines(StringBuilder svg, string[] lines, double x, double bottom)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            var y = bottom - ((lines.Length - 1 - i) * 14);
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{At(x)}" y="{At(y)}" text-anchor="middle" fill="#333333">{Escape(lines[i])}</text>""").Append('\n');
        }
    }

    private void DrawPanel(StringBuilder svg, ScatterPanel panel, double x, double y)
    {
        svg.Append(CultureInfo.InvariantCulture, $"""<rect x="{At(x)}" y="{At(y)}" width="{At(Side)}" height="{At(Side)}" fill="none" stroke="#cccccc"/>""").Append('\n');
        svg.Append("<path d=\"");
        for (var i = 0; i + 1 < Math.Min(panel.Points.Count, 2 * PointsPerPanel); i += 2)
        {
            var (px, py) = (panel.Points[i], panel.Points[i + 1]);
            // Written so that NaN fails it.
            if (!(Math.Abs(px) <= Reach && Math.Abs(py) <= Reach))
                continue;
            svg.Append('M').Append(Place(x, px)).Append(' ').Append(Place(y, -py)).Append("h0");
        }

        // A line of no length with round ends is a dot.
        svg.Append("\" fill=\"none\" stroke=\"#0072B2\" stroke-width=\"1.6\" stroke-linecap=\"round\" stroke-opacity=\"0.7\"/>\n");
        if (panel.Caption.Length > 0)
            DrawLines(svg, [panel.Caption], x + (Side / 2), y + Side + CaptionHeight - 3);
    }

    private string Place(double begin, double value) =>
        (begin + ((value + Reach) / (2 * Reach) * Side)).ToString("0.#", CultureInfo.InvariantCulture);
}
