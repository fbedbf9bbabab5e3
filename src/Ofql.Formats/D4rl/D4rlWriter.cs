using Ofql.Data;
using Ofql.Formats.Hdf5;

namespace Ofql.Formats.D4rl;

/// <summary>Writes D4RL HDF5 files: floats, flags that h5py reads as bool, gzip level 4 in chunks.</summary>
public static unsafe class D4rlWriter
{
    // The one info that D4RL stores as [N].
    private const string LogProbabilities = "infos/action_log_probs";

    /// <summary>Writes rows as recorded; equal rows give equal bytes.</summary>
    /// <param name="path">Where the file shall appear; replaced if it exists.</param>
    /// <param name="rows">The rows. Infos go under their full names; metadata becomes texts under <c>metadata/</c>. Without
    /// timeouts the file has none, as D4RL's oldest.</param>
    /// <param name="cancellation">Stops between two columns; no file is left.</param>
    /// <exception cref="OfqlException">Columns of different lengths, libhdf5 is missing, or the file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public static void Write(string path, RawTrajectory rows, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        Check(path, rows);
        Hdf5Writer.Write(path, writer =>
        {
            Write(writer, "observations", rows.Observations, wide: true);
            cancellation.ThrowIfCancellationRequested();
            Write(writer, "actions", rows.Actions, wide: true);
            Write(writer, "rewards", rows.Rewards, wide: false);
            Write(writer, "terminals", rows.Terminals);
            if (rows.Timeouts is not null)
                Write(writer, "timeouts", rows.Timeouts);
            foreach (var (name, column) in rows.Infos.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                cancellation.ThrowIfCancellationRequested();
                Write(writer, name, column, wide: name != LogProbabilities);
            }

            foreach (var (name, (shape, values)) in rows.Arrays.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                writer.WriteSingles(name, shape, values);
            foreach (var (name, text) in rows.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                writer.WriteText("metadata/" + name, text);
        });
        GC.KeepAlive(rows);
    }

    private static void Write(Hdf5Writer writer, string name, Column<float> column, bool wide)
    {
        ReadOnlySpan<long> shape = wide ? [column.Rows, column.Width] : [column.Rows];
        writer.WriteSingles(name, shape, column.Pointer, Hdf5Storage.Gzip);
    }

    private static void Write(Hdf5Writer writer, string name, Column<byte> column)
        => writer.WriteFlags(name, [column.Rows], column.Pointer, Hdf5Storage.Gzip);

    private static void Check(string path, RawTrajectory rows)
    {
        Check(path, "actions", rows.Actions.Rows, rows.Rows);
        Check(path, "rewards", rows.Rewards.Rows * rows.Rewards.Width, rows.Rows);
        CheckFlags(path, "terminals", rows.Terminals, rows.Rows);
        if (rows.Timeouts is not null)
            CheckFlags(path, "timeouts", rows.Timeouts, rows.Rows);
        foreach (var (name, column) in rows.Infos)
            Check(path, name, column.Rows, rows.Rows);
    }

    private static void CheckFlags(string path, string name, Column<byte> flags, long rows)
    {
        Check(path, name, flags.Rows * flags.Width, rows);
        for (var row = 0L; row < rows; row++)
        {
            if (flags.Pointer[row] > 1)
                throw new OfqlException($"Cannot write '{path}': '{name}' has {flags.Pointer[row]} in row {row}, expected 0 or 1.");
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
