using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Ofql.Data;
using Ofql.Formats.Datasets;
using Ofql.Formats.Files;

namespace Ofql.Formats.Tables;

/// <summary>Datasets as CSV: one line of names, one line per row, numbers with a point. Read through a declared column map.</summary>
public static class CsvDataset
{
    private const char ByteOrderMark = '\uFEFF';
    private const int LargestField = 1 << 16;

    /// <summary>Of a dataset's metadata: how often the name of an episode came back after another one.</summary>
    public const string EpisodesReturning = "episodes_returning";

    /// <summary>Of a dataset's metadata: how many rows stand more than three usual steps after the one before them in the same episode.</summary>
    public const string TimeGaps = "time_gaps";

    /// <summary>Of a dataset's metadata: the time between two rows in the middle of all, in seconds for dates and else in the column's own unit.</summary>
    public const string TimeStep = "time_step";

    /// <summary>
    /// Writes a dataset, one line per transition: <c>observations_0</c> ..., <c>actions_0</c> ..., <c>reward</c>,
    /// <c>next_observations_0</c> ..., <c>terminated</c>, <c>truncated</c>. Numbers are written so that they come back bit for bit;
    /// metadata is not written.
    /// </summary>
    /// <exception cref="OfqlException">The file cannot be written.</exception>
    public static void Save(TransitionDataset data, string path)
    {
        ArgumentNullException.ThrowIfNull(data);
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
            writer.WriteLine(string.Join(',', Names("observations", data.StateSize)
                .Concat(Names("actions", data.ActionSize)).Append("reward").Concat(Names("next_observations", data.StateSize)).Append("terminated").Append("truncated")));
            for (var row = 0L; row < data.Count; row++)
            {
                Write(writer, data.Observations[row]);
                Write(writer, data.Actions[row]);
                Write(writer, data.Rewards[row]);
                Write(writer, data.NextObservations[row]);
                writer.Write(data.Terminated[row][0] != 0 ? "1," : "0,");
                writer.WriteLine(data.Truncated[row][0] != 0 ? '1' : '0');
            }
        });
    }

    /// <summary>Reads a dataset.</summary>
    /// <exception cref="OfqlException">A declared column is missing; a field is no number; no transition is left.</exception>
    public static TransitionDataset Read(string path, DatasetReaderOptions? options = null)
    {
        options ??= new DatasetReaderOptions();
        _ = InputFile.CheckedLength(path);
        try
        {
            using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return Read(reader, path, options);
        }
        catch (DecoderFallbackException cause)
        {
            throw new OfqlException($"'{path}' is not text in UTF-8 throughout. Save it again as CSV in UTF-8.", cause);
        }
        catch (CsvHelperException cause)
        {
            // What the parser says of it (it speaks to programmers) is kept as the cause.
            var line = cause.Context?.Parser is { } parser ? $", at or before line {(parser.RawRow + 1).ToString(CultureInfo.InvariantCulture)}" : "";
            throw new OfqlException(
                $"'{path}'{line}: a quotation mark stands within a field, is never closed, or a field has more than {LargestField} characters. Expected fields that are "
                + "quoted as a whole or not at all, with a quotation mark inside doubled. Correct the line, or save the file again as CSV.",
                cause);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("read", path, cause);
        }
    }

    private static TransitionDataset Read(StreamReader reader, string path, DatasetReaderOptions options)
    {
        var header = FirstLine(reader, path);
        var delimiter = Delimiter(path, header, options.Columns);
        using var parser = new CsvParser(reader, Configuration(delimiter));
        var names = Names(header, delimiter);
        var columns = CsvColumns.Of(path, names, options.Columns);
        using var rows = new CsvRows(path, columns);
        while (parser.Read())
            rows.Add(parser, parser.RawRow + 1);
        var place = rows.FirstNotFinite();
        var data = rows.ToTransitions(Facts(path, columns, rows, options));
        try
        {
            if (!options.AllowNonFinite)
                ColumnChecks.RequireFinite(data, path);
            return data;
        }
        catch (OfqlException cause) when (place is not null)
        {
            data.Dispose();
            throw new OfqlException(place, cause);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    // A line without end, as in a binary file, must not fill the memory.
    private static string FirstLine(StreamReader reader, string path)
    {
        const int LongestHeader = 1 << 20;
        var line = new StringBuilder();
        int next;
        for (next = reader.Read(); next >= 0 && next is not ('\n' or '\r'); next = reader.Read())
        {
            if (line.Length == LongestHeader)
                throw new OfqlException($"'{path}': the first line is longer than {LongestHeader} characters. Expected the names of the columns.");
            line.Append((char)next);
        }

        // Lines end with CR LF, LF, or CR alone.
        if (next == '\r' && reader.Peek() == '\n')
            reader.Read();
        return line.ToString().TrimStart(ByteOrderMark);
    }

    private static CsvConfiguration Configuration(char delimiter) => new(CultureInfo.InvariantCulture)
    {
        Delimiter = delimiter.ToString(),
        HasHeaderRecord = false,
        IgnoreBlankLines = true,
        MaxFieldSize = LargestField,
    };

    private static string[] Names(string header, char delimiter)
    {
        using var parser = new CsvParser(new StringReader(header), Configuration(delimiter));
        return parser.Read() ? parser.Record!.Select(name => name.Trim()).ToArray() : [];
    }

    // Names may hold commas: where a map says which to expect, the character that gives them is the one.
    private static char Delimiter(string path, string header, CsvColumnMap? map)
    {
        if (map?.Delimiter is { } declared)
        {
            return CsvColumnMap.Delimiters.Contains(declared)
                ? declared
                : throw new OfqlException($"'{path}': the column map's delimiter is '{declared}'. Expected a comma, a semicolon, a tab or a vertical bar.");
        }

        var byCount = CsvColumnMap.Delimiters.OrderByDescending(candidate => header.Count(character => character == candidate)).ToList();
        if (map is null)
            return byCount[0];
        var wanted = map.Observations.Concat(map.Actions).Append(map.Reward).Where(name => !name.EndsWith('*')).ToList();
        return byCount.Where(candidate => header.Contains(candidate, StringComparison.Ordinal)).Select(candidate => (char?)candidate)
            .FirstOrDefault(candidate => Gives(header, candidate!.Value, wanted)) ?? byCount[0];
    }

    private static bool Gives(string header, char delimiter, IEnumerable<string> wanted)
    {
        try
        {
            var names = Names(header, delimiter);
            return wanted.All(names.Contains);
        }
        catch (CsvHelperException)
        {
            // Quotation marks stand otherwise by this one.
            return false;
        }
    }

    private static Dictionary<string, string> Facts(string path, CsvColumns columns, CsvRows rows, DatasetReaderOptions options)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["name"] = options.Name ?? Path.GetFileNameWithoutExtension(path),
            ["source_file"] = Path.GetFileName(path),
            ["semantics"] = columns.HasSuccessors ? "csv: one line per transition" : "csv: one line per step, the successor is the next line of the episode",
            ["episode_ends"] = columns.DescribeEnds(),
            ["rows_in_file"] = rows.Count.ToString(CultureInfo.InvariantCulture),
            ["observation_parts"] = columns.DescribeObservations(),
            ["action_parts"] = columns.DescribeActions(),
            [EpisodesReturning] = rows.Returning.ToString(CultureInfo.InvariantCulture),
        };
        if (columns.Time is { } time)
            facts["time"] = columns.NameOf(time);
        if (columns.MaximumGap is not null)
            facts["episodes_ended_by_gaps"] = rows.Times!.Ended.ToString(CultureInfo.InvariantCulture);
        if (rows.Times?.Summarize() is not { } steps)
            return facts;
        facts[TimeStep] = steps.Usual.ToString("G6", CultureInfo.InvariantCulture);
        // Whoever said where an episode ends has decided; and where every row has its own successor none is taken for another's.
        if (columns.MaximumGap is null && !columns.HasSuccessors)
            facts[TimeGaps] = steps.Gaps.ToString(CultureInfo.InvariantCulture);
        return facts;
    }

    private static IEnumerable<string> Names(string prefix, int count)
        => Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{prefix}_{i}"));

    private static void Write(StreamWriter writer, ReadOnlySpan<float> values)
    {
        Span<char> text = stackalloc char[32];
        foreach (var value in values)
        {
            value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
            text[length++] = ',';
            writer.Write(text[..length]);
        }
    }
}
