using Ofql.Data;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Data;

/// <summary>Windows of k transitions against a twin that cuts the data into episodes first, on random data and rings.</summary>
public sealed class WindowSourceTests
{
    private const double Discount = 0.9;
    private const int Batch = 50;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(40)]
    public void Windows_of_recorded_data_are_those_of_their_episodes(int steps)
    {
        for (var seed = 0UL; seed < 60; seed++)
        {
            var random = new RandomStream(seed, "windows");
            using var data = Recorded(random, rows: 1 + (int)random.NextIndex(60));
            var order = Enumerable.Range(0, (int)data.Count).Select(row => (long)row).ToArray();
            Check(TransitionPool.Of(data), _ => (data, order), steps, seed);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(30)]
    public void Windows_of_a_ring_end_with_the_newest_and_pass_its_seam(int steps)
    {
        for (var seed = 0UL; seed < 60; seed++)
        {
            var random = new RandomStream(seed, "ring");
            using var buffer = Collected(random, capacity: 1 + (int)random.NextIndex(20), added: 1 + (int)random.NextIndex(60));
            Check(TransitionPool.Of(buffer), _ => (buffer.Table, OldestFirst(buffer)), steps, seed);
        }
    }

    [Fact]
    public void A_mixed_batch_has_windows_of_both_and_none_across()
    {
        for (var seed = 0UL; seed < 30; seed++)
        {
            var random = new RandomStream(seed, "mixed");
            using var data = Recorded(random, 30);
            using var buffer = Collected(random, capacity: 20, added: 25);
            var order = Enumerable.Range(0, 30).Select(row => (long)row).ToArray();
            Check(TransitionPool.Of(data, buffer, 0.4), row => row < Math.Round(0.4 * Batch) ? (data, order) : (buffer.Table, OldestFirst(buffer)), 4, seed);
        }
    }

    [Fact]
    public void An_end_by_the_task_bears_no_value_and_one_by_the_recording_does()
    {
        // Rows 0 1 2 | 3 4 | 5: terminated, truncated, end of the data. Rewards 1, 10, 100, ...
        using var data = Allocate(6);
        for (var row = 0; row < 6; row++)
            data.Rewards.Writable(row)[0] = (float)Math.Pow(10, row);
        data.Terminated.Writable(2)[0] = 1;
        data.Truncated.Writable(4)[0] = 1;
        using var bench = new Bench(TransitionPool.Of(data), 3);
        var found = new Dictionary<long, Window>();
        for (var row = 0; row < Batch; row++)
            found[bench.First.IndexOf(row)] = bench.Source.WindowOf(row);
        Assert.Equal(new Window(2, 2, 3, (float)(1 + 9 + 81), 0), found[0]);
        Assert.Equal(new Window(2, 2, 2, 10 + 90, 0), found[1]);
        Assert.Equal(new Window(2, 2, 1, 100, 0), found[2]);
        Assert.Equal(new Window(4, 4, 2, 1000 + 9000, 0.81f), found[3]);
        Assert.Equal(new Window(4, 4, 1, 10000, 0.9f), found[4]);
        Assert.Equal(new Window(5, 5, 1, 100000, 0.9f), found[5]);
    }

    [Fact]
    public void The_first_transitions_are_those_of_plain_batches_of_the_same_stream()
    {
        using var data = Recorded(new RandomStream(3, "first"), 50);
        using var bench = new Bench(TransitionPool.Of(data), 4);
        using var graph = new Graph.Graph(Batch);
        var inputs = BatchInputs.Create(graph, 2, 1);
        var plain = new BatchSource(data, new RandomStream(1, "batch"), inputs, bench.States, Normalizer.Identity(1), bench.Rewards);
        plain.Fill(0, Batch);
        bench.Source.Fill(0, Batch);
        foreach (var (expected, found) in inputs.All.Zip(bench.Inputs.First.All))
            Assert.Equal(Read(expected), Read(found));
        Assert.Equal(plain.CountersPerRun, bench.Source.CountersPerRun);
        Assert.Equal(bench.Inputs.All, bench.Source.Inputs);
    }

    /// <summary>All windows of a batch against the twin; on any partition, and with all values at their inputs.</summary>
    private static void Check(TransitionPool pool, Func<int, (TransitionDataset Table, long[] Order)> of, int steps, ulong seed)
    {
        using var bench = new Bench(pool, steps, new RewardTransform(1, 2), seed);
        bench.Source.Fill(0, Batch);
        var whole = bench.Inputs.All.Select(Read).ToArray();
        foreach (var input in bench.Inputs.All)
            input.Write(new float[input.Rows * input.Columns]);
        for (var first = 48; first >= 0; first -= 16)
            bench.Source.Fill(first, Math.Min(Batch, first + 16));
        Assert.Equal(whole, bench.Inputs.All.Select(Read).ToArray());

        float[] reward = Read(bench.Inputs.Reward), discount = Read(bench.Inputs.Discount), end = Read(bench.Inputs.End), nextEnd = Read(bench.Inputs.NextEnd);
        for (var row = 0; row < Batch; row++)
        {
            var (table, order) = of(row);
            var episode = EpisodeOf(table, order, bench.First.IndexOf(row));
            var at = Array.IndexOf(episode, bench.First.IndexOf(row));
            var window = episode[at..Math.Min(at + steps, episode.Length)];
            Assert.Equal(window.Select((index, i) => Math.Pow(Discount, i) * 2 * (table.Rewards[index][0] + 1)).Sum(), reward[row], 1e-4);
            Assert.Equal(table.Terminated[window[^1]][0] != 0 ? 0 : Math.Pow(Discount, window.Length), discount[row], 1e-6);
            Assert.Equal(window.Length, bench.Source.WindowOf(row).Length);
            var following = episode[Math.Min(at + 1, episode.Length - 1)..Math.Min(at + 1 + steps, episode.Length)];
            for (var i = 0; i < 2; i++)
            {
                Assert.Equal((table.NextObservations[window[^1]][i] - 1) * 3, end[(row * 2) + i]);
                Assert.Equal((table.NextObservations[following[^1]][i] - 1) * 3, nextEnd[(row * 2) + i]);
            }
        }
    }

    /// <summary>The rows of the episode that a row belongs to, in order of time.</summary>
    private static long[] EpisodeOf(TransitionDataset table, long[] order, long row)
    {
        var episodes = new List<List<long>> { new() };
        foreach (var index in order)
        {
            episodes[^1].Add(index);
            if (table.Terminated[index][0] != 0 || table.Truncated[index][0] != 0)
                episodes.Add([]);
        }

        return [.. episodes.Single(episode => episode.Contains(row))];
    }

    private static long[] OldestFirst(ReplayBuffer buffer) =>
        Enumerable.Range((int)(buffer.Collected - buffer.Count), (int)buffer.Count).Select(number => buffer.RowOf(number)).ToArray();

    private static TransitionDataset Recorded(RandomStream random, int rows)
    {
        var data = Allocate(rows);
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < 2; i++)
                (data.Observations.Writable(row)[i], data.NextObservations.Writable(row)[i]) = ((float)random.NextNormal(), (float)random.NextNormal());
            data.Rewards.Writable(row)[0] = (float)random.NextNormal();
            var (terminated, truncated) = Ends(random);
            (data.Terminated.Writable(row)[0], data.Truncated.Writable(row)[0]) = (terminated ? (byte)1 : (byte)0, truncated ? (byte)1 : (byte)0);
        }

        return data;
    }

    private static ReplayBuffer Collected(RandomStream random, int capacity, int added)
    {
        var buffer = new ReplayBuffer(capacity, 2, 1);
        for (var i = 0; i < added; i++)
        {
            var (terminated, truncated) = Ends(random);
            buffer.Add([(float)random.NextNormal(), i], [0], (float)random.NextNormal(), [(float)random.NextNormal(), i + 0.5f], terminated, truncated);
        }

        return buffer;
    }

    // Both marks at once count as terminated.
    private static (bool Terminated, bool Truncated) Ends(RandomStream random) => random.NextIndex(12) switch
    {
        0 => (true, false),
        1 => (false, true),
        2 => (random.NextIndex(2) == 0, true),
        _ => (false, false),
    };

    private static TransitionDataset Allocate(int rows) => new(
        Column<float>.Allocate(rows, 2), Column<float>.Allocate(rows, 1), Column<float>.Allocate(rows, 1),
        Column<float>.Allocate(rows, 2), Column<byte>.Allocate(rows, 1), Column<byte>.Allocate(rows, 1));

    private static float[] Read(InputNode input)
    {
        var values = new float[input.Rows * input.Columns];
        input.Read(values);
        return values;
    }

    private sealed class Bench : IDisposable
    {
        private readonly Graph.Graph _graph = new(Batch);

        public Bench(TransitionPool pool, int steps, RewardTransform? rewards = null, ulong seed = 1)
        {
            Rewards = rewards ?? new RewardTransform(0, 1);
            Inputs = WindowInputs.Create(_graph, 2, 1);
            First = new BatchSource(pool, new RandomStream(seed, "batch"), Inputs.First, States, Normalizer.Identity(1), Rewards);
            Source = new WindowSource(pool, First, Inputs, steps, Discount, States, Rewards);
        }

        public Normalizer States { get; } = new([1, 1], [3, 3]);

        public RewardTransform Rewards { get; }

        public WindowInputs Inputs { get; }

        public BatchSource First { get; }

        public WindowSource Source { get; }

        public void Dispose() => _graph.Dispose();
    }
}
