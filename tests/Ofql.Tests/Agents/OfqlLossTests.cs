using Ofql.Agents;
using Ofql.Agents.Ofql;
using Ofql.Data;
using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>What single options do to the losses, number by number.</summary>
public sealed class OfqlLossTests
{
    [Fact]
    public void Without_the_q_term_the_actor_does_not_know_of_rewards()
    {
        using TransitionDataset data = OfqlBench.Data(), paid = OfqlBench.Data(reward: row => row % 7);
        Assert.Empty(ActorDifferences(0));
        Assert.NotEmpty(ActorDifferences(0.1));

        string[] ActorDifferences(double eta) => OfqlBench.Differences(
            OfqlBench.StateAfter(data, 10, s => s with { Eta = eta }), OfqlBench.StateAfter(paid, 10, s => s with { Eta = eta }))
            .Where(name => name.StartsWith("actor", StringComparison.Ordinal) || name.StartsWith("adam.actor", StringComparison.Ordinal)).ToArray();
    }

    [Fact]
    public void The_q_term_is_divided_by_the_other_critic_at_policy_or_data_actions_or_not_at_all()
    {
        using var data = OfqlBench.Data();
        foreach (var normalization in Enum.GetValues<QNormalization>())
        {
            // A critic that stands still is the same in its own step and in the actor's.
            using var agent = OfqlBench.Agent(data, s => s with { QNormalization = normalization, CriticLearningRate = 0, QFloor = 0 }, keepAll: true);
            foreach (var coin in new[] { 0, 1 })
            {
                agent.Update(coin);
                var (terms, program) = (agent.ActorTerms[coin].Q, agent.ActorProgram(coin));
                var other = normalization switch
                {
                    QNormalization.Policy => Read(program, coin == 0 ? terms.Q2 : terms.Q1),
                    QNormalization.Same => Read(program, coin == 0 ? terms.Q1 : terms.Q2),
                    QNormalization.Data => Read(agent.CriticProgram, coin == 0 ? agent.CriticTerms.Q2 : agent.CriticTerms.Q1),
                    _ => [1f],
                };
                var scale = other.Average(q => Math.Abs((double)q));
                Assert.Equal(scale, program.Scalar(terms.Scale), 1e-6 * scale);
                var judged = Read(program, coin == 0 ? terms.Q1 : terms.Q2).Average(q => (double)q);
                Assert.Equal(-judged / scale, program.Scalar(terms.Loss), 1e-5 * Math.Max(1, Math.Abs(judged / scale)));
            }
        }
    }

    [Fact]
    public void The_denominator_has_a_floor()
    {
        using var data = OfqlBench.Data();
        using var agent = OfqlBench.Trained(data, 1, s => s with { QFloor = 50 });
        Assert.Equal(50f, OfqlBench.Metrics(agent)["actor/q_scale"]);
    }

    [Fact]
    public void The_sum_over_action_entries_is_their_number_times_the_mean()
    {
        using var data = OfqlBench.Data();
        using OfqlAgent mean = OfqlBench.Trained(data, 1), sum = OfqlBench.Trained(data, 1, s => s with { BcReduction = ErrorReduction.Sum });
        var loss = OfqlBench.Metrics(mean)["actor/bc_loss"];
        Assert.Equal(OfqlBench.ActionSize * loss, OfqlBench.Metrics(sum)["actor/bc_loss"], 1e-5f * loss);
    }

    [Fact]
    public void Relative_to_the_behaviour_loss_eta_is_multiplied_by_it()
    {
        using var data = OfqlBench.Data();
        using var relative = OfqlBench.Agent(data, s => s with { Eta = 3, EtaScale = EtaScale.BehaviourLoss });
        relative.Update(coin: 0);
        var metrics = OfqlBench.Metrics(relative);
        using var fixedEta = OfqlBench.Agent(data, s => s with { Eta = 3.0 * metrics["actor/bc_loss"] });
        fixedEta.Update(coin: 0);
        // The same loss with the same gradient: what is multiplied is a number, not a way to make the behaviour loss smaller.
        Assert.Equal(OfqlBench.Metrics(fixedEta)["actor/loss"], metrics["actor/loss"], 1e-5f * Math.Abs(metrics["actor/loss"]));
        Assert.Equal(OfqlBench.Metrics(fixedEta)["actor/gradient_norm"], metrics["actor/gradient_norm"], 1e-5f * metrics["actor/gradient_norm"]);
        using var other = OfqlBench.Agent(data, s => s with { Eta = 3 });
        other.Update(coin: 0);
        Assert.NotEqual(OfqlBench.Metrics(other)["actor/gradient_norm"], metrics["actor/gradient_norm"], 1e-3f);
    }

    [Fact]
    public void All_rows_at_the_end_point_act_from_noise_to_data()
    {
        using var data = OfqlBench.Data();
        using var agent = OfqlBench.Agent(data, s => s with { Times = new TimeSampling { EndpointShare = 1 } }, keepAll: true);
        agent.Update(coin: 0);
        Assert.All(Read(Losses(agent).R), r => Assert.Equal(0f, r));
        Assert.All(Read(Losses(agent).T), t => Assert.Equal(1f, t));
        // At t = 1 nothing is left of the action.
        Assert.Equal(Read(agent.Losses.NoiseBehaviour), Read(agent.ActorProgram(0), Losses(agent).Behaviour.At));
    }

