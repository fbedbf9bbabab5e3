using System.Globalization;
using Ofql.Data;

namespace Ofql.Formats.Tables;

/// <summary>A column map resolved against the header line of a file.</summary>
internal sealed class CsvColumns
{
    private const int ShownNames = 40;
    private readonly string _path;
    private readonly string[] _names;

    private CsvColumns(string path, string[] names, CsvColumnMap map)
    {
        (_path, _names) = (path, names);
        Observations = Many("observations", map.Observations);
        Actions = Many("actions", map.Actions);
        Reward = One("reward", map.Reward);
        NextObservations = map.NextObservations.Count == 0 ? [] : Many("next_observations", map.NextObservations);
        Terminated = map.Terminated is { } terminated ? One("terminated", terminated) : null;
        Truncated = map.Truncated is { } truncated ? One("truncated", truncated) : null;
        Episode = map.Episode is { } episode ? One("episode", episode) : null;
        Time = map.Time is { } time ? One("time", time) : null;
        MaximumGap = map.MaximumGap;
        RequireOneMeaning();
        if (MaximumGap is { } gap && (Time is null || !(gap > 0)))
        {
            throw new OfqlException(
                $"'{path}': the column map has a maximum_gap of {gap.ToString(CultureInfo.InvariantCulture)}{(Time is null ? ", but names no column of the time" : "")}. Expected a time above 0 between two rows, and the column with "
                + "their times ('time: name').");
        }

        if (HasSuccessors && NextObservations.Length != Observations.Length)
        {
            throw new OfqlException(
                $"'{path}': the map names {NextObservations.Length} columns of next_observations and {Observations.Length} of observations. Both are "
                + "states and need the same size.");
        }
    }

    public int[] Observations { get; }

    public int[] Actions { get; }

    public int Reward { get; }

    public int[] NextObservations { get; }

    public int? Terminated { get; }

    public int? Truncated { get; }

    public int? Episode { get; }

    public int? Time { get; }

    public double? MaximumGap { get; }

    public bool HasSuccessors => NextObservations.Length > 0;

    /// <summary>Number of columns in the header.</summary>
    public int Count => _names.Length;

    /// <summary>The name of a column.</summary>
    public string NameOf(int column) => _names[column];

    /// <summary>Resolves a map; without one, the names that Ofql writes.</summary>
    /// <exception cref="OfqlException">A name is not in the header, or there twice; the header is not Ofql's and no map is given.</exception>
    public static CsvColumns Of(string path, string[] names, CsvColumnMap? map)
    {
        if (names.Length == 0 || names.All(name => name.Length == 0))
            throw new OfqlException($"'{path}': the first line is empty. Expected the names of the columns.");
        if (map is null && !(names.Contains("observations_0") && names.Contains("actions_0") && names.Contains("reward")))
        {
            throw new OfqlException(
                $"'{path}' looks like CSV, whose columns can mean anything: declare them with a column map (columns.yaml, lines such as "
                + "'observations: speed, angle', 'actions: torque', 'reward: profit', 'terminated: done', 'truncated: cut', 'episode: run', 'time: clock') and give it with --map columns.yaml to 'ofql data inspect', 'ofql data convert' or 'ofql train'. "
                + $"Its columns: {Shown(names)}.");
        }

        return new CsvColumns(path, names, map ?? CsvColumnMap.Own);
    }

    // An action within its own state, or a reward, tells the policy what it is to find out; an end that is both kinds is none.
    private void RequireOneMeaning()
    {
        var meanings = new Dictionary<int, string>();
        var all = Named("observations", Observations).Concat(Named("actions", Actions)).Append((Reward, "reward")).Concat(Named("next_observations", NextObservations))
            .Concat(Named("terminated", Optional(Terminated))).Concat(Named("truncated", Optional(Truncated))).Concat(Named("episode", Optional(Episode)))
            // A clock may be part of the state, for a policy that acts by it.
            .Concat(Named("time", Optional(Time is { } clock && Observations.Contains(clock) ? null : Time)));
        foreach (var (column, meaning) in all)
        {
            if (meanings.TryGetValue(column, out var before))
            {
                throw new OfqlException(
                    $"'{_path}': the column map names '{_names[column]}' {(before == meaning ? $"twice in {meaning}" : $"in {before} and in {meaning}")}. Expected one meaning for each column: "
                    + "leave it out of one of them (a name that ends with * stands for every column that begins so).");
            }

            meanings[column] = meaning;
        }

        static IEnumerable<(int, string)> Named(string meaning, IEnumerable<int> columns) => columns.Select(column => (column, meaning));
        static int[] Optional(int? column) => column is { } one ? [one] : [];
    }

    public string DescribeEnds()
    {
        var ends = new List<string>();
        if (Terminated is { } terminated)
            ends.Add($"terminated: {_names[terminated]}");
        if (Truncated is { } truncated)
            ends.Add($"truncated: {_names[truncated]}");
        if (Episode is { } episode)
            ends.Add($"an episode ends where {_names[episode]} changes");
        if (MaximumGap is { } gap)
            ends.Add($"an episode ends where {_names[Time!.Value]} is more than {gap.ToString(CultureInfo.InvariantCulture)} later");
        return ends.Count > 0 ? string.Join("; ", ends) : "none declared: taken as one recording that never ends";
    }

    public string DescribeObservations() => PartNames.Join(Observations.Select(NameOf));

    public string DescribeActions() => PartNames.Join(Actions.Select(NameOf));

    private int[] Many(string meaning, IReadOnlyList<string> wanted)
    {
        var found = new List<int>();
        foreach (var name in wanted)
        {
            if (!name.EndsWith('*'))
            {
                found.Add(One(meaning, name));
                continue;
            }

            var matching = Enumerable.Range(0, _names.Length).Where(i => _names[i].StartsWith(name[..^1], StringComparison.Ordinal)).ToList();
            found.AddRange(matching.Count > 0 ? matching : throw Missing(meaning, name));
        }

        return found.Count > 0 ? [.. found] : throw new OfqlException($"'{_path}': the column map names no column of {meaning}; expected at least one.");
    }

    private int One(string meaning, string name)
    {
        var at = Array.IndexOf(_names, name);
        if (at < 0)
            throw Missing(meaning, name);
        return Array.IndexOf(_names, name, at + 1) < 0
            ? at
            : throw new OfqlException($"'{_path}' has two columns '{name}', wanted as {meaning}. Rename one.");
    }

    private OfqlException Missing(string meaning, string name) => new(
        $"'{_path}' has no column '{name}', wanted as {meaning}.{NearestName.Question(name, _names)} Its columns: {Shown(_names)}.");

    private static string Shown(string[] names)
        => string.Join(", ", names.Take(ShownNames)) + (names.Length > ShownNames ? $", ... ({names.Length} in all)" : "");
}
