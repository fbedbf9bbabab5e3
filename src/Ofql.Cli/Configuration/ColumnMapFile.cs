using Ofql.Formats.Tables;

namespace Ofql.Cli.Configuration;

/// <summary>A YAML file that says what the columns of a CSV file mean.</summary>
internal static class ColumnMapFile
{
    /// <summary>What a map can say.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["observations", "actions", "reward", "next_observations", "terminated", "truncated", "episode", "delimiter"];

    /// <summary>Reads a map.</summary>
    /// <exception cref="UsageException">It cannot be read, lacks what is needed, or has a key that means nothing.</exception>
    public static CsvColumnMap Read(string path)
    {
        var values = Layer(path).Values;
        if (values.Keys.FirstOrDefault(key => !Keys.Contains(key)) is { } unknown)
            throw new UsageException($"{values[unknown].Origin}: '{unknown}' means nothing in a column map.{NearestName.Question(unknown, Keys)} Known: {string.Join(", ", Keys)}.");
        string? One(string key) => values.GetValueOrDefault(key).Text is { Length: > 0 } text ? text.Trim() : null;
        string[] Many(string? names) => names?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        string Needed(string key) => One(key) ?? throw new UsageException($"'{path}': the column map lacks '{key}'; expected {(key == "reward" ? "the name of a column" : "the names of columns")}, such as '{key}: {(key == "reward" ? "profit" : "a, b")}'.");
        return new CsvColumnMap
        {
            Observations = Many(Needed("observations")),
            Actions = Many(Needed("actions")),
            Reward = Needed("reward"),
            NextObservations = Many(One("next_observations")),
            Terminated = One("terminated"),
            Truncated = One("truncated"),
            Episode = One("episode"),
            Delimiter = values.GetValueOrDefault("delimiter").Text switch
            {
                null or "" => null,
                { Length: 1 } delimiter => delimiter[0],
                "tab" or "\\t" => '\t',
                var other => throw new UsageException($"{values["delimiter"].Origin}: the delimiter is '{other}'; expected one character, or tab."),
            },
        };
    }

    private static ConfigurationLayer Layer(string path)
    {
        try
        {
            return YamlText.Read(File.ReadAllText(path), path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"Cannot read the column map '{path}' (a relative path counts from the folder you are in): {cause.Message} Give it with --map.");
        }
    }
}
