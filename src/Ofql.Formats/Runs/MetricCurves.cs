using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Ofql.Formats.Files;
using Ofql.Formats.Svg;

namespace Ofql.Formats.Runs;

/// <summary>A metric over a training.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Points">Means over windows of updates, neighbouring ones averaged where there are many.</param>
/// <param name="First">The first window's mean.</param>
/// <param name="Last">The last window's.</param>
public sealed record MetricCurve(string Name, IReadOnlyList<ChartPoint> Points, double First, double Last);

/// <summary>What <c>metrics.csv</c> says of a training as a whole: each metric as a curve, and where it began and ended.</summary>
public static class MetricCurves
{
    // More points than the panel has pixels show nothing more.
    private const int PointsAtMost = 200;
    private const string LastEnding = ":last";

    /// <summary>One curve per metric, of the means over each window of updates, in the order of the file; neighbouring windows are averaged where there are many.</summary>
    /// <returns>No curves where the run wrote no window.</returns>
    /// <exception cref="OfqlException">The file cannot be read, or is not what a run writes.</exception>
    public static IReadOnlyList<MetricCurve> Of(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = folder.In("metrics.csv");
        if (!File.Exists(path))
            return [];
        try
        {
            // The run may still hold it.
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            using var parser = new CsvParser(reader, new CsvConfiguration(CultureInfo.InvariantCulture));
            return Read(parser, path);
        }
        catch (CsvHelperException cause)
        {
            throw new OfqlException($"'{path}' is no sound CSV{(cause.Context?.Parser is { } at ? $", at or before line {at.RawRow + 1}" : "")}: a quotation mark stands within a field, or is never closed. Move it away to go on without it.", cause);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("read", path, cause);
        }
    }

    private static List<MetricCurve> Read(CsvParser parser, string path)
    {
        var names = parser.Read() ? parser.Record! : [];
        var columns = Enumerable.Range(0, names.Length).Where(i => i > 0 && !names[i].EndsWith(LastEnding, StringComparison.Ordinal)).ToList();
        var rows = new List<double[]>();
        while (parser.Read())
        {
            if (parser.Count != names.Length)
                break;
            rows.Add([.. columns.Prepend(0).Select(column => Number(parser[column], path, parser.RawRow))]);
        }

        return rows.Count == 0 ? [] : columns.Select((column, i) => new MetricCurve(names[column], Thinned(rows, i + 1), rows[0][i + 1], rows[^1][i + 1])).ToList();
    }

    private static double Number(string text, string path, int line) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        ? value
        : throw new OfqlException($"'{path}', line {line}: expected a number, found \"{text[..Math.Min(text.Length, 40)]}\". Move the file away to go on without it.");

    private static List<ChartPoint> Thinned(List<double[]> rows, int column)
    {
        var group = (rows.Count + PointsAtMost - 1) / PointsAtMost;
        return rows.Chunk(group).Select(windows => new ChartPoint(windows[^1][0], windows.Average(window => window[column]))).ToList();
    }
}
