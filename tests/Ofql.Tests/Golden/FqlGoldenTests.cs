using Ofql.Agents;
using Ofql.Agents.Fql;
using Ofql.Kernels.Activations;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Five updates of FQL against an independent float64 implementation.</summary>
public sealed class FqlGoldenTests
{
    [Theory]
    [InlineData("plain", 1)]
    [InlineData("plain", 3)]
    [InlineData("min_normalized", 2)]
    public void Five_updates_agree(string name, int threads) => Compare(name, threads, settings => settings);

    public static TheoryData<string> Mistakes => new(_mistakes.Keys);

    private static readonly Dictionary<string, Func<FqlSettings, FqlSettings>> _mistakes = new()
    {
        ["discount"] = s => s with { Discount = s.Discount - 0.01 },
        ["alpha"] = s => s with { Alpha = 1.01 * s.Alpha },
        ["flow steps"] = s => s with { FlowSteps = 2 },
        ["aggregation"] = s => s with { QAggregation = CriticAggregation.Min },
        ["normalised q"] = s => s with { NormalizeQLoss = true },
        ["learning rate"] = s => s with { LearningRate = 1.01 * s.LearningRate },
        ["critic learning rate"] = s => s with { CriticLearningRate = 1.01 * s.CriticLearningRate },
        ["tau"] = s => s with { CriticTau = 1.05 * s.CriticTau },
        ["activation"] = s => s with { Activation = Activation.Silu },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void The_comparison_notices_one_wrong_thing(string mistake) =>
        Assert.IsAssignableFrom<Xunit.Sdk.XunitException>(Assert.ThrowsAny<Exception>(() => Compare("plain", 1, _mistakes[mistake])));

    // Whatever OFQL_GOLDEN's folder holds besides.
    [Fact]
    public void Other_cases_of_the_folder_agree() => Assert.All(GoldenFile.Others("fql", "plain", "min_normalized"), name => Compare(name, 2, settings => settings));

    private static void Compare(string name, int threads, Func<FqlSettings, FqlSettings> change)
    {
        using var golden = GoldenFile.Open("fql/" + name);
        using var data = GoldenTraining.Dataset(golden);
        var settings = change(new FqlSettings
        {
            HiddenWidth = golden.Size("H"),
            BatchSize = golden.Size("B"),
            Discount = golden.Setting("gamma"),
            Alpha = golden.Setting("alpha"),
            FlowSteps = golden.Size("flow_steps"),
            QAggregation = golden.Word("q_aggregation") == "min" ? CriticAggregation.Min : CriticAggregation.Mean,
            NormalizeQLoss = golden.Flag("normalize_q_loss"),
            LearningRate = golden.Setting("lr"),
            CriticLearningRate = golden.Setting("lr"),
            CriticTau = golden.Setting("tau"),
        });
        Assert.Equal(golden.Setting("layer_norm_epsilon"), settings.ValueTrunk.LayerNormEpsilon, 1e-9);
        using var agent = new FqlAgent(settings, GoldenTraining.Context(golden, data, threads), GoldenTraining.Identity(golden), GoldenTraining.Mode);
        Training(agent).Compare(golden);
    }

    private static GoldenTraining Training(FqlAgent agent)
    {
        var (critic, actor, losses) = (agent.CriticTerms, agent.ActorTerms, agent.Losses);
        var inputs = GoldenTraining.BatchNames(losses.Batch);
        foreach (var input in (Graph.Nodes.InputNode[])[losses.NoiseNext, losses.NoiseFlow, losses.NoisePolicy, losses.T])
            inputs[input.Name] = input;
        Graph.Node[] nodes =
        [
            critic.NextAction, critic.NextQ1, critic.NextQ2, critic.Target, critic.Q1, critic.Q2,
            actor.Flow.At, actor.Flow.Velocity, actor.Flow.V, actor.Teacher, actor.Action, actor.Q.Q1, actor.Q.Q2,
        ];
        string[] names =
        [
            "next_action", "next_q1", "next_q2", "target_q", "q1", "q2",
            "x_t", "velocity_target", "velocity", "flow_action", "policy_action_unclamped", "policy_q1", "policy_q2",
        ];
        return new GoldenTraining
        {
            Agent = agent,
            Inputs = inputs,
            Series = new Dictionary<string, Func<float>>
            {
                ["critic_loss"] = () => agent.Program.Scalar(critic.Loss),
                ["flow_loss"] = () => agent.Program.Scalar(actor.FlowLoss),
                ["distill_loss"] = () => agent.Program.Scalar(actor.DistillLoss),
                ["q_loss"] = () => agent.Program.Scalar(actor.Q.Loss),
                ["actor_loss"] = () => agent.Program.Scalar(actor.Loss),
                ["critic_grad_norm"] = () => (float)agent.CriticOptimizer.GradientNorm,
                ["actor_flow_grad_norm"] = () => (float)agent.FlowOptimizer.GradientNorm,
                ["actor_onestep_grad_norm"] = () => (float)agent.PolicyOptimizer.GradientNorm,
            },
            Values = names.Zip(nodes).ToDictionary(pair => pair.First, pair => (agent.Program, pair.Second)),
        };
    }
}
