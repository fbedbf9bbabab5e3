using Ofql.Agents;
using Ofql.Agents.Aql;
using Ofql.Agents.Spaql;
using Ofql.Data;
using Ofql.Partitions;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>The arithmetic of adaptive Q-learning by hand, its policy search, how it acts.</summary>
[Collection(Alone.Name)]
public sealed class AdaptiveQTests
{
    private static readonly uint[] _low = [0];

    [Fact]
    public void Updates_by_hand()
    {
        using var data = Rows((0.1f, 0.2f, 0.5f, 0.1f, false));
        using var agent = new SpaqlAgent(new SpaqlSettings { Horizon = 5, Bonus = 1 }, Context(data));
        // H = 5, r = 0.5, V = 5 all the time: alpha = 6/6, 6/7, 6/8, 6/9; bonus 1, 1/sqrt 2, 1/sqrt 3, 1/2. Splits at n = 1 and n = 4.
        (double Q, int Cells, int Depth)[] expected =
        [
            (6.5, 4, 1),
            ((6.5 / 7) + (6.0 / 7 * 6.2071067811865475), 4, 1),
            (6.120250, 4, 1),
            (6.040083, 7, 2),
        ];
        foreach (var (q, cells, depth) in expected)
        {
            agent.Update();
            var cell = agent.Partition.Find(0, Place(0.1), Place(0.2), out var found);
            Assert.Equal(q, agent.Partition.Value(cell), 1e-5);
            Assert.Equal((cells, depth), (agent.Partition.Cells, found));
        }

        Assert.Equal(4, agent.Partition.Visits(agent.Partition.Find(0, Place(0.1), Place(0.2), out _)));
        // Its neighbour in the first split has what it inherited.
        var other = agent.Partition.Find(0, Place(0.6), Place(0.2), out _);
        Assert.Equal((6.5f, 1), (agent.Partition.Value(other), agent.Partition.Visits(other)));
        Assert.Equal([6.040083f, 6f, 7f, 1f], OfqlBench.Metrics(agent).Values.Take(4), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void The_end_of_a_task_has_no_value_and_rewards_are_transformed()
    {
        using var ended = Rows((0.1f, 0.2f, 0.5f, 0.1f, true));
        using var agent = new SpaqlAgent(new SpaqlSettings { Horizon = 5, Bonus = 1, RewardShift = 2, RewardScale = 0.1 }, Context(ended));
        agent.Update();
        Assert.Equal(0.25 + 1, agent.Partition.Value(0), 1e-6);
    }

    [Fact]
    public void A_small_value_of_the_next_state_is_taken_as_it_is()
    {
        using var data = Rows((0.1f, 0.2f, -7f, 0.6f, false));
        using var agent = new SpaqlAgent(new SpaqlSettings { Horizon = 5, Bonus = 0 }, Context(data));
        agent.Update();
        // Q = -7 + 5 everywhere; then alpha = 6/7 and V = -2.
        agent.Update();
        Assert.Equal((-2 / 7.0) + (6 / 7.0 * -9), agent.Partition.Value(agent.Partition.Find(0, Place(0.1), Place(0.2), out _)), 1e-5);
    }

    [Fact]
    public void A_tree_per_step_looks_one_tree_ahead_and_the_last_nowhere()
    {
        using var data = Rows((0.1f, 0.2f, 0.5f, 0.1f, false), (0.1f, 0.3f, 0.25f, 0.1f, false), (0.1f, 0.4f, 1f, 0.1f, false));
        using var agent = new AqlAgent(new AqlSettings { Horizon = 2, Bonus = 0 }, Context(data));
        Assert.Equal(2, agent.Partition.Trees);
        for (var i = 0; i < 200; i++)
            agent.Update();
        // Rows 1 and 2 are steps 1 and 2; both learn in the last tree, of a return of 0.25 and 1.
        Assert.InRange(agent.Partition.Value(agent.Partition.Best(1, _low)), 0.9, 1.1);
        var first = agent.Partition.Value(agent.Partition.Find(0, Place(0.1), Place(0.2), out _));
        Assert.InRange(first, 1.4, 1.7);
    }

    [Fact]
    public void The_search_by_hand()
    {
        var search = new PolicySearch(new SpaqlSettings());
        Assert.False(search.HasBest);
        Assert.Equal(SearchStep.Keep, search.Next(10, 1));
        Check(0.01, 2, 10);
        // Worse, no split: nothing changes. Then the first split, and one more failure without.
        Assert.Equal(SearchStep.Continue, search.Next(9, 1));
        Check(0.01, 2, 10);
        Assert.Equal(SearchStep.Continue, search.Next(9, 4));
        Check(0.02, 2, 10);
        Assert.Equal(SearchStep.Continue, search.Next(9, 4));
        Check(0.04, 2, 10);
        // As good as the best is an improvement.
        Assert.Equal(SearchStep.Keep, search.Next(10, 4));
        Check(0.01, Math.Pow(2, 0.8), 10);
        Assert.Equal(SearchStep.Continue, search.Next(5, 7));
        Check(0.01 * Math.Pow(2, 0.8), Math.Pow(2, 0.8), 10);
        // The second split.
        Assert.Equal(SearchStep.Return, search.Next(6, 10));
        search.Returned(4);
        Check(0.01, Math.Pow(2, 0.8), 10);
        Assert.Equal(SearchStep.Continue, search.Next(6, 4));
        Check(0.01, Math.Pow(2, 0.8), 10);
        Assert.Equal(SearchStep.Continue, search.Next(6, 7));
        for (var i = 0; i < 100; i++)
            search.Next(6, 7);
        Assert.InRange(search.Temperature, 10, 10 * 2);

        void Check(double temperature, double factor, double best)
        {
            Assert.Equal(temperature, search.Temperature, 1e-12);
            Assert.Equal(factor, search.Factor, 1e-12);
            Assert.Equal(best, search.BestReturn);
        }
    }

    [Fact]
    public void The_policy_is_the_best_copy_and_a_failed_search_goes_back_to_it()
    {
        using var data = OfqlBench.Data(60, 1, 1);
        using var agent = new SpaqlAgent(new SpaqlSettings { Horizon = 5, Bonus = 1 }, OfqlBench.Context(data));
        Assert.Same(agent.Partition, agent.Policy);
        agent.EndTrial(1);
        Run(5);
        agent.EndTrial(2);
        var kept = agent.Partition.Cells;
        Run(100);
        Assert.NotEqual(kept, agent.Partition.Cells);
        Assert.Equal(kept, agent.Policy.Cells);
        agent.EndTrial(1);
        Run(500);
        agent.EndTrial(1);
        Assert.Equal(kept, agent.Partition.Cells);
        Run(20);
        agent.EndTrial(3);
        Assert.Equal(agent.Partition.Cells, agent.Policy.Cells);

        void Run(int updates)
        {
            for (var i = 0; i < updates; i++)
                agent.Update();
        }
    }

    [Fact]
    public void Cells_are_chosen_by_value_and_temperature_and_actions_within_them_by_the_noise()
    {
        var partition = new AdaptivePartition(1, 1, 1, 100, 0);
        partition.Split(0, 0);
        // State below 1/2: the lower half of the actions has Q = 2, the upper 1.
        partition.Set(1, 2);
        partition.Set(3, 1);
        var cube = UnitCube.Of(1, [0], [1], 1, [-1], [1]);
        using var greedy = new AdaptiveQActor(partition, cube, 1, 1);
        using var quiet = new AdaptiveQActor(partition, cube, 0, 1);
        using var warm = new AdaptiveQActor(partition, cube, 1, 1, () => 0.5);
        Assert.Equal(-0.5f, Act(quiet, 3, 0.99f));
        Assert.Equal(-0.5f, Act(greedy, 0, 0.99f));
        Assert.Equal(-1 + 0.8413447f, Act(greedy, 1, 0), 1e-6);
        Assert.Equal(-1 + 0.1586553f, Act(greedy, -1, 0), 1e-6);
        // exp(1 / 0.5) against exp(0.5 / 0.5): e / (e + 1) = 0.7311.
        Assert.Equal((-0.5f, 0.5f), (Act(warm, 0, 0.731f), Act(warm, 0, 0.7312f)));
        partition.Set(1, 0);
        partition.Set(3, 0);
        Assert.Equal((-0.5f, 0.5f), (Act(warm, 0, 0.49f), Act(warm, 0, 0.51f)));

        static float Act(IActor actor, float noise, float uniform)
        {
            var action = new float[1];
            actor.Act(1, [0.3f], [noise], [uniform], action);
            return action[0];
        }
    }

    /// <summary>Standard normal distribution function by published tables.</summary>
    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 0.8413447461)]
    [InlineData(-1.96, 0.0249978951)]
    [InlineData(3, 0.9986501020)]
    [InlineData(-5, 2.866516e-7)]
    public void The_share_of_normal_numbers(double z, double share) => Assert.Equal(share, AdaptiveQActor.NormalShare(z), 1e-7);

