using System.CommandLine;
using Ofql.Cli.Configuration;
using Ofql.Formats.Datasets;

namespace Ofql.Cli.Commands;

/// <summary>Options that say how a dataset file is to be read.</summary>
internal sealed class ReaderOptionSet
{
    private readonly Option<long?> _steps = new("--maximum-episode-steps") { Description = "Step limit for files without timeouts", HelpName = "count" };
    private readonly Option<string?> _task = new("--task") { Description = "OGBench single task that rewards the rows", HelpName = "name" };
    private readonly Option<string?> _map = new("--map") { Description = $"YAML file that says what the columns of a CSV file mean ({string.Join(", ", ColumnMapFile.Keys)})", HelpName = "file" };

    public void AddTo(Command command)
    {
        command.Add(_steps);
        command.Add(_task);
        command.Add(_map);
    }

    /// <summary>Refuses options that mean nothing for a file of this kind: whoever gives them expects something of them.</summary>
    /// <exception cref="UsageException">A column map for a file that is no CSV, a task of OGBench for one that is no archive of NumPy's, a step limit for one that says where episodes end.</exception>
    /// <exception cref="OfqlException">The file cannot be read.</exception>
    public static void RequireFit(DatasetReaderOptions options, string path)
    {
        if (options.Columns is null && options.Task is null && options.MaximumEpisodeSteps is null)
            return;
        var kind = Directory.Exists(path) ? DatasetKind.Hdf5 : DatasetReader.KindOf(path);
        if (options.Columns is not null && kind != DatasetKind.Csv)
            throw new UsageException($"--map says what the columns of a CSV file mean, but '{path}' is none. Leave --map out.");
        if (options.Task is { } task && kind != DatasetKind.Npz)
            throw new UsageException($"--task {task}: the tasks of OGBench reward the rows of its published archives (.npz), and '{path}' is none. Leave --task out.");
        if (options.MaximumEpisodeSteps is { } steps && kind is DatasetKind.Csv or DatasetKind.Native)
            throw new UsageException($"--maximum-episode-steps {steps} is for files without timeouts, and '{path}' says itself where its episodes end. Leave --maximum-episode-steps out.");
    }

    /// <exception cref="UsageException">The map cannot be read.</exception>
    public DatasetReaderOptions Read(ParseResult parsed, bool allowNonFinite) => new()
    {
        AllowNonFinite = allowNonFinite,
        MaximumEpisodeSteps = parsed.GetValue(_steps) is { } steps
            ? steps >= 1 ? steps : throw new UsageException($"--maximum-episode-steps is {steps}; expected 1 or more.")
            : null,
        Task = parsed.GetValue(_task),
        Columns = parsed.GetValue(_map) is { } map ? ColumnMapFile.Read(map) : null,
    };
}
