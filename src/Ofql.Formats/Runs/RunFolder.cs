using Ofql.Formats.Files;

namespace Ofql.Formats.Runs;

/// <summary>
/// The folder of one run: everything that is needed to trust, resume, compare and repeat it.
/// <code>
/// config.yaml          resolved configuration        metrics.csv, .jsonl   one row per window of updates
/// run.json             versions, machine, data, seed timing.csv            rate and wall-clock time of the same rows
/// checkpoints/         complete states               evaluations.csv,.json one row per evaluation
/// policy.safetensors   the policy of the newest one  learning-curve.svg, report.md
/// </code>
/// </summary>
public sealed class RunFolder
{
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
    public string CheckpointsPath => In("checkpoints");

    /// <summary>Policy of the newest checkpoint.</summary>
    public string PolicyPath => In("policy.safetensors");

    /// <summary>Learning curve.</summary>
    public string CurvePath => In("learning-curve.svg");

    /// <summary>Report.</summary>
    public string ReportPath => In("report.md");

    /// <summary>True if there is a run in this folder.</summary>
    public static bool Exists(string path) => File.Exists(Path.Combine(path, "config.yaml"));

    /// <summary>Creates the folder of a new run.</summary>
    /// <exception cref="UsageException">There is something in it already.</exception>
    /// <exception cref="OfqlException">It cannot be created or written.</exception>
    public static RunFolder Create(string path)
    {
        if (Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
        {
            throw new UsageException(
                $"The run folder '{path}' exists already and nothing in it is overwritten. Continue that run with --resume, "
                + "choose another name with --name, choose another folder with --runs, or remove it first.");
        }

        var folder = new RunFolder(path);
        try
        {
            Directory.CreateDirectory(folder.CheckpointsPath);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw new OfqlException(
                $"Cannot create the run folder '{path}': {cause.Message} Expected a folder this user may write to. Give "
                + "another one with --runs.", cause);
        }

        return folder;
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
    /// process dies, so that a killed run can be resumed at once.
    /// </summary>
    /// <exception cref="OfqlException">Another process trains here, or the folder is not writable.</exception>
    public IDisposable Lock()
    {
        try
        {
            return new FileStream(In(".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
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
    }

    /// <summary>Path of a file of the run.</summary>
    public string In(string name) => Path.Combine(FolderPath, name);
}
