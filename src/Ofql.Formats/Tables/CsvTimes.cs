using System.Globalization;
using Ofql.Formats.Datasets;

namespace Ofql.Formats.Tables;

/// <summary>The times of a table's rows: whether rows follow each other, and where so much time lies between two that others are missing.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="column">Name of the column.</param>
/// <param name="maximumGap">More than so much time ends an episode (seconds between dates, else the column's own unit); null: nothing does.</param>
internal sealed class CsvTimes(string path, string column, double? maximumGap) : IDisposable
{
    /// <summary>More than so many usual steps between two rows count as a gap.</summary>
    public const double StepsInGap = 3;

    private const int LongestShown = 40;
    private const long SortedAtMost = 1_000_000;

    // A regular clock's steps differ by the rounding of its times: of single precision here, and of times far from 0.
    private const double Tolerance = 1e-3;

    private readonly GrowingColumn<float> _steps = new(path, 1);
    private double _last;
    private bool? _areDates;

    /// <summary>How many episodes a gap has ended.</summary>
    public long Ended { get; private set; }

    /// <summary>Takes the time of the next row; whether it stands so much later than the row before that its episode ends there.</summary>
    /// <param name="text">The field.</param>
    /// <param name="line">Its line.</param>
    /// <param name="follows">Whether the row belongs to the episode of the one before it.</param>
    /// <exception cref="OfqlException">It is no time, or earlier than the one it follows.</exception>
    public bool IsAfterGap(string text, int line, bool follows)
    {
        var (last, now) = (_last, Time(text.Trim(), line));
        _last = now;
        if (!follows)
            return false;
        if (now < last)
        {
            throw new OfqlException(
                $"'{path}', line {line}, column '{column}': the time goes back, to \"{Shown(text)}\". Rows of an episode have to follow each other in time: sort the file by episode "
                + "and time. If another recording begins here, name the column of its episode in the map, or mark the row before as truncated.");
        }

        var step = now - last;
        if (maximumGap is { } gap && step - gap > Rounding(gap, now))
        {
            Ended++;
            return true;
        }

        _steps.Add()[0] = (float)step;
        return false;
    }

    /// <summary>
    /// The step between two rows in the middle of all steps above 0 (clocks in whole seconds stand still for rows recorded faster), and how many are more than
    /// <see cref="StepsInGap"/> times as long; null where time never goes on.
    /// </summary>
    public (double Usual, long Gaps)? Summarize()
    {
        var stride = 1 + (_steps.Rows / SortedAtMost);
        var above = new List<float>();
        for (var row = 0L; row < _steps.Rows; row += stride)
        {
            if (_steps[row][0] > 0)
                above.Add(_steps[row][0]);
        }

        if (above.Count == 0)
            return null;
        above.Sort();
        var usual = above[above.Count / 2];
        var gaps = 0L;
        for (var row = 0L; row < _steps.Rows; row++)
            gaps += _steps[row][0] > StepsInGap * (1 + Tolerance) * usual ? 1 : 0;
        return (usual, gaps);
    }

    /// <inheritdoc/>
    public void Dispose() => _steps.Dispose();

    // 0.4 - 0.3 is more than 0.1, by what its times are rounded by.
    private static double Rounding(double gap, double now) => (1e-9 * gap) + (4 * (Math.BitIncrement(Math.Abs(now)) - Math.Abs(now)));

    private double Time(string text, int line)
    {
        var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var time) && double.IsFinite(time);
        if (!isNumber && BeginsWithYear(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
            time = (date - DateTimeOffset.UnixEpoch).TotalSeconds;
        else if (!isNumber)
            throw new OfqlException($"'{path}', line {line}, column '{column}': expected a time, as a number or as a date such as 2026-11-30T16:05:00.5Z, found \"{Shown(text)}\". Correct the field, or leave 'time' out of the map.");
        if (_areDates == isNumber)
            throw new OfqlException($"'{path}', line {line}, column '{column}': found {(isNumber ? "a number" : "a date")}, \"{Shown(text)}\", where the rows before have {(isNumber ? "dates" : "numbers")}. Expected the same kind of time in all rows.");
        _areDates = !isNumber;
        return time;
    }

    // 03/04/2026 means two days, by the reader's country.
    private static bool BeginsWithYear(string text) => text.Length > 5 && !text.AsSpan(0, 4).ContainsAnyExceptInRange('0', '9') && text[4] is ('-' or '/');

    private static string Shown(string text) => text[..Math.Min(text.Length, LongestShown)];
}
