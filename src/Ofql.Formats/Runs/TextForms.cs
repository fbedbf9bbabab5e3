using System.Globalization;
using System.Text.Json;

namespace Ofql.Formats.Runs;

/// <summary>Fields of a CSV file.</summary>
internal static class Csv
{
    public static string Field(string text) =>
        text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>The shortest text that reads back as the same number.</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>As <see cref="Number(double)"/>, for the digits a float has.</summary>
    public static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>Values of a JSON line.</summary>
internal static class Json
{
    public static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    /// <summary>A number; null for NaN and infinity, which JSON does not have.</summary>
    public static string Number(double value) => double.IsFinite(value) ? Csv.Number(value) : "null";

    /// <inheritdoc cref="Number(double)"/>
    public static string Number(float value) => float.IsFinite(value) ? Csv.Number(value) : "null";
}
