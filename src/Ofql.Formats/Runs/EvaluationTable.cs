using System.Globalization;
using System.Text;
using System.Text.Json;
using Ofql.Formats.Files;
using Ofql.Training;

namespace Ofql.Formats.Runs;

/// <summary>One evaluation: the step and its numbers. Step 0 is an agent that had learned before the run.</summary>
public sealed record EvaluationRow(long Step, IReadOnlyList<NamedValue> Values)
{
    /// <summary>The number of this name; null when the evaluation did not have it.</summary>
    public double? Find(string name)
    {
        foreach (var value in Values)
        {
            if (value.Name == name)
                return value.Value;
        }

        return null;
    }
}

/// <summary>
/// The evaluations of a run as <c>evaluations.csv</c> and <c>evaluations.json</c>. They are few and written whole each time, so
/// that evaluation settings may change on resuming: the columns are those of all rows together.
/// </summary>
public sealed class EvaluationTable
{
    private readonly string _csv;
    private readonly string _json;
    private readonly List<EvaluationRow> _rows = [];

    /// <summary>Reads the table of a run as it is.</summary>
    public EvaluationTable(RunFolder folder)
        : this(folder, long.MaxValue)
    {
    }

    internal EvaluationTable(RunFolder folder, long? lastStep)
    {
        _csv = folder.In("evaluations.csv");
        _json = folder.In("evaluations.json");
        if (lastStep is not null && File.Exists(_json))
            _rows.AddRange(Read(_json).Where(row => row.Step <= lastStep));
    }

    /// <summary>The evaluations in the order of their steps.</summary>
    public IReadOnlyList<EvaluationRow> Rows => _rows;

    /// <summary>Adds an evaluation and writes the files.</summary>
    internal void Add(long step, IReadOnlyList<NamedValue> values)
    {
        _rows.RemoveAll(row => row.Step >= step);
        _rows.Add(new EvaluationRow(step, values));
        var names = _rows.SelectMany(row => row.Values).Select(value => value.Name).Distinct().ToList();
        var csv = new StringBuilder(string.Join(',', names.Select(Csv.Field).Prepend("step"))).Append('\n');
        var json = new StringBuilder("[\n");
        foreach (var row in _rows)
        {
            var cells = names.Select(name => row.Find(name) is { } number ? Csv.Number(number) : "");
            csv.AppendJoin(',', cells.Prepend(row.Step.ToString(CultureInfo.InvariantCulture))).Append('\n');
            var fields = row.Values.Select(value => $", {Json.Text(value.Name)}: {Json.Number(value.Value)}");
            json.Append(CultureInfo.InvariantCulture, $"  {{\"step\": {row.Step}{string.Concat(fields)}}}");
            json.Append(row == _rows[^1] ? "\n" : ",\n");
        }

        AtomicFile.WriteText(_csv, csv.ToString());
        AtomicFile.WriteText(_json, json.Append("]\n").ToString());
    }

    private static List<EvaluationRow> Read(string path)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException cause)
        {
            throw new OfqlException($"'{path}' is not sound JSON: {cause.Message} Move it away to go on without it.", cause);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("read", path, cause);
        }

        using (document)
        {
            try
            {
                return document.RootElement.EnumerateArray().Select(Row).ToList();
            }
            catch (Exception cause) when (cause is InvalidOperationException or KeyNotFoundException or FormatException)
            {
                throw new OfqlException($"'{path}' is not a table of evaluations; expected a list of objects such as {{\"step\": 1000, \"sample/return\": 1.5}}. Move it away to go on without it.", cause);
            }
        }
    }

    private static EvaluationRow Row(JsonElement element)
    {
        var values = element.EnumerateObject().Where(field => field.Name != "step").Select(field => new NamedValue(
            field.Name, field.Value.ValueKind == JsonValueKind.Number ? field.Value.GetDouble() : double.NaN));
        return new EvaluationRow(element.GetProperty("step").GetInt64(), values.ToList());
    }
}
