using System.Globalization;
using Ofql.Cli.Composition;
using Ofql.Cli.Configuration;
using Ofql.Data;
using Ofql.Formats.D4rl;
using Ofql.Formats.Datasets;
using Ofql.Formats.Files;

namespace Ofql.Cli.Runs;

/// <summary>A dataset with its fingerprint and what it was read from.</summary>
internal sealed record OpenedDataset(TransitionDataset Data, string Fingerprint, string Source) : IDisposable
{
    /// <summary>What an earlier pass over unchanged generated data found; null where there was none.</summary>
    public DataReport? Known { get; init; }

    /// <summary>Whether what is found out about it may be kept beside it: it lies in the folder of generated datasets.</summary>
    public bool IsKept { get; init; }

    /// <summary>What is in it: known already, or found in one pass and kept for the next time.</summary>
    /// <param name="normalizedScore">Normalised score of a return in the task at hand; null where it has none.</param>
    /// <param name="cancellation">Stops the pass.</param>
    public DataReport Report(Func<double, double>? normalizedScore, CancellationToken cancellation)
    {
        var report = Known ?? DataReport.Of(Data, cancellation: cancellation);
        if (Known is null && IsKept)
            DatasetFacts.Write(Source, Fingerprint, report);
        return report with { NormalizedMeanReturn = normalizedScore?.Invoke(report.Episodes.Returns.Mean) };
    }

    public void Dispose() => Data.Dispose();
}

/// <summary>Opens the data of a configuration; generated data is made on first use and kept.</summary>
internal sealed class DatasetSource(Catalog catalog, string folder, Action<string> say)
{
    /// <exception cref="UsageException">The configuration names no data.</exception>
    public OpenedDataset Open(ResolvedConfiguration configuration, CancellationToken cancellation)
    {
        var file = configuration.Text("data.file");
        if (file.Length > 0)
        {
            var data = DatasetReader.Open(file, ReaderOptions(configuration));
            return new OpenedDataset(data, DatasetFingerprint.Of(data), file);
        }

        var task = configuration.Text("data.generate");
        if (task.Length > 0)
            return OpenGenerated(task, configuration.Integer("data.rows"), (ulong)configuration.Integer("data.seed"), cancellation);
        var name = configuration.Text("task");
        throw new UsageException(
            $"There is no data to train on{(name.Length > 0 ? $": task '{name}' needs a file" : "")}. Give a dataset with --data file, or name "
            + $"a task whose data is generated: {string.Join(", ", catalog.Generators.Select(generator => generator.Name))}.");
    }

    /// <summary>How the data file of a configuration is read.</summary>
    /// <exception cref="UsageException">It names a column map that cannot be read.</exception>
    public static DatasetReaderOptions ReaderOptions(ResolvedConfiguration configuration) => new()
    {
        MaximumEpisodeSteps = configuration.Integer("data.maximum_episode_steps") is > 0 and var steps ? steps : null,
        Task = configuration.Text("data.task") is { Length: > 0 } task ? task : null,
        Columns = configuration.Text("data.map") is { Length: > 0 } map ? ColumnMapFile.Read(map) : null,
    };

    /// <summary>The dataset of a task, from the folder if it is there and unchanged.</summary>
    /// <param name="task">The task.</param>
    /// <param name="rows">Rows as recorded; 0 for those of the task.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="cancellation">Stops the generation.</param>
    /// <param name="d4rl">Where to write the rows as a D4RL file too, if they are generated now.</param>
    public OpenedDataset OpenGenerated(string task, long rows, ulong seed, CancellationToken cancellation, string? d4rl = null)
    {
        rows = RowsOf(task, rows);
        var path = PathOf(task, rows, seed);
        var note = path + ".fingerprint";
        if (!File.Exists(path) || !File.Exists(note))
        {
            say($"Generating {rows.ToString("N0", CultureInfo.InvariantCulture)} rows of {task} into {path} ...");
            OutputFolder.Create(folder, "--datasets");
            Generate(task, rows, seed, path, cancellation, d4rl);
        }

        var facts = DatasetFacts.Read(path);
        // What an earlier pass over the same bytes found need not be looked for again.
        var data = Reopen(path, new DatasetReaderOptions { AllowNonFinite = facts?.Report.NotFinite.Count == 0 });
        var fingerprint = facts?.Fingerprint ?? DatasetFingerprint.Of(data);
        if (!File.Exists(note))
            AtomicFile.WriteText(note, fingerprint + "\n");
        var expected = File.ReadAllText(note).Trim();
        if (fingerprint == expected)
            return new OpenedDataset(data, fingerprint, path) { Known = facts?.Report, IsKept = true };
        data.Dispose();
        throw new OfqlException(
            $"'{path}' has changed since it was generated: its fingerprint is {fingerprint}, expected {expected}. Remove it (and "
            + $"'{note}') to have it generated again.");
    }

    private static TransitionDataset Reopen(string path, DatasetReaderOptions options)
    {
        try
        {
            return DatasetFile.Open(path, options);
        }
        catch (OfqlException error)
        {
            throw new OfqlException($"{error.Message} It was generated here: remove '{path}' and the command makes it again.", error);
        }
    }

    /// <summary>Where the dataset of a task is kept.</summary>
    public string PathOf(string task, long rows, ulong seed) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{task}-{rows}-seed{seed}.safetensors"));

    /// <summary>The rows asked for, or those of the task where none were (0).</summary>
    /// <exception cref="UsageException">No such task, or too few rows.</exception>
    public long RowsOf(string task, long rows)
    {
        var generator = FindGenerator(task);
        return rows switch
        {
            0 => generator.DefaultRows(),
            >= 2 => rows,
            _ => throw new UsageException($"data.rows is {rows}; expected 0 (as many as the task's authors recorded) or 2 and more."),
        };
    }

    /// <summary>Generates a dataset into a file, and the same rows into a D4RL file where one is named.</summary>
    public void Generate(string task, long rows, ulong seed, string path, CancellationToken cancellation, string? d4rl = null)
    {
        using var raw = FindGenerator(task).Generate(rows, DatasetGenerator.StreamOf(seed), cancellation);
        using var data = raw.ToTransitions();
        DatasetFile.Save(data, path);
        if (d4rl is not null)
            D4rlWriter.Write(d4rl, raw);
    }

    /// <summary>Generates the same rows as a D4RL file: raw columns, end marks and infos, as the task's authors published theirs.</summary>
    public void GenerateD4rl(string task, long rows, ulong seed, string path, CancellationToken cancellation)
    {
        using var raw = FindGenerator(task).Generate(rows, DatasetGenerator.StreamOf(seed), cancellation);
        D4rlWriter.Write(path, raw);
    }

    private DatasetGenerator FindGenerator(string task)
    {
        var names = catalog.Generators.Select(generator => generator.Name).ToList();
        return catalog.Generators.FirstOrDefault(known => known.Name == task) ?? throw new UsageException(
            $"There is no data generator for '{task}'.{NearestName.Question(task, names)} Known: {string.Join(", ", names)}.");
    }
}
