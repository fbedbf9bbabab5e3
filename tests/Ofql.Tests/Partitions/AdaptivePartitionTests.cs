using Ofql.Kernels.Randomness;
using Ofql.Partitions;
using Xunit;

namespace Ofql.Tests.Partitions;

/// <summary>The partition against a list of boxes, which knows neither trees nor bits.</summary>
public sealed class AdaptivePartitionTests
{
    [Theory]
    [InlineData(1, 1, 1, 400)]
    [InlineData(2, 1, 1, 300)]
    [InlineData(1, 2, 3, 300)]
    [InlineData(3, 2, 2, 120)]
    public void It_agrees_with_a_list_of_boxes(int stateSize, int actionSize, int trees, int rounds)
    {
        for (ulong seed = 0; seed < 5; seed++)
        {
            var random = new RandomStream(seed, "partition");
            var partition = new AdaptivePartition(stateSize, actionSize, trees, 1 << 20, 7);
            var boxes = Enumerable.Range(0, trees).Select(_ => new List<Box> { new(new double[stateSize + actionSize], 1, 7, 0, 0) }).ToArray();
            for (var round = 0; round < rounds; round++)
            {
                var tree = (int)random.NextIndex(trees);
                var point = Point(random, stateSize + actionSize);
                // Exactly one box holds the point.
                var box = boxes[tree].Single(one => one.Holds(point));
                var cell = partition.Find(tree, Bits(point[..stateSize]), Bits(point[stateSize..]), out var depth);
                Assert.Equal((box.Q, box.Visits, box.Depth), (partition.Value(cell), partition.Visits(cell), depth));
                CheckState(partition, tree, boxes[tree], point[..stateSize]);
                box.Visits = partition.Visit(cell);
                partition.Set(cell, box.Q = (float)random.NextNormal());
                if (random.NextDouble() < 0.4)
                {
                    partition.Split(cell, depth);
                    boxes[tree].Remove(box);
                    boxes[tree].AddRange(box.Halves());
                }
            }

            Assert.Equal(boxes.Sum(list => list.Count), partition.Cells);
            Assert.All(boxes, list => Assert.Equal(1, list.Sum(box => Math.Pow(box.Width, stateSize + actionSize)), 1e-12));
        }
    }

    [Fact]
    public void Children_inherit_value_and_visits_and_halve_every_dimension()
    {
        var partition = new AdaptivePartition(2, 1, 1, 100, 3);
        partition.Visit(0);
        partition.Visit(0);
        partition.Set(0, -1.5f);
        partition.Split(0, 0);
        Assert.Equal((9, 8), (partition.Nodes, partition.Cells));
        var corner = new uint[1];
        for (var child = 1; child < 9; child++)
        {
            Assert.Equal((-1.5f, 2, 1), (partition.Value(child), partition.Visits(child), partition.ActionCorner(child, corner)));
            Assert.Equal(child > 4 ? 0x8000_0000u : 0, corner[0]);
        }
    }