    [Fact]
    public void With_equal_times_the_loss_is_that_of_plain_flow_matching()
    {
        using var data = OfqlBench.Data();
        using var agent = OfqlBench.Agent(data, s => s with { Times = new TimeSampling { FlowRatio = 1 } }, keepAll: true);
        for (var update = 0; update < 5; update++)
        {
            agent.Update(coin: 0);
            var (terms, program) = (Losses(agent).Behaviour, agent.ActorProgram(0));
            float[] r = Read(Losses(agent).R), t = Read(Losses(agent).T), a = Read(agent.Losses.Batch.Action), noise = Read(agent.Losses.NoiseBehaviour);
            Assert.Equal(r, t);
            Assert.True(t.Distinct().Count() > 20);
            Assert.Equal(Read(program, terms.Velocity), Read(program, terms.Target));
            float[] at = Read(program, terms.At), u = Read(program, terms.U);
            double loss = 0;
            for (var i = 0; i < u.Length; i++)
            {
                var time = t[i / OfqlBench.ActionSize];
                Assert.Equal(((1 - time) * a[i]) + (time * noise[i]), at[i], 1e-6f);
                loss += Math.Pow(u[i] - ((double)noise[i] - a[i]), 2) / u.Length;
            }

            Assert.Equal(loss, program.Scalar(agent.Losses.BehaviourLoss), 1e-5 * loss);
        }
    }

    [Fact]
    public void The_best_of_several_target_actions_is_worth_at_least_any_single_one()
    {
        using var data = OfqlBench.Data();
        using var one = OfqlBench.Trained(data, 1, s => s with { MaxQBackup = true, MaxQCandidates = 1 }, keepAll: true);
        using var plain = OfqlBench.Trained(data, 1, keepAll: true);
        using var ten = OfqlBench.Trained(data, 1, s => s with { MaxQBackup = true }, keepAll: true);
        // One candidate is no choice.
        Assert.Equal(Read(plain.CriticProgram, plain.CriticTerms.Target), Read(one.CriticProgram, one.CriticTerms.Target));
        Assert.Equal(10 * plain.CriticTerms.NextAction.Rows, ten.CriticTerms.NextAction.Rows);
        Assert.True(Read(ten.CriticProgram, ten.CriticTerms.NextQ1).Average() > Read(plain.CriticProgram, plain.CriticTerms.NextQ1).Average());
    }

    [Fact]
    public void A_terminated_transition_is_worth_its_reward_and_a_truncated_one_goes_on()
    {
        using var data = OfqlBench.Data();
        using var agent = OfqlBench.Trained(data, 1, s => s with { BatchSize = 256 }, keepAll: true);
        float[] mask = Read(agent.Losses.Batch.Mask), reward = Read(agent.Losses.Batch.Reward), target = Read(agent.CriticProgram, agent.CriticTerms.Target);
        float[] q1 = Read(agent.CriticProgram, agent.CriticTerms.NextQ1), q2 = Read(agent.CriticProgram, agent.CriticTerms.NextQ2);
        Assert.InRange(mask.Count(m => m == 0), 1, 60);
        for (var i = 0; i < mask.Length; i++)
            Assert.Equal(reward[i] + (0.99f * mask[i] * Math.Min(q1[i], q2[i])), target[i], 1e-6f);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("critic layer norm")]
    [InlineData("no embedding network")]
    [InlineData("mean flow sinusoids")]
    [InlineData("adaptive")]
    [InlineData("normalised")]
    public void Both_losses_fall(string variant)
    {
        // Rewards and actions follow from the state; without a future the critics learn a regression.
        using var data = OfqlBench.Data(400, reward: row => 0);
        for (var row = 0L; row < data.Count; row++)
        {
            var s = data.Observations[row];
            data.Rewards.Writable(row)[0] = s[0] + (0.5f * s[1]);
            for (var i = 0; i < OfqlBench.ActionSize; i++)
                data.Actions.Writable(row)[i] = MathF.Tanh(s[i]);
        }

        using var agent = OfqlBench.Agent(data, s => Variant(s) with { Discount = 0, Eta = 0, BatchSize = 128, LearningRate = 2e-3, CriticLearningRate = 2e-3 });
        var (firstCritic, firstActor) = Losses(20);
        Losses(250);
        var (lastCritic, lastActor) = Losses(20);
        Assert.True(lastCritic < 0.35 * firstCritic, $"critic {firstCritic} to {lastCritic}");
        Assert.True(lastActor < 0.85 * firstActor, $"actor {firstActor} to {lastActor}");
        Assert.True(OfqlBench.IsFinite(agent));

        (double Critic, double Actor) Losses(int updates)
        {
            double critic = 0, actor = 0;
            for (var i = 0; i < updates; i++)
            {
                agent.Update();
                var metrics = OfqlBench.Metrics(agent);
                critic += metrics["critic/loss"] / updates;
                actor += metrics["actor/bc_loss"] / updates;
            }

            return (critic, actor);
        }

        OfqlSettings Variant(OfqlSettings s) => variant switch
        {
            "critic layer norm" => s with { CriticLayerNorm = true },
            "no embedding network" => s with { EmbeddingMlp = false },
            "mean flow sinusoids" => s with { EmbeddingFrequencies = EmbeddingFrequencies.MeanFlow },
            "adaptive" => s with { BcWeighting = BehaviourWeighting.Adaptive, AdaptivePower = 0.5 },
            "normalised" => s with { NormalizeStates = StateNormalization.Standardize, NormalizeRewards = RewardNormalization.Standardize },
            _ => s,
        };
    }

    private static OfqlLosses Losses(OfqlAgent agent) => (OfqlLosses)agent.Losses;

    private static float[] Read(Graph.Nodes.InputNode input)
    {
        var values = new float[input.Rows * input.Columns];
        input.Read(values);
        return values;
    }

    private static float[] Read(Program program, Node node)
    {
        var values = new float[node.Rows * node.Columns];
        program.Read(node, values);
        return values;
    }
}
