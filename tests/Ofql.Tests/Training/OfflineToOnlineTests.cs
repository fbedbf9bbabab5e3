using Ofql.Agents;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Tests.Agents;
using Ofql.Tests.Shared;
using Ofql.Training;
using Xunit;

namespace Ofql.Tests.Training;

/// <summary>Every algorithm of the catalog goes on in an environment from what it has learned from data: tiny networks, the pendulum.</summary>
[Collection(Alone.Name)]
public sealed class OfflineToOnlineTests
{
    private const int OfflineUpdates = 6;
    private const int Steps = 200;

    private static readonly OnlineOptions _options = new() { StartSteps = 20, UniformStart = false, Seed = 3 };

    private static readonly Dictionary<string, string> _small = new()
    {
        ["hidden_width"] = "16", ["hidden_layers"] = "1", ["batch_size"] = "9", ["embedding_size"] = "8", ["actor_average_start"] = "3", ["actor_width"] = "8",
        ["pretrain_updates"] = "3", ["normalize_states"] = "standardize", ["learning_rate_decay"] = "none",
    };

    public static TheoryData<string> Agents => new(AgentCatalog.All.Select(factory => factory.Name));

    [Theory]
    [MemberData(nameof(Agents))]
    public void It_goes_on_with_the_same_bits_on_any_number_of_threads(string name)
    {
        using var data = SmallData.Make();
        var learned = Offline(name, data);
        using Run one = new(name, data, learned, threads: 1), two = new(name, data, learned, threads: 2);
        one.Advance(Steps);
        two.Advance(Steps);
        Assert.Equal(OfflineUpdates + Steps - _options.StartSteps, one.Agent.Step);
        Assert.Equal(Steps, one.Buffer.Collected);
        Assert.Empty(OfqlBench.Differences(OfqlBench.State(one.Learner), OfqlBench.State(two.Learner)));
        Assert.True(OfqlBench.IsFinite(one.Agent));
        // Its steps count in any case.
        var parameters = one.Agent.StateTensors.Select(tensor => tensor.Name).Where(tensor => !tensor.StartsWith("adam.", StringComparison.Ordinal));
        Assert.NotEmpty(OfqlBench.Differences(learned, OfqlBench.State(one.Agent)).Intersect(parameters));
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void Killed_and_resumed_equals_uninterrupted(string name)
    {
        using var data = SmallData.Make();
        var learned = Offline(name, data);
        using var whole = new Run(name, data, learned);
        whole.Advance(80);
        foreach (var stop in (int[])[7, 50])
        {
            var store = new OnlineLearnerTests.Memory();
            Dictionary<string, byte[]> saved;
            using (var first = new Run(name, data, learned, store: store))
            {
                first.Advance(stop);
                first.Learner.Store();
                saved = OfqlBench.State(first.Learner);
                first.Advance(5);
            }

            // A new process knows nothing of the first steps but what was saved.
            using var second = new Run(name, data, learned: null, store: store);
            OfqlBench.Restore(second.Learner, saved);
            second.Learner.Restore();
            second.Advance(80 - stop);
            Assert.Empty(OfqlBench.Differences(OfqlBench.State(whole.Learner), OfqlBench.State(second.Learner)));
        }
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void A_step_allocates_nothing(string name)
    {
        using var data = SmallData.Make();
        using var run = new Run(name, data, Offline(name, data), threads: 2);
        var metrics = new float[run.Learner.MetricNames.Count];
        var (thread, process) = Allocations.Of(250, () =>
        {
            run.Learner.Update();
            run.Learner.ReadMetrics(metrics);
        });
        Assert.Equal(0, thread);
        Assert.True(process < 4096, $"{process} bytes in 250 steps.");
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public void Its_actions_are_spread_from_the_first_step_on(string name)
    {
        using var data = SmallData.Make();
        var learned = Offline(name, data);
        using Run run = new(name, data, learned), quiet = new(name, data, learned, options: _options with { ExplorationNoise = 0 });
        using var actor = run.Agent.CreateActor(new ActingOptions { NoiseScale = 0 }, 1);
        using var exploring = run.Agent.CreateExplorer(1);
        run.Advance(20);
        quiet.Advance(20);
        Assert.InRange(Spread(run), 1e-4, 4);
        // One with noise of its own needs none.
        Assert.Equal(exploring.NoisePerState > 0, Spread(run) == Spread(quiet));
        Assert.Equal(name is "bc" or "td3_bc", exploring.NoisePerState == 0);

        double Spread(Run of)
        {
            var action = new float[1];
            var mean = 0.0;
            for (var row = 0; row < 20; row++)
            {
                actor.Act(1, of.Buffer.Table.Observations[row], new float[Math.Max(1, actor.NoisePerState)], [0.5f], action);
                var taken = of.Buffer.Table.Actions[row][0];
                Assert.InRange(taken, -1, 1);
                mean += Math.Abs(taken - action[0]) / 20;
            }

            return mean;
        }
    }

    [Fact]
    public void The_noise_of_a_deterministic_policy_is_a_tenth_of_the_half_range()
    {
        using var data = SmallData.Make();
        using var run = new Run("td3_bc", data, Offline("td3_bc", data), options: _options with { StartSteps = 1000 });
        using var actor = run.Agent.CreateActor(new ActingOptions(), 1);
        run.Advance(1000);
        var squares = new List<double>();
        var action = new float[1];
        for (var row = 0; row < 1000; row++)
        {
            actor.Act(1, run.Buffer.Table.Observations[row], [], [0.5f], action);
            // Near a bound it is cut.
            if (Math.Abs(action[0]) < 0.6)
                squares.Add(Math.Pow(run.Buffer.Table.Actions[row][0] - action[0], 2));
        }

        Assert.InRange(squares.Count, 200, 1000);
        Assert.InRange(Math.Sqrt(squares.Average()), 0.085, 0.115);
    }

    private static Dictionary<string, byte[]> Offline(string name, TransitionDataset data)
    {
        using var agent = AgentCatalog.Find(name).Create(Options(name), OfqlBench.Context(data));
        for (var i = 0; i < OfflineUpdates; i++)
            agent.Update();
        return OfqlBench.State(agent);
    }

    private static Dictionary<string, string> Options(string name)
    {
        var known = AgentCatalog.Find(name).Options.Select(option => option.Name).ToHashSet();
        return _small.Where(option => known.Contains(option.Key)).ToDictionary();
    }

    /// <summary>An agent that has learned offline, or one to be restored, at half recorded and half collected transitions.</summary>
    private sealed class Run : IDisposable
    {
        private readonly Pendulum _environment = new();

        public Run(string name, TransitionDataset data, Dictionary<string, byte[]>? learned, int threads = 1, ICollectionStore? store = null, OnlineOptions? options = null)
        {
            Buffer = new ReplayBuffer(1000, 3, 1);
            Agent = AgentCatalog.Find(name).Create(Options(name), OfqlBench.Context(data, threads: threads) with { Pool = TransitionPool.Of(data, Buffer, 0.5) });
            if (learned is not null)
                OfqlBench.Restore(Agent, learned);
            Learner = new OnlineLearner(Agent, _environment, Buffer, options ?? _options, store);
        }

        public ReplayBuffer Buffer { get; }

        public IAgent Agent { get; }

        public OnlineLearner Learner { get; }

        public void Advance(int steps)
        {
            for (var i = 0; i < steps; i++)
                Learner.Update();
        }

        public void Dispose()
        {
            Learner.Dispose();
            Agent.Dispose();
            Buffer.Dispose();
            _environment.Dispose();
        }
    }
}
