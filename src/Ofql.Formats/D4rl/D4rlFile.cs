using Ofql.Formats.Hdf5;

namespace Ofql.Formats.D4rl;

/// <summary>The layout of a D4RL file: which datasets it needs, and that they belong together.</summary>
internal static class D4rlFile
{
    private static readonly string[] Required = ["observations", "actions", "rewards", "terminals"];

    /// <summary>Opens a file whose layout is right; returns it with its number of rows.</summary>
    /// <exception cref="OfqlException">Not HDF5, or not in the D4RL layout.</exception>
    public static Hdf5File Open(string path, out long rows)
    {
        var file = Hdf5File.Open(path);
        try
        {
            rows = CheckedRows(file);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Number of rows of a file whose layout is right.</summary>
    /// <exception cref="OfqlException">It is not in the D4RL layout.</exception>
    public static long CheckedRows(Hdf5File file)
    {
        foreach (var name in Required)
        {
            if (file.Find(name) is null)
            {
                throw new OfqlException(
                    $"'{file.FilePath}' is not in the D4RL layout: dataset '{name}' is missing. Expected observations, actions, "
                    + $"rewards, terminals and mostly timeouts at its root; it has: {file.Listing()}.");
            }
        }

        var rows = file.Find("rewards")!.Shape is [var first, ..] ? first : 0;
        RequireShape(file, "observations", rows, wide: true);
        // One number per action is as good as a row of one.
        RequireShape(file, "actions", rows, wide: file.Find("actions")!.Shape.Count != 1);
        RequireShape(file, "rewards", rows, wide: false);
        RequireShape(file, "terminals", rows, wide: false);
        if (file.Find("timeouts") is not null)
            RequireShape(file, "timeouts", rows, wide: false);
        if (rows < 2)
            throw new OfqlException($"'{file.FilePath}' has {rows} rows; two or more are needed, for the last has no successor.");
        return rows;
    }

    private static void RequireShape(Hdf5File file, string name, long rows, bool wide)
    {
        var dataset = file.Find(name)!;
        var shape = dataset.Shape;
        var fits = wide
            ? shape.Count == 2 && shape[1] is > 0 and <= int.MaxValue
            : shape.Count == 1 || (shape.Count == 2 && shape[1] == 1);
        if (!fits || shape[0] != rows || dataset.Content != Hdf5Content.Numbers)
        {
            throw new OfqlException(
                $"'{file.FilePath}', dataset '{name}': expected numbers of shape [{rows}{(wide ? ", width" : "")}] (rewards has "
                + $"{rows} rows), found {dataset.Content.ToString().ToLowerInvariant()} [{string.Join(", ", shape)}].");
        }
    }
}
