using System.Globalization;
using Ofql.Data;
using Ofql.Formats.Datasets;
using Ofql.Formats.Hdf5;
using Ofql.Kernels;

namespace Ofql.Formats.Minari;

/// <summary>
/// Minari HDF5 files (one group per episode, one observation more than actions) as transitions. Every step is kept, for its
/// successor is recorded, and terminations and truncations are what they are. The last step of an episode that carries neither
/// is truncated: the recording ended there.
/// </summary>
public static unsafe class MinariReader
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="OfqlException">
    /// libhdf5 is missing; the file is damaged, in another layout, or holds NaN; its actions are not continuous.
    /// </exception>
    public static TransitionDataset Read(string path, DatasetReaderOptions? options = null)
    {
        using var file = Hdf5File.Open(path);
        return Read(file, options ?? new DatasetReaderOptions());
    }

    internal static TransitionDataset Read(Hdf5File file, DatasetReaderOptions options)
    {
        if (!MinariLayout.IsIn(file))
        {
            throw new OfqlException(
                $"'{file.FilePath}' is not in the Minari layout: it has no group episode_0. It has: {file.Listing()}.");
        }

        var layout = MinariLayout.Of(file);
        var facts = MinariFacts.Of(file, layout, options);
        var rows = RowsOf(file.FilePath, layout);
        if (rows == 0)
            throw new OfqlException($"'{file.FilePath}' has {layout.Episodes.Count} episodes, but none with a single action.");
        var data = Allocate(file.FilePath, rows, layout, facts);
        try
        {
            var cut = Fill(file, layout, data);
            facts["episodes_without_end_mark"] = cut.ToString(CultureInfo.InvariantCulture);
            if (!options.AllowNonFinite)
                ColumnChecks.RequireFinite(data, file.FilePath);
            return data;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    private static long RowsOf(string path, MinariLayout layout)
    {
        var rows = layout.Episodes.Aggregate((UInt128)0, (sum, episode) => sum + (ulong)episode.Steps);
        return rows <= long.MaxValue ? (long)rows : throw new OfqlException($"'{path}': its episodes claim {rows} steps. The file is damaged: copy or make it again.");
    }

    private static TransitionDataset Allocate(string path, long rows, MinariLayout layout, Dictionary<string, string> facts)
    {
        var (state, action) = (WidthOf(path, layout.Observations), WidthOf(path, layout.Actions));
        return ColumnMemory.Dataset(path, rows, state, action, facts);
    }

    private static int WidthOf(string path, IReadOnlyList<MinariPart> parts)
    {
        var width = parts.Sum(part => (long)part.Width);
        return width <= int.MaxValue ? (int)width : throw new OfqlException($"'{path}': its {parts.Count} parts claim {width} numbers per step. The file is damaged: copy or make it again.");
    }

    private static int Fill(Hdf5File file, MinariLayout layout, TransitionDataset data)
    {
        var longest = layout.Episodes.Max(episode => episode.Steps) + 1;
        using var scratch = new NativeBuffer<float>(longest * layout.Observations.Concat(layout.Actions).Max(part => part.Width));
        var (first, cut) = (0L, 0);
        foreach (var episode in layout.Episodes.Where(episode => episode.Steps > 0))
        {
            var offset = 0;
            foreach (var part in layout.Observations)
            {
                var values = Read(file, episode, part, episode.Steps + 1, scratch);
                Scatter(values, part.Width, data.Observations, first, episode.Steps, offset);
                Scatter(values + part.Width, part.Width, data.NextObservations, first, episode.Steps, offset);
                offset += part.Width;
            }

            offset = 0;
            foreach (var part in layout.Actions)
            {
                Scatter(Read(file, episode, part, episode.Steps, scratch), part.Width, data.Actions, first, episode.Steps, offset);
                offset += part.Width;
            }

            Scatter(Read(file, episode, new MinariPart("rewards", 1), episode.Steps, scratch), 1, data.Rewards, first, episode.Steps, 0);
            ReadFlags(file, episode, "terminations", data.Terminated, first, scratch);
            ReadFlags(file, episode, "truncations", data.Truncated, first, scratch);
            first += episode.Steps;
            if (data.Terminated[first - 1][0] == 0 && data.Truncated[first - 1][0] == 0)
            {
                data.Truncated.Writable(first - 1)[0] = 1;
                cut++;
            }
        }

        return cut;
    }

    private static float* Read(Hdf5File file, MinariEpisode episode, MinariPart part, long rows, NativeBuffer<float> scratch)
    {
        file.ReadSingles($"{episode.Group}/{part.Name}", scratch.Pointer, rows * part.Width);
        return scratch.Pointer;
    }

    private static void Scatter(float* values, int width, Column<float> column, long first, long rows, int offset)
    {
        for (var row = 0L; row < rows; row++)
            new ReadOnlySpan<float>(values + (row * width), width).CopyTo(column.Writable(first + row)[offset..]);
    }

    private static void ReadFlags(
        Hdf5File file, MinariEpisode episode, string name, Column<byte> flags, long first, NativeBuffer<float> scratch)
    {
        var values = Read(file, episode, new MinariPart(name, 1), episode.Steps, scratch);
        for (var row = 0L; row < episode.Steps; row++)
            flags.Pointer[first + row] = ColumnChecks.ToFlag(values[row], $"{episode.Group}/{name}", row, file.FilePath);
    }
}