    [Fact]
    public void It_grows_no_further_than_it_may()
    {
        var partition = new AdaptivePartition(1, 1, 2, 10, 0);
        partition.Split(0, 0);
        partition.Split(1, 0);
        partition.Split(2, 1);
        Assert.Equal((10, 8), (partition.Nodes, partition.Cells));
        var deep = new AdaptivePartition(1, 1, 1, 1000, 0);
        for (var i = 0; i < 40; i++)
            deep.Split(deep.Find(0, [0], [0], out var depth), depth);
        deep.Find(0, [0], [0], out var deepest);
        Assert.Equal(AdaptivePartition.MaximumDepth, deepest);
        Assert.Contains("2^17", Assert.Throws<UsageException>(() => new AdaptivePartition(11, 6, 1, 100, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_and_what_was_read_are_the_same_and_lead_lives_of_their_own()
    {
        var partition = Grown();
        var rows = new float[3 * partition.Nodes];
        partition.Read(rows);
        AdaptivePartition copy = new(2, 1, 2, 1 << 20, 0), written = new(2, 1, 2, 1 << 20, 0);
        copy.CopyFrom(partition);
        written.Write(rows);
        foreach (var other in (AdaptivePartition[])[copy, written])
        {
            Assert.Equal(partition.Nodes, other.Nodes);
            for (var node = 0; node < partition.Nodes; node++)
                Assert.Equal((partition.Value(node), partition.Visits(node), partition.FirstChild(node), partition.Depth(node)), (other.Value(node), other.Visits(node), other.FirstChild(node), other.Depth(node)));
        }

        partition.Split(partition.Find(1, [5, 6], [7], out var depth), depth);
        partition.Set(0, 99);
        Assert.NotEqual(partition.Nodes, copy.Nodes);
        Assert.NotEqual(99, copy.Value(0));
        copy.CopyFrom(partition);
        Assert.Equal(partition.Nodes, copy.Nodes);
    }

    [Fact]
    public void Damaged_rows_are_refused_or_describe_trees()
    {
        var partition = Grown();
        var whole = new float[3 * partition.Nodes];
        partition.Read(whole);
        var random = new RandomStream(3, "damage");
        var refused = 0;
        for (var round = 0; round < 2000; round++)
        {
            var rows = whole.ToArray();
            float[] values = [0, 1, 2, -1, 3.5f, float.NaN, float.PositiveInfinity, 1e9f, 10, 18, 26, partition.Nodes];
            rows[(3 * random.NextIndex(partition.Nodes)) + 2] = values[random.NextIndex(values.Length)];
            var other = new AdaptivePartition(2, 1, 2, 1 << 20, 0);
            try
            {
                other.Write(rows);
                Assert.InRange(other.Find(1, [uint.MaxValue, 0], [77], out _), 0, other.Nodes - 1);
                Assert.InRange(other.Best(0, [1u << 31, 4]), 0, other.Nodes - 1);
            }
            catch (OfqlException error)
            {
                Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.True(refused > 1000, $"{refused} refused");
        Assert.Throws<OfqlException>(() => partition.Write(whole.AsSpan(0, 3)));
        Assert.Throws<OfqlException>(() => partition.Write(whole.AsSpan(3)));
    }

    [Fact]
    public void The_cube_scales_bounded_entries_and_squashes_the_others()
    {
        var cube = UnitCube.Of(3, [-2, float.NegativeInfinity, 0], [2, float.PositiveInfinity, float.PositiveInfinity], 4, [-1, 10], [1, 30]);
        var point = new uint[3];
        cube.State([-1, 0, 4], point);
        Assert.Equal([0.25, 0.5, 0.5 * (1 + Math.Tanh(1))], point.Select(place => place / 4294967296.0), Close);
        cube.State([-3, float.MinValue, float.MaxValue], point);
        Assert.Equal([0u, 0u, uint.MaxValue], point);
        cube.State([2, float.NaN, 0], point);
        Assert.Equal(uint.MaxValue, point[0]);

        var action = new uint[2];
        cube.Action([0, 15], action);
        Assert.Equal([1u << 31, 1u << 30], action);
        // The middle of the cell [1/4, 1/2] of 10 .. 30, and its ends.
        Assert.Equal([17.5f, 15f, 20f], [cube.ActionAt(1, 1u << 30, 2, 0.5), cube.ActionAt(1, 1u << 30, 2, 0), cube.ActionAt(1, 1u << 30, 2, 1)]);
        Assert.Equal(0, cube.ActionAt(0, 0, 0, 0.5));
        // No bounds at all.
        var free = UnitCube.Of(1, null, null, 2, [-1], [1]);
        free.State([2], point.AsSpan(0, 1));
        Assert.Equal(0.5 * (1 + Math.Tanh(1)), point[0] / 4294967296.0, 1e-9);
    }

    private static bool Close(double a, double b) => Math.Abs(a - b) < 1e-9;

    private static AdaptivePartition Grown()
    {
        var partition = new AdaptivePartition(2, 1, 2, 1 << 20, 1);
        var random = new RandomStream(1, "grown");
        for (var i = 0; i < 60; i++)
        {
            var cell = partition.Find((int)random.NextIndex(2), Bits(Point(random, 2)), Bits(Point(random, 1)), out var depth);
            partition.Visit(cell);
            partition.Set(cell, i);
            if (i % 3 == 0)
                partition.Split(cell, depth);
        }

        return partition;
    }

    private static void CheckState(AdaptivePartition partition, int tree, List<Box> boxes, double[] state)
    {
        var holding = boxes.Where(box => box.HoldsState(state)).ToList();
        var cells = new int[1];
        var count = partition.List(tree, Bits(state), ref cells);
        Assert.Equal(holding.Select(box => box.Q).Order(), cells.Take(count).Select(partition.Value).Order());
        Assert.Equal(holding.Max(box => box.Q), partition.Value(partition.Best(tree, Bits(state))));
        var corner = new uint[holding[0].Low.Length - state.Length];
        var corners = cells.Take(count).Select(cell => (Depth: partition.ActionCorner(cell, corner), Place: string.Join(' ', corner.Select(place => place / 4294967296.0)))).Order();
        Assert.Equal(holding.Select(box => (box.Depth, string.Join(' ', box.Low[state.Length..]))).Order(), corners);
    }

    // Coarse, so that points on faces between cells are common.
    private static double[] Point(RandomStream random, int size) => Enumerable.Range(0, size).Select(_ => random.NextIndex(64) / 64.0).ToArray();

    private static uint[] Bits(double[] point) => Array.ConvertAll(point, x => (uint)(x * 4294967296.0));

    private sealed record Box(double[] Low, double Width, float First, int FirstVisits, int Depth)
    {
        public float Q { get; set; } = First;

        public int Visits { get; set; } = FirstVisits;

        public bool Holds(double[] point) => HoldsState(point);

        // The dimensions given, half open: a face belongs to the box above it.
        public bool HoldsState(double[] point) => point.Zip(Low).All(pair => pair.First >= pair.Second && pair.First < pair.Second + Width);

        public IEnumerable<Box> Halves() => Enumerable.Range(0, 1 << Low.Length)
            .Select(half => new Box(Low.Select((low, i) => low + ((half >> i & 1) * Width / 2)).ToArray(), Width / 2, Q, Visits, Depth + 1));
    }
}
