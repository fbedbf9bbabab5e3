using System.CommandLine;
using System.Globalization;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Commands;

/// <summary>Options that several commands share, so that they mean the same everywhere.</summary>
internal static class CommonOptions
{
    private const int MostSeeds = 10_000;

    public static Option<bool> Json() => new("--json") { Description = "Print the result as JSON; messages go to stderr" };

    public static Option<string> Runs()
    {
        var option = new Option<string>("--runs") { Description = "Folder of the runs", HelpName = "folder", DefaultValueFactory = _ => "runs" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } folder && string.IsNullOrWhiteSpace(folder))
                result.AddError("--runs is empty; expected the path of a folder.");
        });
        return option;
    }

    public static Option<string?> Datasets() => new("--datasets")
    {
        Description = "Folder of generated datasets (default: $OFQL_DATASETS, else datasets)",
        HelpName = "folder",
    };

    public static Option<int?> Threads() => new("--threads") { Description = "Threads, at most one per core (default: all cores)", HelpName = "count" };

    /// <summary>Threads to use: no more than there are cores, since more only wait for each other.</summary>
    /// <exception cref="UsageException">Less than 1.</exception>
    public static int ThreadCount(int? given) => given is null or >= 1
        ? Math.Min(given ?? int.MaxValue, Environment.ProcessorCount)
        : throw new UsageException($"--threads is {given}; expected 1 or more.");

    /// <summary>Refuses a file to write whose name ends otherwise than what is written.</summary>
    /// <exception cref="UsageException">It does.</exception>
    public static void RequireEnding(string option, string? path, params string[] endings)
    {
        if (path is not null && !endings.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
            throw new UsageException($"{option} '{path}': what is written is {endings[0][1..].ToUpperInvariant()}; expected a name that ends with {string.Join(" or ", endings)}.");
    }

    /// <summary>Refuses to write over a file that belongs to a run.</summary>
    /// <exception cref="UsageException">It does.</exception>
    public static void RequireNoRunsFile(string option, string path)
    {
        if (File.Exists(path) && Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && RunFolder.Exists(folder))
            throw new UsageException($"{option} '{path}' belongs to the run in that folder; it would be written over. Give another name.");
    }

    /// <summary>The folder of generated datasets.</summary>
    public static string DatasetsFolder(string? given)
    {
        var fromEnvironment = Environment.GetEnvironmentVariable("OFQL_DATASETS");
        return given ?? (string.IsNullOrEmpty(fromEnvironment) ? "datasets" : fromEnvironment);
    }

    /// <summary>Seeds as <c>3</c>, <c>0,1,2</c> or <c>0..2</c>.</summary>
    /// <exception cref="UsageException">Anything else, or a seed twice.</exception>
    public static IReadOnlyList<ulong> ParseSeeds(string text)
    {
        var seeds = new List<ulong>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split("..");
            if (ends.Length > 2 || !TryParse(ends[0], out var first) || !TryParse(ends[^1], out var last) || last < first)
                throw new UsageException($"--seeds '{text}': expected a range such as 0..2 or a list such as 0,1,2.");
            if (last - first >= MostSeeds)
                throw new UsageException($"--seeds '{text}': expected at most {MostSeeds} seeds.");
            for (var seed = first; seed <= last; seed++)
                seeds.Add(seed);
        }

        return seeds.Distinct().Count() == seeds.Count
            ? seeds
            : throw new UsageException($"--seeds '{text}' names a seed twice. Runs of one seed are equal, so that would feign certainty.");
    }

    private static bool TryParse(string text, out ulong seed) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seed) && seed <= long.MaxValue;
}
