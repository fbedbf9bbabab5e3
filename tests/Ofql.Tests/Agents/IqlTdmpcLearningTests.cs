using Ofql.Agents;
using Ofql.Agents.IqlTdmpc;
using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Kernels.Randomness;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Agents;

/// <summary>
/// IQL-TD-MPC on a line that it can learn in seconds: s in [-1, 1] moves by a / 10, the reward is 1 beyond 0.8, and an episode of the data
/// drifts to one of the two ends, whatever the reward.
/// </summary>
public sealed class IqlTdmpcLearningTests
{
    private const int EpisodeLength = 20;

    private static IqlTdmpcSettings Settings { get; } = new()
    {
        HiddenWidth = 32, ManagerWidth = 32, EncoderWidth = 32, LatentSize = 8, AbstractSize = 2, BatchSize = 128, Window = 4, Discount = 0.9,
        LearningRate = 2e-3, CriticLearningRate = 2e-3, ValueLearningRate = 2e-3, LearningRateDecay = LearningRateDecay.None, PlanSamples = 32, PlanElites = 4,
    };

    [Theory]
    [InlineData(0, 1000)]
    [InlineData(700, 1400)]
    public void It_walks_to_the_reward_and_its_worker_goes_where_an_intent_points(int pretrain, int updates)
    {
        using var data = Line();
        using var agent = new IqlTdmpcAgent(Settings with { PretrainUpdates = pretrain }, OfqlBench.Context(data));
        for (var i = 0; i < updates; i++)
            agent.Update();

        // The data earn 4.0 an episode on average from a start at random (half of them never see the reward).
        var (found, recorded) = (Return(agent), data.Count / EpisodeLength is var episodes ? Enumerable.Range(0, (int)data.Count).Sum(row => data.Rewards[row][0]) / episodes : 0);
        Assert.True(found > 1.6 * recorded, $"return {found}, of the data {recorded}");

        // Values rise towards the reward, in the latent space, and the abstract actions of both drifts differ in it.
        var there = Under(agent, 0.6f, 0.9f);
        var away = Under(agent, -0.6f, -0.9f);
        Assert.True(there.Value > away.Value + 0.5, $"V {there.Value} near the reward, {away.Value} far from it");
        var (right, left) = (Under(agent, 0f, 0.35f).Action, Under(agent, 0f, -0.35f).Action);
        Assert.True(right > 0.3 && left < -0.3, $"action {right} with an intent to the right, {left} with one to the left");
    }

    /// <summary>The manager's V(h(s)), and the worker's action at s under the intent of a window from s to an end.</summary>
    private static (float Value, float Action) Under(IqlTdmpcAgent agent, float state, float end)
    {
        var model = agent.Model;
        using var graph = new Graph.Graph(1);
        using var team = new WorkerTeam(1);
        Graph.Nodes.InputNode s = graph.Input("s", 1), to = graph.Input("end", 1);
        var z = model.Encode(model.Omega, s);
        Node value = model.ManagerValue(z), action = model.Policy.Mean(model.Theta, Concatenate(s, model.Intent(z, model.Abstract(s, to))));
        using var program = new ProgramBuilder(graph).Compute(value, action).Build(team);
        s.WriteNumber(0, state);
        to.WriteNumber(0, end);
        program.Run();
        return (program.Scalar(value), program.Scalar(action));
    }

    /// <summary>Mean return of the policy over starts along the line.</summary>
    private static double Return(IqlTdmpcAgent agent)
    {
        const int count = 41;
        using var actor = agent.CreateActor(new ActingOptions(), count);
        float[] states = Enumerable.Range(0, count).Select(i => -1 + (2f * i / (count - 1))).ToArray(), actions = new float[count];
        var total = 0.0;
        for (var step = 0; step < EpisodeLength; step++)
        {
            actor.Act(count, states, OfqlBench.Normals(count * actor.NoisePerState, $"step {step}"), new float[count], actions);
            for (var i = 0; i < count; i++)
            {
                states[i] = Moved(states[i], actions[i]);
                total += Reward(states[i]) / count;
            }
        }

        return total;
    }

    private static TransitionDataset Line()
    {
        var random = new RandomStream(2, "line");
        var data = OfqlBench.Data(150 * EpisodeLength, 1, 1);
        var (state, drift) = (0f, 0.0);
        for (var row = 0L; row < data.Count; row++)
        {
            if (row % EpisodeLength == 0)
                (state, drift) = ((float)random.NextUniform(-1, 1), random.NextIndex(2) == 0 ? 0.6 : -0.6);
            var action = (float)Math.Clamp(drift + (0.5 * random.NextNormal()), -1, 1);
            data.Observations.Writable(row)[0] = state;
            data.Actions.Writable(row)[0] = action;
            data.NextObservations.Writable(row)[0] = state = Moved(state, action);
            data.Rewards.Writable(row)[0] = (float)Reward(state);
            data.Terminated.Writable(row)[0] = 0;
            data.Truncated.Writable(row)[0] = (byte)(row % EpisodeLength == EpisodeLength - 1 ? 1 : 0);
        }

        return data;
    }

    private static float Moved(float state, float action) => Math.Clamp(state + (0.1f * action), -1f, 1f);

    private static double Reward(float state) => state > 0.8f ? 1 : 0;
}
