using System.Globalization;
using System.Security;

namespace Ofql.Formats.Svg;

/// <summary>Texts and numbers as SVG writes them.</summary>
internal static class SvgText
{
    /// <summary>A text between tags.</summary>
    public static string Escape(string text) => SecurityElement.Escape(text);

    /// <summary>A place, to a hundredth of a pixel.</summary>
    public static string At(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
