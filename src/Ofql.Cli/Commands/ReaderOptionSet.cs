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