    [Fact]
    public void Acting_and_learning_allocate_nothing_once_the_tree_is_full()
    {
        using var data = OfqlBench.Data(300, 2, 1);
        using var agent = new SpaqlAgent(new SpaqlSettings { MaximumNodes = 500 }, OfqlBench.Context(data));
        for (var i = 0; i < 5000; i++)
            agent.Update();
        using var explorer = ((IAgent)agent).CreateExplorer(1);
        var action = new float[1];
        Assert.Equal((0L, 0L), Allocations.Of(500, () =>
        {
            agent.Update();
            explorer.Act(1, [0.3f, -0.2f], [0.4f], [0.7f], action);
        }));
        Assert.InRange(agent.Partition.Nodes, 490, 500);
    }

    [Fact]
    public void What_cannot_be_done_is_refused()
    {
        using var wide = OfqlBench.Data(10, 17, 6);
        Assert.Contains("2^23", Assert.Throws<UsageException>(() => new SpaqlAgent(new SpaqlSettings(), OfqlBench.Context(wide))).Message, StringComparison.Ordinal);
        using var data = OfqlBench.Data(10);
        Assert.Contains("maximum_nodes", Assert.Throws<UsageException>(() => new AqlAgent(new AqlSettings { MaximumNodes = 100 }, OfqlBench.Context(data))).Message, StringComparison.Ordinal);
        Assert.Throws<OfqlException>(() => new SpaqlAgent(new SpaqlSettings(), OfqlBench.Context(data) with { ActionLow = [0] }));
    }

