using System.Text.Json;
using Ofql.Data;
using Ofql.Formats.Datasets;

namespace Ofql.Formats.Npz;

/// <summary>
/// Datasets as NumPy archives. Ofql's own form has the arrays <c>observations</c> [N, S], <c>actions</c> [N, A], <c>rewards</c> [N],
/// <c>next_observations</c> [N, S], <c>terminated</c>, <c>truncated</c> [N] and optionally <c>metadata</c>, a text with a JSON
/// object of texts. Also read are
/// <list type="bullet">
/// <item>rows as D4RL stores them: <c>terminals</c> and mostly <c>timeouts</c> instead, successors not given;</item>
/// <item>what D4RL's <c>qlearning_dataset</c> returns: <c>next_observations</c> and <c>terminals</c>;</item>
/// <item>OGBench's files, as published and as its loader gives them (see <see cref="Ogbench.OgbenchReader"/>).</item>
/// </list>
/// </summary>
public static class NpzDataset
{
    private const string MetadataName = "metadata";
    private static readonly string[] Columns = ["observations", "actions", "rewards", "next_observations", "terminated", "truncated"];

    /// <summary>Writes a dataset in Ofql's form; equal datasets give equal bytes.</summary>
    /// <exception cref="OfqlException">The file cannot be written.</exception>
    public static void Save(TransitionDataset data, string path)
    {
        ArgumentNullException.ThrowIfNull(data);
        NpzWriter.Write(path, writer =>
        {
            writer.WriteSingles(Columns[0], data.Observations);
            writer.WriteSingles(Columns[1], data.Actions);
            writer.WriteSingles(Columns[2], data.Rewards, flat: true);
            writer.WriteSingles(Columns[3], data.NextObservations);
            writer.WriteFlags(Columns[4], data.Terminated);
            writer.WriteFlags(Columns[5], data.Truncated);
            if (data.Metadata.Count > 0)
                writer.WriteText(MetadataName, MetadataText.Write(data.Metadata));
        });
    }

    /// <summary>Reads a dataset of any of the forms.</summary>
    /// <exception cref="OfqlException">The file is damaged, of none of the forms, or holds NaN.</exception>
    public static TransitionDataset Read(string path, DatasetReaderOptions? options = null)
    {
        options ??= new DatasetReaderOptions();
        using var file = NpzFile.Open(path);
        var data = ReadForm(new NpzColumns(file), options);
        try
        {
            if (!options.AllowNonFinite)
                ColumnChecks.RequireFinite(data, path);
            return data;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    private static TransitionDataset ReadForm(NpzColumns columns, DatasetReaderOptions options)
    {
        var file = columns.File;
        if (!file.Contains("observations") || !file.Contains("actions"))
            throw columns.NoForm();
        if (options.Task is not null)
            return Ogbench.OgbenchReader.Read(columns, options);
        if (file.Contains("terminated"))
            return ReadOwn(columns, options);
        if (!file.Contains("terminals"))
            throw columns.NoForm();
        if (file.Contains("masks") || file.Contains("valids") || !file.Contains("rewards"))
            return Ogbench.OgbenchReader.Read(columns, options);
        return file.Contains("next_observations") ? ReadTransitions(columns, options) : ReadD4rl(columns, options);
    }

    private static TransitionDataset ReadOwn(NpzColumns columns, DatasetReaderOptions options)
    {
        foreach (var name in Columns)
            columns.Require(name);
        var facts = columns.File.Contains(MetadataName)
            ? MetadataText.Read(columns.File.ReadText(MetadataName), $"'{columns.File.FilePath}', array '{MetadataName}'")
            : columns.Facts("ofql.npz", options);
        return columns.Collect(take => new TransitionDataset(
            take.Values(Columns[0]), take.Values(Columns[1]), take.Values(Columns[2]), take.Values(Columns[3]), take.Flags(Columns[4]),
            take.Flags(Columns[5]), facts));
    }

    private static TransitionDataset ReadTransitions(NpzColumns columns, DatasetReaderOptions options)
        => columns.Collect(take => new TransitionDataset(
            take.Values("observations"), take.Values("actions"), take.Values("rewards"), take.Values("next_observations"),
            take.Flags("terminals"), columns.File.Contains("timeouts") ? take.Flags("timeouts") : take.Zeros(),
            columns.Facts("npz: transitions, terminals end the task", options)));

    private static TransitionDataset ReadD4rl(NpzColumns columns, DatasetReaderOptions options)
    {
        var timeouts = columns.File.Contains("timeouts");
        if (!timeouts && options.MaximumEpisodeSteps is null or < 1 or > int.MaxValue)
        {
            throw new OfqlException(
                $"'{columns.File.FilePath}' has no 'timeouts', so where its episodes were cut is not known. Give the task's limit of "
                + $"steps: {DatasetReaderOptions.StepLimitAdvice}.");
        }

        using var raw = columns.Collect(take => new RawTrajectory
        {
            Observations = take.Values("observations"),
            Actions = take.Values("actions"),
            Rewards = take.Values("rewards"),
            Terminals = take.Flags("terminals"),
            Timeouts = timeouts ? take.Flags("timeouts") : null,
            Metadata = columns.Facts(D4rl.D4rlReader.Semantics, options),
        });
        return raw.ToTransitions((int?)options.MaximumEpisodeSteps);
    }
}
