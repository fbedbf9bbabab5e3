using System.Globalization;
using System.Text.Json;
using Ofql.Environments;
using Ofql.Formats.Datasets;
using Ofql.Formats.Hdf5;
using Ofql.Formats.Published;

namespace Ofql.Formats.Minari;

/// <summary>What a Minari dataset says of itself: in <c>metadata.json</c> beside the file, in old releases as attributes of the root.</summary>
internal static class MinariFacts
{
    private const int ShownSeeds = 20;
    private const long LargestMetadata = 1 << 24;

    private static readonly string[] Texts =
        ["dataset_id", "author", "algorithm_name", "minari_version", "code_permalink", "license", "licence", "ref_min_score", "ref_max_score"];

    /// <exception cref="OfqlException">The action space is not continuous.</exception>
    public static Dictionary<string, string> Of(Hdf5File file, MinariLayout layout, DatasetReaderOptions options)
    {
        var stated = FromJson(file.FilePath);
        foreach (var key in (string[])[.. Texts, "action_space", "dataset_name", "total_episodes"])
        {
            if (!stated.ContainsKey(key) && file.ReadAttribute("/", key) is { } value)
                stated[key] = value;
        }

        RequireContinuous(file.FilePath, stated.GetValueOrDefault("action_space"));
        RequireAll(file.FilePath, layout, stated.GetValueOrDefault("total_episodes"));
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["name"] = options.Name ?? stated.GetValueOrDefault("dataset_id") ?? stated.GetValueOrDefault("dataset_name") ?? Path.GetFileNameWithoutExtension(file.FilePath),
            ["source_file"] = Path.GetFileName(file.FilePath),
            ["semantics"] = "minari",
            ["episode_ends"] = "terminations and truncations",
            ["episodes_in_file"] = layout.Episodes.Count.ToString(CultureInfo.InvariantCulture),
            ["observation_layout"] = MinariLayout.Describe(layout.Observations),
            ["action_layout"] = MinariLayout.Describe(layout.Actions),
        };
        // Where there is one part only, its numbers have no names but their places.
        if (layout.Observations.Count > 1)
            facts["observation_parts"] = MinariLayout.Names(layout.Observations);
        if (layout.Actions.Count > 1)
            facts["action_parts"] = MinariLayout.Names(layout.Actions);
        foreach (var key in Texts.Where(stated.ContainsKey))
            facts.TryAdd("source_" + key, stated[key]);
        if (Seeds(file, layout) is { } seeds)
            facts["episode_seeds"] = seeds;
        if (Number(stated, "ref_min_score") is { } minimum && Number(stated, "ref_max_score") is { } maximum && maximum > minimum)
            PublishedFacts.AddScore(facts, new ReferenceScore(minimum, maximum));
        return facts;
    }

    private static Dictionary<string, string> FromJson(string path)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "metadata.json");
        if (!File.Exists(beside) || new FileInfo(beside).Length > LargestMetadata)
            return found;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(beside));
            foreach (var property in document.RootElement.EnumerateObject())
                found[property.Name] = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText();
            return found;
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new OfqlException(
                $"'{beside}', which belongs to '{path}', cannot be read as JSON: {cause.Message.TrimEnd('.')}. Copy it again, or move it away to "
                + "read the episodes without it.", cause);
        }
    }

    private static void RequireAll(string path, MinariLayout layout, string? stated)
    {
        if (long.TryParse(stated, NumberStyles.Integer, CultureInfo.InvariantCulture, out var episodes) && episodes > layout.Episodes.Count)
        {
            throw new OfqlException(
                $"'{path}' holds {layout.Episodes.Count} episodes; expected {episodes}, as its total_episodes states. The file is not whole, or the others "
                + "are in files beside it. Copy the whole folder again.");
        }
    }

    // Spaces are stored as JSON within a text: {"type": "Box", ...}.
    private static void RequireContinuous(string path, string? space)
    {
        if (space is null)
            return;
        try
        {
            using var document = JsonDocument.Parse(space);
            if (document.RootElement.TryGetProperty("type", out var type) && type.GetString() is "Discrete" or "MultiDiscrete" or "MultiBinary" or "Text")
                throw new OfqlException($"'{path}' has actions of the kind '{type.GetString()}'; expected continuous ones (Box). Ofql learns continuous actions only.");
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            // A space in another notation says nothing about the numbers, which are checked anyway.
        }
    }

    private static string? Seeds(Hdf5File file, MinariLayout layout)
    {
        var seeds = layout.Episodes.Take(ShownSeeds + 1).Select(episode => file.ReadAttribute(episode.Group, "seed")).ToList();
        if (seeds.All(seed => seed is null))
            return null;
        var shown = string.Join(", ", seeds.Take(ShownSeeds).Select(seed => seed ?? "none"));
        return layout.Episodes.Count > ShownSeeds ? shown + ", ..." : shown;
    }

    private static double? Number(Dictionary<string, string> stated, string key)
        => double.TryParse(stated.GetValueOrDefault(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
