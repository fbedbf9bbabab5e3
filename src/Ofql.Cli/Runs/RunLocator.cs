using Ofql.Cli.Commands;
using Ofql.Cli.Configuration;
using Ofql.Formats.Files;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Runs;

/// <summary>Finds run folders: by path, by name under the folder of the runs, or the newest.</summary>
internal static class RunLocator
{
    private const string SeedPrefix = "seed-";
    private const string SeedsFile = "seeds.txt";

    /// <summary>The folder of a run or of several seeds; null when there is none of this name.</summary>
    public static string? Find(string name, string runs)
    {
        foreach (var path in Places(name, runs))
        {
            if (RunFolder.Exists(path) || SeedFolders(path).Count > 0)
                return path;
        }

        return null;
    }

    /// <summary>As <see cref="Find"/>.</summary>
    /// <exception cref="UsageException">There is none; the nearest is named.</exception>
    public static string Get(string name, string runs) => Find(name, runs) ?? throw (FolderWithoutRun(name, runs) is { } folder ? new UsageException(NotARun(folder)) : new UsageException(
        $"There is no run '{name}', neither as a folder nor in '{runs}'.{NearestName.Question(name, Names(runs))} "
        + $"{(Names(runs).Count == 0 ? "There are no runs yet." : $"Known: {string.Join(", ", Names(runs).Take(20))}.")}"));

    /// <summary>The folder of one run.</summary>
    /// <exception cref="UsageException">It is that of several seeds; they are named.</exception>
    public static string RequireSingle(string folder) => RunFolder.Exists(folder) ? folder : throw new UsageException(
        $"'{folder}' holds several runs. Name one: {string.Join(", ", SeedFolders(folder))}.");

    /// <summary>The folder of a name by which <see cref="Find"/> found no run; null where there is none.</summary>
    public static string? FolderWithoutRun(string name, string runs) => name.Length == 0 ? null : Places(name, runs).FirstOrDefault(Directory.Exists);

    /// <summary>What to say of it.</summary>
    public static string NotARun(string folder) =>
        $"The folder '{folder}' is there, but holds no run: it has no config.yaml. Was the file lost, or is it the folder above the runs? Name a run inside it, or give that folder with --runs.";

    /// <summary>The run that was worked on last; null when there is none.</summary>
    public static string? Newest(string runs) => Names(runs).Select(name => Path.Combine(runs, name)).MaxBy(path =>
        RunFolder.Exists(path) ? File.GetLastWriteTimeUtc(Path.Combine(path, "config.yaml")) : SeedFolders(path).Max(File.GetLastWriteTimeUtc));

    /// <summary>The folders of the seeds of a group, by seed; empty when it is no group.</summary>
    public static IReadOnlyList<string> SeedFolders(string path) => InputFolder.Folders(path, SeedPrefix + "*").Where(RunFolder.Exists)
        .OrderBy(folder => folder.Length).ThenBy(folder => folder, StringComparer.Ordinal).ToList();

    /// <summary>The folder of one seed of a group.</summary>
    public static string SeedFolder(string group, ulong seed) => Path.Combine(group, SeedPrefix + seed);

    /// <summary>Name of a run or group; a seed's own folder is named with its group's.</summary>
    public static string NameOf(string folder)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var name = Path.GetFileName(path);
        return name.StartsWith(SeedPrefix, StringComparison.Ordinal) && Path.GetDirectoryName(path) is { } group && SeedFolders(group).Count > 0 ? $"{Path.GetFileName(group)}-{name}" : name;
    }

    /// <summary>Notes the seeds of a group, so that resuming it also begins those that were not reached.</summary>
    public static void WriteSeeds(string group, IReadOnlyList<ulong> seeds)
    {
        OutputFolder.Create(group, "--runs");
        AtomicFile.WriteText(Path.Combine(group, SeedsFile), string.Join('\n', seeds) + "\n");
    }

    /// <summary>Whether this is the note of a group's seeds: alone, it is what a group leaves whose first run did not begin.</summary>
    public static bool IsSeedsFile(string name) => name == SeedsFile;

    /// <summary>The seeds of a group.</summary>
    public static IReadOnlyList<ulong> ReadSeeds(string group)
    {
        var file = Path.Combine(group, SeedsFile);
        var texts = File.Exists(file) ? TextFile.Read(file).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : SeedFolders(group).Select(path => Path.GetFileName(path)[SeedPrefix.Length..]);
        return CommonOptions.ParseSeeds(string.Join(',', texts));
    }

    /// <summary>The configuration a run was made with.</summary>
    public static ConfigurationLayer ReadConfiguration(string folder)
    {
        var path = RunFolder.Open(folder).ConfigurationPath;
        return YamlText.Read(TextFile.Read(path), path);
    }

    /// <summary>The names of the runs and groups in a folder.</summary>
    public static IReadOnlyList<string> Names(string runs) => InputFolder.Folders(runs)
        .Where(path => RunFolder.Exists(path) || SeedFolders(path).Count > 0).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToList();

    private static string[] Places(string name, string runs) => [name, Path.Combine(runs, name)];
}
