using System.Globalization;
using CsvHelper;
using Ofql.Data;
using Ofql.Formats.Datasets;

namespace Ofql.Formats.Tables;

/// <summary>The rows of a CSV file, gathered one by one and turned into transitions.</summary>
internal sealed class CsvRows(string path, CsvColumns columns) : IDisposable
{
    private const int MostNotFinite = 10_000;
    private const int LongestShown = 40;

    private readonly GrowingColumn<float> _observations = new(path, columns.Observations.Length);
    private readonly GrowingColumn<float> _actions = new(path, columns.Actions.Length);
    private readonly GrowingColumn<float> _rewards = new(path, 1);
    private readonly GrowingColumn<float> _next = new(path, Math.Max(1, columns.NextObservations.Length));
    private readonly GrowingColumn<byte> _terminated = new(path, 1);
    private readonly GrowingColumn<byte> _ends = new(path, 1);
    private readonly List<NotFinite> _notFinite = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly CsvTimes? _times = columns.Time is { } time ? new CsvTimes(path, columns.NameOf(time), columns.MaximumGap) : null;
    private string? _episode;

    /// <summary>Number of rows so far.</summary>
    public long Count => _rewards.Rows;

    /// <summary>How often the name of an episode comes back after another: rows of several recordings stand among each other.</summary>
    public long Returning { get; private set; }

    /// <summary>What the times of the rows say; null where there are none.</summary>
    public CsvTimes? Times => _times;

    /// <summary>Takes the fields of one line.</summary>
    /// <exception cref="OfqlException">Another number of fields than the header has, or one that is no number.</exception>
    public void Add(IParser line, int number)
    {
        if (line.Count != columns.Count)
        {
            throw new OfqlException(
                $"'{path}', line {number}: expected {columns.Count} fields as in the first line, found {line.Count}. Correct the line, check the delimiter, or look for a quotation mark "
                + "before it that is never closed.");
        }

        Numbers(line, number, columns.Observations, _observations.Add());
        Numbers(line, number, columns.Actions, _actions.Add());
        _rewards.Add()[0] = Number(line, number, columns.Reward);
        if (columns.HasSuccessors)
            Numbers(line, number, columns.NextObservations, _next.Add());
        var terminated = columns.Terminated is { } flag && Flag(line, number, flag);
        _terminated.Add()[0] = terminated ? (byte)1 : (byte)0;
        var cut = columns.Truncated is { } mark && Flag(line, number, mark);
        MarkNewEpisode(line, number);
        // With successors this marks what was cut; without, what is the last row of its recording.
        _ends.Add()[0] = cut || (terminated && !columns.HasSuccessors) ? (byte)1 : (byte)0;
    }

    /// <summary>
    /// Where the first field without a finite number stands that becomes part of a transition, with what to do; null for none. A row that
    /// is only the successor of the one before it counts with its state alone.
    /// </summary>
    public string? FirstNotFinite()
    {
        foreach (var (row, line, column, text) in _notFinite)
        {
            var isOnlySuccessor = !columns.HasSuccessors && _terminated[row][0] == 0 && (_ends[row][0] != 0 || row + 1 == Count);
            if (!isOnlySuccessor || columns.Observations.Contains(column))
                return Fault(line, column, text, IsTooLarge(text) ? "a number that single precision can hold, below 3.4e38 in size" : "a finite number such as -0.5") + " A row that lacks a value can be left out, if the row before it is marked as truncated or another episode begins after it: what follows is not its successor.";
        }

        return null;
    }

    /// <summary>The transitions; the rows are used up.</summary>
    /// <exception cref="OfqlException">None is left.</exception>
    public TransitionDataset ToTransitions(IReadOnlyDictionary<string, string> facts)
    {
        if (Count == 0)
            throw new OfqlException($"'{path}' has a line of names, but no rows.");
        if (columns.HasSuccessors)
        {
            return new TransitionDataset(
                _observations.Take(), _actions.Take(), _rewards.Take(), _next.Take(), _terminated.Take(), _ends.Take(), facts);
        }

        using var rows = new RecordedRows(_observations.Take(), _actions.Take(), _rewards.Take(), _terminated.Take(), _ends.Take());
        return rows.ToTransitions(path, facts);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _observations.Dispose();
        _actions.Dispose();
        _rewards.Dispose();
        _next.Dispose();
        _terminated.Dispose();
        _ends.Dispose();
        _times?.Dispose();
    }

    // Where the name of the episode changes, or rows are missing between, the row before was the last: nothing is known of what came after it.
    private void MarkNewEpisode(IParser line, int number)
    {
        var before = _ends.Rows - 1;
        var isNew = IsOtherEpisode(line);
        var follows = before >= 0 && !isNew && _ends[before][0] == 0 && _terminated[before][0] == 0;
        if (_times?.IsAfterGap(line[columns.Time!.Value], number, follows) ?? false)
            isNew = true;
        if (isNew && (!columns.HasSuccessors || _terminated[before][0] == 0))
            _ends[before][0] = 1;
    }

    private bool IsOtherEpisode(IParser line)
    {
        if (columns.Episode is not { } column)
            return false;
        var (before, episode) = (_episode, line[column].Trim());
        _episode = episode;
        if (episode == before)
            return false;
        if (!_seen.Add(episode))
            Returning++;
        return before is not null;
    }

    private void Numbers(IParser line, int number, int[] from, Span<float> values)
    {
        for (var i = 0; i < from.Length; i++)
            values[i] = Number(line, number, from[i]);
    }

    private float Number(IParser line, int number, int column)
    {
        var text = line[column].AsSpan().Trim();
        var value = Number(text, number, column);
        if (!float.IsFinite(value) && _notFinite.Count < MostNotFinite)
            _notFinite.Add(new NotFinite(_observations.Rows - 1, number, column, Shown(text)));
        return value;
    }

    private float Number(ReadOnlySpan<char> text, int number, int column)
    {
        if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            return value;
        if (text.IsEmpty || text.Equals("na", StringComparison.OrdinalIgnoreCase) || text.Equals("null", StringComparison.OrdinalIgnoreCase) || text.Equals("none", StringComparison.OrdinalIgnoreCase))
            return float.NaN;
        if (bool.TryParse(text, out var flag))
            return flag ? 1 : 0;
        throw Wrong(number, column, text, "a number such as -0.5");
    }

    private bool Flag(IParser line, int number, int column)
    {
        var text = line[column].AsSpan().Trim();
        if (bool.TryParse(text, out var flag))
            return flag;
        return float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is 0 or 1
            ? value == 1
            : throw Wrong(number, column, text, "0, 1, true or false");
    }

    private static bool IsTooLarge(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value);

    private OfqlException Wrong(int number, int column, ReadOnlySpan<char> text, string expected)
        => new(Fault(number, column, Shown(text), expected));

    private string Fault(int number, int column, string text, string expected)
        => $"'{path}', line {number}, column '{columns.NameOf(column)}': expected {expected}, found \"{text}\". Correct the field, or leave the column out of the map.";

    private static string Shown(ReadOnlySpan<char> text) => text[..Math.Min(text.Length, LongestShown)].ToString();

    private readonly record struct NotFinite(long Row, int Line, int Column, string Text);
}
