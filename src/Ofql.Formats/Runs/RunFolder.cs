using Ofql.Formats.Files;

namespace Ofql.Formats.Runs;

/// <summary>
/// The folder of one run: everything that is needed to trust, resume, compare and repeat it.
/// <code>
/// config.yaml          resolved configuration        metrics.csv, .jsonl   one row per window of updates
/// run.json             versions, machine, data, seed timing.csv            rate and wall-clock time of the same rows
/// checkpoints/         complete states               evaluations.csv,.json one row per evaluation
/// policy.safetensors   the policy of the newest one  learning-curve.svg    evaluations; training-curves.svg: losses; report.md
/// snapshots/           policies of given steps       collected.bin         what an online run has collected
/// </code>
/// </summary>
public sealed class RunFolder
{
    private const string LockName = ".lock";
    private const string CheckpointsName = "checkpoints";

    private RunFolder(string path) => FolderPath = path;

    /// <summary>Path of the folder.</summary>
    public string FolderPath { get; }

    /// <summary>Name of the run: the folder's own name.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(FolderPath));

    /// <summary>Resolved configuration.</summary>
    public string ConfigurationPath => In("config.yaml");

    /// <summary>Manifest.</summary>
    public string ManifestPath => In("run.json");

    /// <summary>Folder of the checkpoints.</summary>
    public string CheckpointsPath => In(CheckpointsName);

    /// <summary>Policy of the newest checkpoint.</summary>
    public string PolicyPath => In("policy.safetensors");

    /// <summary>Folder of the policies of given steps; it is there once the first was kept.</summary>
    public string SnapshotsPath => In("snapshots");

    /// <summary>Path of the policy of a step.</summary>
    public string SnapshotPath(long step) => Path.Combine(SnapshotsPath, StepName.FileOf(step));

    /// <summary>Steps whose policies were kept, in order.</summary>
    /// <exception cref="OfqlException">Their folder may not be looked into.</exception>
    public IReadOnlyList<long> SnapshotSteps() => StepName.StepsIn(SnapshotsPath).Order().ToList();

    /// <summary>Learning curve.</summary>
    public string CurvePath => In("learning-curve.svg");

    /// <summary>Curves of the losses and whatever else is measured while training.</summary>
    public string TrainingCurvesPath => In("training-curves.svg");

    /// <summary>Report.</summary>
    public string ReportPath => In("report.md");

    /// <summary>True if there is a run in this folder.</summary>
    public static bool Exists(string path) => File.Exists(Path.Combine(path, "config.yaml"));

    /// <summary>Creates the folder of a new run.</summary>
    /// <exception cref="UsageException">There is something in it already.</exception>
    /// <exception cref="OfqlException">It cannot be created or written.</exception>
    public static RunFolder Create(string path)
    {
        RequireFree(path);
        var folder = new RunFolder(path);
        OutputFolder.Create(folder.CheckpointsPath, "--runs");
        return folder;
    }

    /// <summary>Refuses a folder with something in it. What a run leaves that did not get as far as its configuration is nothing.</summary>
    /// <param name="path">The folder; it need not exist.</param>
    /// <param name="isNothing">Names that do not count besides.</param>
    /// <exception cref="UsageException">There is something in it.</exception>
    public static void RequireFree(string path, Predicate<string>? isNothing = null)
    {
        if (!Directory.Exists(path))
            return;
        bool IsNothing(string entry) => Path.GetFileName(entry) switch
        {
            LockName => true,
            CheckpointsName => Directory.Exists(entry) && Directory.EnumerateFileSystemEntries(entry).All(file => AtomicFile.IsTemporary(Path.GetFileName(file))),
            var name => AtomicFile.IsTemporary(name) || (isNothing?.Invoke(name) ?? false),
        };
        if (Directory.EnumerateFileSystemEntries(path).All(IsNothing))
            return;
        throw new UsageException(Exists(path) || Directory.EnumerateDirectories(path).Any(Exists)
            ? $"The run folder '{path}' exists already and nothing in it is overwritten. Continue that run with --resume, "
                + "choose another name with --name, choose another folder with --runs, or remove it first."
            : $"The folder '{path}' is not empty, and what is in it is no run. Choose another name with --name or another "
                + "folder with --runs.");
    }

    /// <summary>Opens the folder of a run.</summary>
    /// <exception cref="OfqlException">There is no run.</exception>
    public static RunFolder Open(string path)
    {
        if (!Exists(path))
        {
            throw new OfqlException(
                $"'{path}' is not the folder of a run: {(Directory.Exists(path) ? "config.yaml is missing" : "it does not exist")}. "
                + "Expected a folder that 'train' has written.");
        }

        return new RunFolder(path);
    }

    /// <summary>
    /// Keeps other processes from training in this folder until the result is disposed. The system releases it when the
    /// process dies, so that a killed run can be resumed at once. What that one was writing then is cleared away.
    /// </summary>
    /// <exception cref="OfqlException">Another process trains here, or the folder is not writable.</exception>
    public IDisposable Lock()
    {
        FileStream held;
        try
        {
            held = new FileStream(In(LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (UnauthorizedAccessException cause)
        {
            throw new OfqlException($"The run folder '{FolderPath}' is not writable: {cause.Message}", cause);
        }
        catch (IOException cause)
        {
            throw new OfqlException(
                $"The run folder '{FolderPath}' is in use by another process, or not writable ({cause.Message}). Wait until "
                + "that process has ended, or choose another name with --name.", cause);
        }

        foreach (var folder in (string[])[FolderPath, CheckpointsPath, SnapshotsPath])
            AtomicFile.DeleteLeftovers(folder);
        return held;
    }

    /// <summary>Path of a file of the run.</summary>
    public string In(string name) => Path.Combine(FolderPath, name);
}
