using Ofql.Agents;
using Ofql.Data;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>
/// One-step policies on a task that they can learn in seconds. The data act in one of four corners (+-0.6, +-0.6), whatever the state
/// (s1, s2); the reward a1 sign(s1) + a2 sign(s2) prefers one of them, and would be larger still beyond it, where there are no data.
/// </summary>
public sealed class OneStepPolicyLearningTests
{
    private const double Corner = 0.6;
    private const double Deviation = 0.05;

    private const string Common = "batch_size=128 discount=0 hidden_width=64 hidden_layers=2 learning_rate=2e-3 critic_learning_rate=2e-3";

    private const string MeanFlowQl = "actor_width=32 embedding_size=16 time_steps=10 alpha_schedule=constant";
    private const string Dtql = "pretrain_updates=500 sigma_low=0.02";

    private const string Cpql = "levels=20 sigma_low=0.05 sigma_high=10 actor_average_start=0 actor_average_every=1 actor_decay=0.9";

    [Theory]
    [InlineData("fql", 1500, "alpha=1")]
    [InlineData("meanflow_ql", 1000, MeanFlowQl + " alpha=1")]
    [InlineData("dtql", 1500, Dtql + " alpha=0.02")]
    [InlineData("cpql", 1500, "eta=3")]
    public void Where_q_decides_the_better_corner_is_found(string agent, int updates, string options)
    {
        var outcome = Learn(agent, updates, options);
        Assert.True(outcome.Reward > 0.8 * 2 * Corner, outcome.ToString());
    }

    [Theory]
    [InlineData("fql", 1500, "alpha=100")]
    [InlineData("meanflow_ql", 1000, MeanFlowQl + " alpha=30")]
    [InlineData("cpql", 2500, Cpql + " eta=0.01 behaviour_loss=consistency")]
    public void Where_the_data_decide_all_four_corners_come_out_of_one_step(string agent, int updates, string options)
    {
        var outcome = Learn(agent, updates, options);
        Assert.True(outcome.Distance < 0.3 && outcome.RarestCorner > 0.12, outcome.ToString());
    }

    /// <summary>DTQL seeks a mode: held by the trust region, its Gaussian is at the better corner and not beyond.</summary>
    [Fact]
    public void A_trust_region_lets_the_better_corner_be_found_and_the_data_not_left()
    {
        var outcome = Learn("dtql", 1500, Dtql + " alpha=1");
        Assert.True(outcome.Reward > 0.8 * 2 * Corner && outcome.Distance < 0.2, outcome.ToString());
    }

    /// <summary>
    /// CPQL's code reconstructs the data from every noise level. From the largest nothing is left of them: the best answer is their
    /// mean, amid the corners. Consistency between levels, the paper's loss, does better.
    /// </summary>
    [Fact]
    public void Reconstruction_regresses_to_the_mean_of_the_data()
    {
        var outcome = Learn("cpql", 1500, Cpql + " eta=0.01");
        Assert.True(outcome.Distance > 0.5 && outcome.Size < 0.2, outcome.ToString());
    }

    /// <summary>Where each state has one corner, the mean is that corner.</summary>
    [Fact]
    public void Reconstruction_of_a_single_mode_finds_it()
    {
        var outcome = Learn("cpql", 1500, Cpql + " eta=0", ofState: true);
        Assert.True(outcome.Miss < 0.15, outcome.ToString());
    }

    private static Outcome Learn(string agent, int updates, string options, bool ofState = false)
    {
        using var data = Corners(ofState);
        using var learner = AgentCatalog.Find(agent).Create(
            $"{Common} {options}".Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(option => option.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]),
            OfqlBench.Context(data) with { PlannedUpdates = updates });
        for (var update = 0; update < updates; update++)
            learner.Update();
        return Judge(learner);
    }

    /// <summary>Any of the corners, or the one that belongs to the state, with nothing to gain.</summary>
    private static TransitionDataset Corners(bool ofState)
    {
        var random = new RandomStream(2, "corners");
        var data = OfqlBench.Data(2000, 2, 2);
        for (var row = 0L; row < data.Count; row++)
        {
            var state = data.Observations[row];
            var action = data.Actions.Writable(row);
            for (var i = 0; i < 2; i++)
            {
                var positive = ofState ? state[i] > 0 : random.NextIndex(2) == 0;
                action[i] = (float)((positive ? Corner : -Corner) + (Deviation * random.NextNormal()));
            }

            data.Rewards.Writable(row)[0] = ofState ? 0 : (float)Reward(state, action);
        }

        return data;
    }

    private static double Reward(ReadOnlySpan<float> state, ReadOnlySpan<float> action) => (action[0] * Math.Sign(state[0])) + (action[1] * Math.Sign(state[1]));

    private static Outcome Judge(IAgent agent)
    {
        const int count = 400;
        using var actor = agent.CreateActor(new ActingOptions(), count);
        float[] states = OfqlBench.Normals(count * 2, "state"), actions = new float[count * 2];
        actor.Act(count, states, OfqlBench.Normals(count * actor.NoisePerState), new float[count], actions);
        double reward = 0, distance = 0, size = 0, miss = 0;
        var corners = new int[4];
        for (var i = 0; i < count; i++)
        {
            ReadOnlySpan<float> state = states.AsSpan(2 * i, 2), action = actions.AsSpan(2 * i, 2);
            reward += Reward(state, action) / count;
            distance += Math.Sqrt(Math.Pow(Math.Abs(action[0]) - Corner, 2) + Math.Pow(Math.Abs(action[1]) - Corner, 2)) / count;
            size += (Math.Abs(action[0]) + Math.Abs(action[1])) / (2 * count);
            miss += (Math.Abs(action[0] - (Corner * Math.Sign(state[0]))) + Math.Abs(action[1] - (Corner * Math.Sign(state[1])))) / (2 * count);
            corners[(action[0] > 0 ? 1 : 0) + (action[1] > 0 ? 2 : 0)]++;
        }

        return new Outcome(reward, distance, (double)corners.Min() / count, size, miss);
    }

    /// <summary>
    /// Of single samples: mean reward, mean distance from the nearest corner, share of samples at the rarest of the four; per entry, the mean
    /// size and the mean distance from the better corner.
    /// </summary>
    private sealed record Outcome(double Reward, double Distance, double RarestCorner, double Size, double Miss);
}
