using Ofql.Data;
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

    private static unsafe Span<float> All(Column<float> column) => new(column.Pointer, checked((int)(column.Rows * column.Width)));
}
