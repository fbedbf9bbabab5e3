using Ofql.Agents;
using Ofql.Agents.Cql;
using Ofql.Agents.Iql;
using Ofql.Agents.Td3Bc;
using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>What the golden cases of the classics leave out, number by number.</summary>
public sealed class ClassicsTests
{
    private static readonly ProgramMode _all = new(KeepAll: true);

    [Fact]
    public void Dropout_leaves_out_its_share_and_keeps_the_mean_and_acting_does_without()
    {
        using var data = OfqlBench.Data();
        var settings = new IqlSettings { HiddenWidth = 64, BatchSize = 200, Dropout = 0.25, LearningRate = 0 };
        var context = OfqlBench.Context(data);
        using var agent = new IqlAgent(settings, context, DataTransforms.Of(settings, context), _all);
        agent.Update();
        foreach (var uniform in agent.Losses.Dropout)
        {
            var values = new float[uniform.Rows * uniform.Columns];
            uniform.Read(values);
            // 12 800 draws: a share of 0.25 to within 5 deviations of 0.0038.
            Assert.InRange(values.Count(value => value < 0.25f) / (double)values.Length, 0.25 - 0.02, 0.25 + 0.02);
        }

        // The policy did not move, so that it differs from the one that acts by its masks alone; unscaled ones would leave 0.75 of each of two layers.
        var first = Read(agent.PolicyProgram, agent.PolicyTerms.Mean);
        using var actor = agent.CreateActor(new ActingOptions(), 200);
        var states = new float[200 * 5];
        agent.Losses.Batch.State.Read(states);
        var actions = new float[200 * 3];
        actor.Act(200, states, [], new float[200], actions);
        Assert.NotEqual(first, actions);
        Assert.InRange(first.Zip(actions, (masked, whole) => (double)masked * whole).Sum() / actions.Sum(whole => (double)whole * whole), 0.8, 1.25);
    }

    [Fact]
    public void A_deviation_is_that_of_the_sampling_policy()
    {
        using var data = OfqlBench.Data();
        using var agent = new IqlAgent(new IqlSettings { HiddenWidth = 24, BatchSize = 16, ActWith = GaussianActing.Sample, LogStdLow = -1, LogStdHigh = -0.5 }, OfqlBench.Context(data));
        using var actor = agent.CreateActor(new ActingOptions(), 1);
        float[] state = [0.1f, 0.2f, 0.3f, 0.4f, 0.5f], mean = new float[3], sample = new float[3];
        actor.Act(1, state, [0f, 0f, 0f], [0f], mean);
        actor.Act(1, state, [0.1f, -0.1f, 9f], [0f], sample);
        Assert.Equal(mean[0] + (0.1f * MathF.Exp(-0.5f)), sample[0], 1e-6f);
        Assert.Equal(mean[1] - (0.1f * MathF.Exp(-0.5f)), sample[1], 1e-6f);
        Assert.Equal(1f, sample[2]);
    }

    [Fact]
    public void The_penalty_finds_its_own_weight()
    {
        using var data = OfqlBench.Data();
        var settings = new CqlSettings { HiddenWidth = 24, BatchSize = 32, Lagrange = true, LagrangeGap = 0.8, CqlAlpha = 5, DifferenceLow = -200 };
        var context = OfqlBench.Context(data);
        using var agent = new CqlAgent(settings, context, DataTransforms.Of(settings, context), _all);
        agent.Update();
        var (terms, program) = (agent.CriticTerms, agent.Program);
        var surplus = program.Scalar(terms.Penalty.Difference1) + program.Scalar(terms.Penalty.Difference2) - 1.6f;
        // alpha' begins at e.
        Assert.Equal(MathF.E, program.Scalar(terms.Multiplier!), 1e-5f);
        Assert.Equal(program.Scalar(terms.Td.Loss) + (5 * MathF.E * surplus), program.Scalar(terms.Loss), 1e-3f);
        Assert.Equal(-0.5f * 5 * MathF.E * surplus, program.Scalar(terms.MultiplierLoss!), 1e-3f);
        var gradient = new float[1];
        agent.Model.Multiplier!.ReadGradient(agent.Model.Multiplier.Layout.Tensors[0], gradient);
        Assert.Equal(program.Scalar(terms.MultiplierLoss!), gradient[0], 1e-3f);
        // The differences exceed the gap at first, so the weight grows.
        Assert.True(surplus > 0);
        for (var i = 0; i < 20; i++)
            agent.Update();
        Assert.True(program.Scalar(terms.Multiplier!) > MathF.E);
    }

    [Fact]
    public void The_best_of_the_target_actions_is_backed_up()
    {
        using var data = OfqlBench.Data();
        var settings = new CqlSettings { HiddenWidth = 24, BatchSize = 32, MaxTargetBackup = true, CqlActions = 4 };
        var context = OfqlBench.Context(data);
        using var agent = new CqlAgent(settings, context, DataTransforms.Of(settings, context), _all);
        agent.Update();
        float[] q1 = Read(agent.Program, agent.CriticTerms.Td.NextQ1), q2 = Read(agent.Program, agent.CriticTerms.Td.NextQ2), y = Read(agent.Program, agent.CriticTerms.Td.Target);
        float[] reward = new float[32], mask = new float[32];
        agent.Losses.Batch.Reward.Read(reward);
        agent.Losses.Batch.Mask.Read(mask);
        for (var row = 0; row < 32; row++)
        {
            var best = Enumerable.Range(row * 4, 4).Max(i => Math.Min(q1[i], q2[i]));
            Assert.Equal(reward[row] + (0.99f * mask[row] * best), y[row], 1e-5f);
        }
    }

    [Fact]
    public void What_only_some_updates_have_is_kept_over_a_restart()
    {
        using var data = OfqlBench.Data();
        var settings = new Td3BcSettings { HiddenWidth = 24, BatchSize = 16, PolicyDelay = 4 };
        using Td3BcAgent agent = new(settings, OfqlBench.Context(data)), resumed = new(settings, OfqlBench.Context(data));
        for (var i = 0; i < 6; i++)
            agent.Update();
        OfqlBench.Restore(resumed, OfqlBench.State(agent));
        for (var i = 0; i < 4; i++)
        {
            agent.Update();
            resumed.Update();
            Assert.Equal(OfqlBench.Metrics(agent), OfqlBench.Metrics(resumed));
        }

        Assert.NotEqual(0f, OfqlBench.Metrics(agent)["actor/lambda"]);
    }

    [Fact]
    public void The_expectile_of_one_half_is_half_the_mean_square()
    {
        using var data = OfqlBench.Data();
        var settings = new IqlSettings { HiddenWidth = 24, BatchSize = 64, Expectile = 0.5 };
        var context = OfqlBench.Context(data);
        using var agent = new IqlAgent(settings, context, DataTransforms.Of(settings, context), _all);
        agent.Update();
        var d = Read(agent.ValueProgram, agent.ValueTerms.Advantage);
        Assert.Equal(0.5 * d.Average(value => (double)value * value), agent.ValueProgram.Scalar(agent.ValueTerms.Loss), 1e-6);
    }

    private static float[] Read(Program program, Node node)
    {
        var values = new float[node.Rows * node.Columns];
        program.Read(node, values);
        return values;
    }
}