    [Fact]
    public void A_policy_with_a_damaged_tree_is_refused()
    {
        using var data = OfqlBench.Data();
        using var agent = new SpaqlAgent(new SpaqlSettings(), OfqlBench.Context(data));
        for (var i = 0; i < 50; i++)
            agent.Update();
        var artefact = agent.ExportPolicy();
        foreach (var (at, child) in ((int, float)[])[(0, 0), (0, 2), (5, 1), (5, -3), (3, 1e8f), (2, 1.5f)])
        {
            var tensor = artefact.Tensors["tree_child"].Values.ToArray();
            tensor[at] = child;
            Refused(artefact with { Tensors = artefact.Tensors.Append(new("tree_child", ([tensor.Length], tensor))).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Last().Value) });
        }

        foreach (var (fact, value) in ((string, string)[])[("nodes", "-1"), ("nodes", "x"), ("trees", "0"), ("trees", "99999999999"), ("state_size", "40"), ("trees", "7")])
            Refused(artefact with { Metadata = artefact.Metadata.ToDictionary(pair => pair.Key, pair => pair.Key == fact ? value : pair.Value) });

        static void Refused(PolicyArtefact policy) => Assert.Throws<OfqlException>(() => AgentCatalog.CreateActor(policy, new ActingOptions(), 1));
    }

    private static uint[] Place(double x) => [(uint)(x * 4294967296.0)];

    private static AgentContext Context(TransitionDataset data) => new(data, [0], [1], Seed: 1, Threads: 1, PlannedUpdates: 100) { StateLow = [0], StateHigh = [1] };

    /// <summary>Transitions of one episode of one state and one action entry.</summary>
    private static TransitionDataset Rows(params (float State, float Action, float Reward, float Next, bool Terminated)[] rows)
    {
        using var buffer = new ReplayBuffer(rows.Length, 1, 1);
        foreach (var row in rows)
            buffer.Add([row.State], [row.Action], row.Reward, [row.Next], row.Terminated, truncated: false);
        return buffer.Snapshot();
    }
}
