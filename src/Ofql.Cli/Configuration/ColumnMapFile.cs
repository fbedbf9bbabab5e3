using System.Globalization;
using Ofql.Formats.Files;
using Ofql.Formats.Tables;

namespace Ofql.Cli.Configuration;

/// <summary>A YAML file that says what the columns of a CSV file mean.</summary>
internal static class ColumnMapFile
{
    /// <summary>What a map can say.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["observations", "actions", "reward", "next_observations", "terminated", "truncated", "episode", "time", "maximum_gap", "delimiter"];

    // Those that name more than one column.
    private static readonly string[] Columns = ["observations", "actions", "next_observations"];

    /// <summary>Reads a map.</summary>
    /// <exception cref="UsageException">It cannot be read, lacks what is needed, or has a key that means nothing.</exception>
    public static CsvColumnMap Read(string path)
    {
        var (layer, lists) = Layer(path);
        var values = layer.Values;
        if (values.Keys.FirstOrDefault(key => !Keys.Contains(key)) is { } unknown)
            throw new UsageException($"{values[unknown].Origin}: '{unknown}' means nothing in a column map.{NearestName.Question(unknown, Keys)} Known: {string.Join(", ", Keys)}.");
        if (lists.Keys.FirstOrDefault(key => !Columns.Contains(key)) is { } list)
            throw new UsageException($"{values[list].Origin}: '{list}' is a list; expected a single value. Lists can be: {string.Join(", ", Columns)}.");
        string? One(string key) => values.GetValueOrDefault(key).Text is { Length: > 0 } text ? text.Trim() : null;
        // A name with a comma in it stands in a list.
        IReadOnlyList<string> Many(string key) => lists.GetValueOrDefault(key) ?? One(key)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        UsageException Lacks(string key) => new($"'{path}': the column map lacks '{key}'; expected {(key == "reward" ? "the name of a column" : "the names of columns")}, such as '{key}: {(key == "reward" ? "profit" : "a, b")}'.");
        IReadOnlyList<string> Needed(string key) => Many(key) is { Count: > 0 } names ? names : throw Lacks(key);
        return new CsvColumnMap
        {
            Observations = Needed("observations"),
            Actions = Needed("actions"),
            Reward = One("reward") ?? throw Lacks("reward"),
            NextObservations = Many("next_observations"),
            Terminated = One("terminated"),
            Truncated = One("truncated"),
            Episode = One("episode"),
            Time = One("time"),
            MaximumGap = One("maximum_gap") is not { } gap ? null
                : double.TryParse(gap, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 && double.IsFinite(number) ? number
                : throw new UsageException($"{values["maximum_gap"].Origin}: maximum_gap is '{gap}'; expected a number above 0: seconds where 'time' holds dates, else in its own unit."),
            Delimiter = values.GetValueOrDefault("delimiter").Text switch
            {
                null or "" => null,
                "tab" or "\\t" => '\t',
                { Length: 1 } delimiter when CsvColumnMap.Delimiters.Contains(delimiter[0]) => delimiter[0],
                var other => throw new UsageException($"{values["delimiter"].Origin}: the delimiter is '{other}'; expected a comma, a semicolon, a vertical bar (each in quotation marks), or tab."),
            },
        };
    }

    private static (ConfigurationLayer Values, IReadOnlyDictionary<string, IReadOnlyList<string>> Lists) Layer(string path)
    {
        string text;
        try
        {
            text = TextFile.Read(path, "read the column map");
        }
        catch (OfqlException cause)
        {
            throw new UsageException($"{cause.Message} Give it with --map; a relative path counts from the folder you are in.");
        }

        return YamlText.ReadWithLists(text, path);
    }
}
