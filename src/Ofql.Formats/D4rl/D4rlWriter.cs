using Ofql.Data;
using Ofql.Formats.Hdf5;

namespace Ofql.Formats.D4rl;

/// <summary>The raw columns of a D4RL file, one row per time step, episode after episode.</summary>
public sealed record D4rlColumns
{
    /// <summary>States [N, S].</summary>
    public required Column<float> Observations { get; init; }

    /// <summary>Actions [N, A].</summary>
    public required Column<float> Actions { get; init; }

    /// <summary>Rewards [N, 1].</summary>
    public required Column<float> Rewards { get; init; }

    /// <summary>1 where the task ended [N, 1].</summary>
    public required Column<byte> Terminals { get; init; }

    /// <summary>1 where only the recording of the episode was cut [N, 1].</summary>
    public required Column<byte> Timeouts { get; init; }

    /// <summary>Further columns under <c>infos/</c> by name without it, such as <c>qpos</c>, <c>qvel</c>, <c>goal</c>.</summary>
    public IReadOnlyDictionary<string, Column<float>> Infos { get; init; } = new Dictionary<string, Column<float>>();

    /// <summary>Texts under <c>metadata/</c> by name without it, such as <c>algorithm</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>Writes D4RL HDF5 files: floats, flags that h5py reads as bool, gzip level 4 in chunks.</summary>
public static unsafe class D4rlWriter
{
    /// <summary>Writes a file; equal columns give equal bytes.</summary>
    /// <exception cref="OfqlException">Columns of different lengths, libhdf5 is missing, or the file cannot be written.</exception>
    public static void Write(string path, D4rlColumns columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        Check(path, columns);
        Hdf5Writer.Write(path, writer =>
        {
            Write(writer, "observations", columns.Observations, wide: true);
            Write(writer, "actions", columns.Actions, wide: true);
            Write(writer, "rewards", columns.Rewards, wide: false);
            Write(writer, "terminals", columns.Terminals);
            Write(writer, "timeouts", columns.Timeouts);
            foreach (var (name, column) in columns.Infos.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                Write(writer, "infos/" + name, column, wide: true);
            foreach (var (name, text) in columns.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                writer.WriteText("metadata/" + name, text);
        });
        GC.KeepAlive(columns);
    }

    private static void Write(Hdf5Writer writer, string name, Column<float> column, bool wide)
    {
        ReadOnlySpan<long> shape = wide ? [column.Rows, column.Width] : [column.Rows];
        writer.WriteSingles(name, shape, column.Pointer, Hdf5Storage.Gzip);
    }

    private static void Write(Hdf5Writer writer, string name, Column<byte> column)
        => writer.WriteFlags(name, [column.Rows], column.Pointer, Hdf5Storage.Gzip);

    private static void Check(string path, D4rlColumns columns)
    {
        var rows = columns.Observations.Rows;
        Check(path, "actions", columns.Actions.Rows, rows);
        Check(path, "rewards", columns.Rewards.Rows * columns.Rewards.Width, rows);
        Check(path, "terminals", columns.Terminals.Rows * columns.Terminals.Width, rows);
        Check(path, "timeouts", columns.Timeouts.Rows * columns.Timeouts.Width, rows);
        foreach (var (name, column) in columns.Infos)
            Check(path, "infos/" + name, column.Rows, rows);
        for (var row = 0L; row < rows; row++)
        {
            if (columns.Terminals.Pointer[row] > 1 || columns.Timeouts.Pointer[row] > 1)
                throw new OfqlException($"Cannot write '{path}': row {row} has a terminal or timeout other than 0 and 1.");
        }
    }

    private static void Check(string path, string name, long found, long expected)
    {
        if (found != expected)
        {
            throw new OfqlException(
                $"Cannot write '{path}': '{name}' has {found} values or rows, but observations has {expected} rows. Every column "
                + "needs one row per time step.");
        }
    }
}
