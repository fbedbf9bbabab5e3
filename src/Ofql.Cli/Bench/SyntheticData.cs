using System.Runtime.InteropServices;
using Ofql.Data;
using Ofql.Formats.Safetensors;
using Ofql.Kernels.Randomness;

namespace Ofql.Cli.Bench;

/// <summary>
/// Transitions made of noise, as many as a D4RL dataset has: large enough that a batch is gathered from memory and not from
/// a cache, made in well under a second, the same numbers every time.
/// </summary>
internal static class SyntheticData
{
    /// <summary>Rows of D4RL's usual MuJoCo datasets.</summary>
    public const int DefaultRows = 1_000_000;

    private const int EpisodeRows = 1000;

    public static TransitionDataset Make(int rows, int stateSize, int actionSize)
    {
        var random = new RandomStream(0, "bench data");
        var observations = Column<float>.Allocate(rows, stateSize);
        var next = Column<float>.Allocate(rows, stateSize);
        var actions = Column<float>.Allocate(rows, actionSize);
        var rewards = Column<float>.Allocate(rows, 1);
        var terminated = Column<byte>.Allocate(rows, 1);
        var truncated = Column<byte>.Allocate(rows, 1);
        Noise.FillNormal(random, All(observations));
        Noise.FillNormal(random, All(next));
        Noise.FillUniform(random, All(actions));
        foreach (ref var value in All(actions))
            value = (2f * value) - 1f;
        Noise.FillNormal(random, All(rewards));
        // Half of the episodes end, half are cut off, so that the mask of the bootstrap is used.
        for (var row = EpisodeRows - 1; row < rows; row += EpisodeRows)
            (row / EpisodeRows % 2 == 0 ? terminated : truncated).Writable(row)[0] = 1;
        return new TransitionDataset(observations, actions, rewards, next, terminated, truncated);
    }

    /// <summary>A dataset file of as many rows as asked for: those of <see cref="Make"/> over and over, so that it may be larger than the memory.</summary>
    /// <exception cref="OfqlException">The file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was asked to stop; no file is left.</exception>
    public static void Write(string path, long rows, int stateSize, int actionSize, CancellationToken cancellation)
    {
        using var block = Make((int)Math.Min(rows, DefaultRows), stateSize, actionSize);
        SafetensorsWriter.Write(path, null,
        [
            Repeated("observations", block.Observations, [rows, stateSize], SafetensorsType.Float32, cancellation),
            Repeated("actions", block.Actions, [rows, actionSize], SafetensorsType.Float32, cancellation),
            Repeated("rewards", block.Rewards, [rows], SafetensorsType.Float32, cancellation),
            Repeated("next_observations", block.NextObservations, [rows, stateSize], SafetensorsType.Float32, cancellation),
            Repeated("terminated", block.Terminated, [rows], SafetensorsType.UInt8, cancellation),
            Repeated("truncated", block.Truncated, [rows], SafetensorsType.UInt8, cancellation),
        ]);
    }

    /// <summary>The first rows of a dataset in memory of their own.</summary>
    /// <exception cref="InsufficientMemoryException">There is not so much.</exception>
    public static TransitionDataset Copy(TransitionDataset data, long rows)
    {
        var columns = new List<IDisposable>();
        try
        {
            return new TransitionDataset(
                Of(data.Observations), Of(data.Actions), Of(data.Rewards), Of(data.NextObservations), Of(data.Terminated), Of(data.Truncated));
        }
        catch
        {
            columns.ForEach(column => column.Dispose());
            throw;
        }

        Column<T> Of<T>(Column<T> source)
            where T : unmanaged
        {
            var copy = Column<T>.Allocate(rows, source.Width);
            columns.Add(copy);
            for (long row = 0; row < rows; row++)
                source[row].CopyTo(copy.Writable(row));
            return copy;
        }
    }

    private static SafetensorsEntry Repeated<T>(string name, Column<T> block, long[] shape, SafetensorsType type, CancellationToken cancellation)
        where T : unmanaged => SafetensorsEntry.FromCallback(name, type, shape, stream =>
        {
            for (long row = 0; row < shape[0]; row += block.Rows)
            {
                cancellation.ThrowIfCancellationRequested();
                stream.Write(MemoryMarshal.AsBytes(All(block)[..checked((int)(Math.Min(block.Rows, shape[0] - row) * block.Width))]));
            }
        });

    private static unsafe Span<T> All<T>(Column<T> column)
        where T : unmanaged => new(column.Pointer, checked((int)(column.Rows * column.Width)));
}
