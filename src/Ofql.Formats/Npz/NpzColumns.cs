using Ofql.Data;
using Ofql.Formats.Datasets;
using Ofql.Formats.Published;

namespace Ofql.Formats.Npz;

/// <summary>The arrays of an NPZ file as columns of one length.</summary>
internal sealed class NpzColumns(NpzFile file)
{
    /// <summary>The file.</summary>
    public NpzFile File => file;

    /// <summary>Rows of every column.</summary>
    public long Rows => file.Shape("observations") is [var rows, ..] ? rows : 0;

    /// <summary>Builds something of columns; if that fails, the columns read so far are freed.</summary>
    public T Collect<T>(Func<Taker, T> build)
    {
        var taken = new Taker(this);
        try
        {
            return build(taken);
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>Refuses an array that is missing, is no matrix or vector, or has another number of rows.</summary>
    /// <exception cref="OfqlException">It is.</exception>
    public void Require(string name)
    {
        if (!file.Contains(name))
            throw new OfqlException($"'{file.FilePath}' has no array '{name}', which datasets of this form need. It has: {file.Listing()}.");
        var shape = file.Shape(name);
        var wide = name is "observations" or "actions" or "next_observations" or "qpos" or "button_states" && !(name == "actions" && shape.Count == 1);
        var fits = wide
            ? shape.Count == 2 && shape[1] is > 0 and <= int.MaxValue
            : shape.Count == 1 || (shape.Count == 2 && shape[1] == 1);
        if (wide && shape.Count > 2)
        {
            throw new OfqlException(
                $"'{file.FilePath}', array '{name}': expected one row of numbers per step, found [{string.Join(", ", shape)}]. Pictures and other "
                + "arrays of arrays are not learned from; give vectors, such as embeddings.");
        }

        if (Rows == 0)
            throw new OfqlException($"'{file.FilePath}': observations has no rows; expected one per step.");
        if (!fits || shape[0] != Rows)
        {
            throw new OfqlException(
                $"'{file.FilePath}', array '{name}': expected the shape [{Rows}{(wide ? ", width" : "")}] (observations has {Rows} rows), found "
                + $"[{string.Join(", ", shape)}].");
        }
    }

    /// <summary>The facts that every form has.</summary>
    public Dictionary<string, string> Facts(string semantics, DatasetReaderOptions options)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["name"] = options.Name ?? Path.GetFileNameWithoutExtension(file.FilePath),
            ["source_file"] = Path.GetFileName(file.FilePath),
            ["semantics"] = semantics,
        };
        PublishedFacts.Add(facts, file.FilePath);
        return facts;
    }

    /// <summary>The error for a file of no known form.</summary>
    public OfqlException NoForm() => new(
        $"'{file.FilePath}' is an NPZ file, but not a dataset of a known form. Expected observations, actions, rewards and either "
        + "next_observations, terminated, truncated (one row per transition) or terminals, timeouts (one row per step, as D4RL), or "
        + $"observations, actions, terminals as OGBench. It has: {file.Listing()}.");

    /// <summary>Reads columns and remembers them.</summary>
    internal sealed class Taker(NpzColumns columns) : IDisposable
    {
        private readonly List<IDisposable> _taken = [];

        public Column<float> Values(string name)
        {
            columns.Require(name);
            return Keep(columns.File.ReadSingles(name));
        }

        public Column<byte> Flags(string name)
        {
            columns.Require(name);
            using var values = columns.File.ReadSingles(name);
            return Keep(ColumnChecks.ToFlags(values, name, columns.File.FilePath));
        }

        public Column<byte> Zeros() => Keep(ColumnMemory.Column<byte>(columns.File.FilePath, columns.Rows, 1));

        public Column<float> ZeroValues() => Keep(ColumnMemory.Column<float>(columns.File.FilePath, columns.Rows, 1));

        public void Dispose() => _taken.ForEach(column => column.Dispose());

        private Column<T> Keep<T>(Column<T> column)
            where T : unmanaged
        {
            _taken.Add(column);
            return column;
        }
    }
}
