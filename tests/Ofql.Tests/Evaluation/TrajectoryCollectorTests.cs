using Ofql.Agents;
using Ofql.Agents.Sac;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Evaluation;
using Ofql.Kernels.Randomness;
using Ofql.Tests.Agents;
using Xunit;

namespace Ofql.Tests.Evaluation;

/// <summary>Rolling policies out into raw rows.</summary>
public sealed class TrajectoryCollectorTests
{
    private static readonly Dictionary<string, string> _facts = new() { ["name"] = "test" };

    [Fact]
    public void Rows_follow_each_other_and_cuts_are_marked()
    {
        using var rows = Collect([new CollectionStretch(450, Constant(0.5f))]);
        Assert.Equal(450, rows.Rows);
        for (long row = 0; row < 450; row++)
        {
            Assert.Equal(0.5f, rows.Actions[row][0]);
            Assert.Equal(0, rows.Terminals[row][0]);
            Assert.Equal(row % 200 == 199 ? 1 : 0, rows.Timeouts![row][0]);
        }

        // D4RL's rule: a timeout row is dropped, and the last row.
        using var data = rows.ToTransitions();
        Assert.Equal(447, data.Count);
        Assert.Equal("test", rows.Metadata["name"]);
        Assert.Equal("pendulum-v1", rows.Metadata["environment"]);
        Assert.StartsWith("Ofql", rows.Metadata["simulator"], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_row_can_be_replayed_from_the_first()
    {
        using var rows = Collect([new CollectionStretch(200, null)]);
        using var environment = new Pendulum();
        var observation = new float[3];
        environment.Reset(new RandomStream(1, "data").Split("starts"), observation);
        for (long row = 0; row < 200; row++)
        {
            Assert.Equal(observation, rows.Observations[row].ToArray());
            Assert.Equal((float)environment.Step(rows.Actions[row], observation).Reward, rows.Rewards[row][0]);
        }
    }

    [Fact]
    public void An_episode_goes_on_under_the_next_policy_unless_whole_ones_are_asked_for()
    {
        using var joined = Collect([new CollectionStretch(250, Constant(0.1f)), new CollectionStretch(250, Constant(0.2f))]);
        Assert.Equal([199L, 399L], Cuts(joined));
        Assert.Equal(0.1f, joined.Actions[249][0]);
        Assert.Equal(0.2f, joined.Actions[250][0]);
        using var whole = Collect([new CollectionStretch(250, Constant(0.1f)) { WholeEpisodes = true }, new CollectionStretch(250, Constant(0.2f))]);
        Assert.Equal(450, whole.Rows);
        Assert.Equal([199L, 399L], Cuts(whole));
        Assert.Equal(0.2f, whole.Actions[200][0]);
        Assert.Throws<OfqlException>(() => Collect([new CollectionStretch(150, null) { WholeEpisodes = true }]));

        static long[] Cuts(RawTrajectory rows) => Enumerable.Range(0, (int)rows.Rows).Select(row => (long)row).Where(row => rows.Timeouts![row][0] != 0).ToArray();
    }

    [Fact]
    public void Uniform_actions_and_their_density()
    {
        using var rows = Collect([new CollectionStretch(2000, null)]);
        var actions = Enumerable.Range(0, 2000).Select(row => rows.Actions[row][0]).ToArray();
        Assert.All(actions, action => Assert.InRange(action, -1, 1));
        Assert.InRange(actions.Average(), -0.06, 0.06);
        Assert.Equal((float)-Math.Log(2), rows.Infos["infos/action_log_probs"][7][0]);
    }

    [Fact]
    public void Densities_are_those_of_the_policy_and_absent_where_it_has_none()
    {
        using var data = OfqlBench.Data(20, 3, 1);
        var settings = new SacSettings { HiddenWidth = 16, OutputBound = 0.5 };
        using var agent = new SacAgent(settings, OfqlBench.Context(data));
        var reference = new SacReference(agent.Model, settings);
        using var rows = Collect([new CollectionStretch(300, () => agent.CreateActor(new ActingOptions { LogProbability = true }, 1))]);
        var noise = new RandomStream(1, "data").Split("exploration");
        var eps = new float[1];
        for (long row = 0; row < 300; row++)
        {
            Noise.FillNormal(noise, eps);
            var (action, density) = reference.Act(Array.ConvertAll(rows.Observations[row].ToArray(), x => (double)x), [eps[0]]);
            Assert.Equal(action[0], rows.Actions[row][0], 1e-5);
            Assert.Equal(density, rows.Infos["infos/action_log_probs"][row][0], 1e-3);
        }

        using var without = Collect([new CollectionStretch(100, null), new CollectionStretch(100, Constant(0))]);
        Assert.DoesNotContain("infos/action_log_probs", without.Infos.Keys);
    }

    [Fact]
    public void A_policy_of_another_environment_is_refused()
    {
        using var data = OfqlBench.Data();
        using var agent = new SacAgent(new SacSettings { HiddenWidth = 16 }, OfqlBench.Context(data));
        var error = Assert.Throws<OfqlException>(() => Collect([new CollectionStretch(10, () => agent.CreateActor(new ActingOptions(), 1))]));
        Assert.Contains("pendulum-v1 observes 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_can_be_stopped()
    {
        using var environment = new Pendulum();
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => TrajectoryCollector.Collect(environment, [new CollectionStretch(10, null)], new RandomStream(1, "data"), _facts, cancellation: stop.Token));
    }

    private static RawTrajectory Collect(CollectionStretch[] stretches)
    {
        using var environment = new Pendulum();
        return TrajectoryCollector.Collect(environment, stretches, new RandomStream(1, "data"), _facts);
    }

    private static Func<IActor> Constant(float action) => () => new ConstantActor(action);

    private sealed class ConstantActor(float action) : IActor
    {
        public int StateSize => 3;

        public int ActionSize => 1;

        public int Capacity => 1;

        public int NoisePerState => 0;

        public void Act(int count, ReadOnlySpan<float> states, ReadOnlySpan<float> noise, ReadOnlySpan<float> uniforms, Span<float> actions) => actions.Fill(action);

        public void Dispose()
        {
        }
    }
}
