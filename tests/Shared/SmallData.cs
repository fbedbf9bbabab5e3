using Ofql.Data;
using Ofql.Kernels.Randomness;

namespace Ofql.Tests.Shared;

/// <summary>A dataset of random transitions in episodes of ten.</summary>
internal static class SmallData
{
    public static TransitionDataset Make(int rows = 200, int stateSize = 3, int actionSize = 1)
    {
        var random = new RandomStream(7, "small data");
        var observations = Column<float>.Allocate(rows, stateSize);
        var next = Column<float>.Allocate(rows, stateSize);
        var actions = Column<float>.Allocate(rows, actionSize);
        var rewards = Column<float>.Allocate(rows, 1);
        var terminated = Column<byte>.Allocate(rows, 1);
        var truncated = Column<byte>.Allocate(rows, 1);
        for (var row = 0; row < rows; row++)
        {
            Fill(observations.Writable(row), random);
            Fill(next.Writable(row), random);
            Fill(actions.Writable(row), random);
            Fill(rewards.Writable(row), random);
            truncated.Writable(row)[0] = row % 10 == 9 ? (byte)1 : (byte)0;
        }

        return new TransitionDataset(observations, actions, rewards, next, terminated, truncated);
    }

    private static void Fill(Span<float> values, RandomStream random)
    {
        foreach (ref var value in values)
            value = (float)random.NextUniform(-1, 1);
    }
}
