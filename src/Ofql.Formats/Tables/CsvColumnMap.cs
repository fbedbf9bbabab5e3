namespace Ofql.Formats.Tables;

/// <summary>
/// What the columns of a CSV file mean. Names are those of the header line; a name that ends with <c>*</c> stands for all
/// columns that begin so, in the order of the file.
/// </summary>
public sealed record CsvColumnMap
{
    /// <summary>Columns of the state, in order.</summary>
    public required IReadOnlyList<string> Observations { get; init; }

    /// <summary>Columns of the action, in order.</summary>
    public required IReadOnlyList<string> Actions { get; init; }

    /// <summary>Column of the reward.</summary>
    public required string Reward { get; init; }

    /// <summary>
    /// Columns of the successor, as many as of the state. If they are given every row is a transition; else the successor is the
    /// next row of the same episode, and an episode's last row is only that.
    /// </summary>
    public IReadOnlyList<string> NextObservations { get; init; } = [];

    /// <summary>Column that is 1 or true where the task ended; null if it never ends.</summary>
    public string? Terminated { get; init; }

    /// <summary>Column that is 1 or true where only the recording was cut.</summary>
    public string? Truncated { get; init; }

    /// <summary>Column that names the episode of a row: where it changes, an episode ends.</summary>
    public string? Episode { get; init; }

    /// <summary>Column with the time of a row, a number or a date (ISO 8601, of UTC where it names no zone). Within an episode it must not go back.</summary>
    public string? Time { get; init; }

    /// <summary>
    /// Where more time than this lies between a row and the next one, an episode ends, since rows are missing between: in seconds for dates, else in the column's own unit.
    /// Null: it goes on, and such gaps are counted in the metadata.
    /// </summary>
    public double? MaximumGap { get; init; }

    /// <summary>Character between the fields, one of <see cref="Delimiters"/>; null: the one by which the header line has the names of this map, else the one it has most of.</summary>
    public char? Delimiter { get; init; }

    /// <summary>Comma, semicolon, tab and vertical bar.</summary>
    public static IReadOnlyList<char> Delimiters { get; } = [',', ';', '\t', '|'];

    /// <summary>The names that Ofql writes itself.</summary>
    public static CsvColumnMap Own { get; } = new()
    {
        Observations = ["observations_*"],
        Actions = ["actions_*"],
        Reward = "reward",
        NextObservations = ["next_observations_*"],
        Terminated = "terminated",
        Truncated = "truncated",
    };
}
