using System.Globalization;
using System.Text.RegularExpressions;
using Ofql.Data;
using Ofql.Formats.Hdf5;

namespace Ofql.Formats.Minari;

/// <summary>One recorded episode of a Minari file.</summary>
/// <param name="Group">Its group, such as <c>episode_3</c>.</param>
/// <param name="Steps">Number of actions T; there are T + 1 observations.</param>
internal readonly record struct MinariEpisode(string Group, long Steps);

/// <summary>A component of an observation or action: a dataset of every episode's group.</summary>
/// <param name="Name">Name within the group, such as <c>observations/desired_goal</c>.</param>
/// <param name="Width">Numbers per step.</param>
internal readonly record struct MinariPart(string Name, int Width);

/// <summary>
/// The layout of a Minari file: its episodes in the order of their numbers, and the parts that make up a flat observation
/// and action. Parts are ordered by name (ordinal, path by path), the elements of a tuple (<c>_index_0</c>, <c>_index_1</c>, ...)
/// by number; this is also the order in which Gymnasium flattens dictionaries.
/// </summary>
internal sealed partial class MinariLayout
{
    private readonly Hdf5File _file;
    private readonly Dictionary<string, List<Hdf5Dataset>> _groups = new(StringComparer.Ordinal);

    private MinariLayout(Hdf5File file)
    {
        _file = file;
        foreach (var dataset in file.Datasets)
        {
            var slash = dataset.Name.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0 || !EpisodeName().IsMatch(dataset.Name.AsSpan(0, slash)))
                continue;
            var group = dataset.Name[..slash];
            if (!_groups.TryGetValue(group, out var own))
                _groups.Add(group, own = []);
            own.Add(dataset);
        }
    }

    /// <summary>The episodes.</summary>
    public IReadOnlyList<MinariEpisode> Episodes { get; private set; } = [];

    /// <summary>The parts of an observation, in order.</summary>
    public IReadOnlyList<MinariPart> Observations { get; private set; } = [];

    /// <summary>The parts of an action, in order.</summary>
    public IReadOnlyList<MinariPart> Actions { get; private set; } = [];

    /// <summary>True if the file has a group of an episode.</summary>
    public static bool IsIn(Hdf5File file) => file.Datasets.Any(dataset => EpisodePath().IsMatch(dataset.Name));

    /// <summary>Reads and checks the layout; no values are read.</summary>
    /// <exception cref="OfqlException">An episode lacks a dataset, or one has another shape than it should.</exception>
    public static MinariLayout Of(Hdf5File file)
    {
        var layout = new MinariLayout(file);
        var names = layout._groups.Keys.OrderBy(Number).ThenBy(name => name, StringComparer.Ordinal).ToList();
        layout.Observations = layout.Parts(names[0], "observations");
        layout.Actions = layout.Parts(names[0], "actions");
        layout.Episodes = [.. names.Select(layout.Check)];
        return layout;
    }

    /// <summary>The parts as a text for the metadata: name and width.</summary>
    public static string Describe(IReadOnlyList<MinariPart> parts)
        => string.Join(", ", parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Name} ({part.Width})")));

    /// <summary>A name for every number, as <see cref="PartNames"/> writes them: that of its part, with its place where the part has several.</summary>
    public static string Names(IReadOnlyList<MinariPart> parts) => PartNames.Join(parts.SelectMany(part => part.Width == 1
        ? [part.Name]
        : Enumerable.Range(0, part.Width).Select(i => string.Create(CultureInfo.InvariantCulture, $"{part.Name}[{i}]"))));

    private List<MinariPart> Parts(string group, string name)
    {
        var parts = _groups[group].Where(dataset => IsPart(dataset, group, name))
            .OrderBy(dataset => dataset.Name, Comparer<string>.Create(ComparePaths))
            .Select(dataset => new MinariPart(dataset.Name[(group.Length + 1)..], Width(dataset))).ToList();
        return parts.Count > 0 ? parts : throw Missing(group, name);
    }

    private MinariEpisode Check(string group)
    {
        var own = _groups[group].ToDictionary(dataset => dataset.Name[(group.Length + 1)..], StringComparer.Ordinal);
        var steps = own.TryGetValue("rewards", out var rewards) && rewards.Shape is [var rows, ..] ? rows : throw Missing(group, "rewards");
        foreach (var name in (string[])["rewards", "terminations", "truncations"])
            RequireShape(own, group, new MinariPart(name, 1), steps);
        foreach (var part in Actions)
            RequireShape(own, group, part, steps);
        foreach (var part in Observations)
            RequireShape(own, group, part, steps + 1);
        foreach (var (name, known) in (ReadOnlySpan<(string, IReadOnlyList<MinariPart>)>)[("observations", Observations), ("actions", Actions)])
        {
            if (own.Values.Count(dataset => IsPart(dataset, group, name)) != known.Count)
                throw new OfqlException($"'{_file.FilePath}', group '{group}': {name} has other parts than in the first episode ({Describe(known)}).");
        }

        return new MinariEpisode(group, steps);
    }

    private void RequireShape(Dictionary<string, Hdf5Dataset> own, string group, MinariPart part, long rows)
    {
        if (!own.TryGetValue(part.Name, out var dataset))
            throw Missing(group, part.Name);
        if (dataset.Shape is not [var found, ..] || found != rows || dataset.Content != Hdf5Content.Numbers || Width(dataset) != part.Width)
        {
            throw new OfqlException(
                $"'{_file.FilePath}', dataset '{dataset.Name}': expected numbers of shape [{rows}, {part.Width}] (rewards has one row per "
                + $"action, observations one more), found {dataset.Content.ToString().ToLowerInvariant()} [{string.Join(", ", dataset.Shape)}].");
        }
    }

    private OfqlException Missing(string group, string name) => new(
        $"'{_file.FilePath}', group '{group}': '{name}' is missing. A Minari episode has observations, actions, rewards, terminations "
        + $"and truncations; this one has: {string.Join(", ", _groups[group].Take(12).Select(dataset => dataset.Name[(group.Length + 1)..]))}.");

    private int Width(Hdf5Dataset dataset)
    {
        const int LargestWidth = 1 << 20;
        var width = (UInt128)1;
        foreach (var size in dataset.Shape.Skip(1))
            width = UInt128.Min(width * (ulong)size, ulong.MaxValue);
        if (dataset.Shape.Count == 0 || width == 0 || width > LargestWidth)
        {
            throw new OfqlException(
                $"'{_file.FilePath}', dataset '{dataset.Name}': expected 1 to {LargestWidth} numbers per step, found the shape "
                + $"[{string.Join(", ", dataset.Shape)}].");
        }

        return (int)width;
    }

    private static bool IsPart(Hdf5Dataset dataset, string group, string name)
    {
        var own = dataset.Name.AsSpan(group.Length + 1);
        return own.SequenceEqual(name) || (own.StartsWith(name, StringComparison.Ordinal) && own[name.Length] == '/');
    }

    private static int ComparePaths(string? first, string? second)
    {
        var (left, right) = (first!.Split('/'), second!.Split('/'));
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            var (a, b) = (TupleIndex().Match(left[i]), TupleIndex().Match(right[i]));
            var order = a.Success && b.Success
                ? long.Parse(a.Groups[1].ValueSpan, CultureInfo.InvariantCulture).CompareTo(long.Parse(b.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
                : string.CompareOrdinal(left[i], right[i]);
            if (order != 0)
                return order;
        }

        return left.Length.CompareTo(right.Length);
    }

    private static long Number(string group) => long.Parse(group.AsSpan("episode_".Length), CultureInfo.InvariantCulture);

    [GeneratedRegex("^episode_[0-9]{1,18}$")]
    private static partial Regex EpisodeName();

    [GeneratedRegex("^episode_[0-9]{1,18}/")]
    private static partial Regex EpisodePath();

    [GeneratedRegex("^_index_([0-9]{1,9})$")]
    private static partial Regex TupleIndex();
}
