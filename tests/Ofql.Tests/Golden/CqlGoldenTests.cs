using Ofql.Agents;
using Ofql.Agents.Cql;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Activations;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Five updates of CQL against an independent float64 implementation.</summary>
public sealed class CqlGoldenTests
{
    // The golden numbers' own rounding, measured for this algorithm: its gradients sum over 30 actions a state.
    private const double GradientTolerance = 3e-5;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Five_updates_agree(int threads) => Compare("plain", threads, settings => settings);

    public static TheoryData<string> Mistakes => new(_mistakes.Keys);

    private static readonly Dictionary<string, Func<CqlSettings, CqlSettings>> _mistakes = new()
    {
        ["discount"] = s => s with { Discount = s.Discount - 0.01 },
        ["weight of the penalty"] = s => s with { CqlAlpha = 1.01 * s.CqlAlpha },
        ["temperature of the penalty"] = s => s with { CqlTemperature = 1.01 },
        ["a limit of the difference"] = s => s with { DifferenceLow = 10 },
        ["target entropy"] = s => s with { TargetEntropyPerAction = -1.01 },
        ["learning rate"] = s => s with { LearningRate = 1.01 * s.LearningRate },
        ["critic learning rate"] = s => s with { CriticLearningRate = 1.01 * s.CriticLearningRate },
        ["tau"] = s => s with { CriticTau = 1.05 * s.CriticTau },
        ["clipping"] = s => s with { CriticMaxNorm = 0.01, ActorMaxNorm = 0.01 },
        ["bounds of the deviation"] = s => s with { LogStdHigh = -2 },
        ["activation"] = s => s with { Activation = Activation.Silu },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void The_comparison_notices_one_wrong_thing(string mistake) =>
        Assert.IsAssignableFrom<Xunit.Sdk.XunitException>(Assert.ThrowsAny<Exception>(() => Compare("plain", 1, _mistakes[mistake])));

    // Whatever OFQL_GOLDEN's folder holds besides.
    [Fact]
    public void Other_cases_of_the_folder_agree() => Assert.All(GoldenFile.Others("cql", "plain"), name => Compare(name, 2, settings => settings));

    private static void Compare(string name, int threads, Func<CqlSettings, CqlSettings> change)
    {
        using var golden = GoldenFile.Open("cql/" + name);
        using var data = GoldenTraining.Dataset(golden);
        var settings = change(new CqlSettings
        {
            HiddenWidth = golden.Size("H"),
            BatchSize = golden.Size("B"),
            Discount = golden.Setting("gamma"),
            CqlAlpha = golden.Setting("cql_alpha"),
            CqlTemperature = golden.Setting("cql_temperature"),
            CqlActions = golden.Size("cql_actions"),
            LearningRate = golden.Setting("lr_actor"),
            CriticLearningRate = golden.Setting("lr_critic"),
            CriticTau = golden.Setting("tau"),
            TargetEntropyPerAction = golden.Setting("target_entropy") / golden.Size("A"),
        });
        using var agent = new CqlAgent(settings, GoldenTraining.Context(golden, data, threads), GoldenTraining.Identity(golden), GoldenTraining.Mode);
        Training(agent).Compare(golden);
    }

    private static GoldenTraining Training(CqlAgent agent)
    {
        var (critic, penalty, policy, program) = (agent.CriticTerms, agent.CriticTerms.Penalty, agent.PolicyTerms, agent.Program);
        return new GoldenTraining
        {
            Agent = agent,
            GradientTolerance = GradientTolerance,
            Inputs = Inputs(agent.Losses),
            Series = new Dictionary<string, Func<float>>
            {
                ["critic_loss"] = () => program.Scalar(critic.Loss),
                ["td_loss"] = () => program.Scalar(critic.Td.Loss),
                ["cql_difference1"] = () => program.Scalar(penalty.Difference1),
                ["cql_difference2"] = () => program.Scalar(penalty.Difference2),
                ["critic_grad_norm"] = () => (float)agent.CriticOptimizer.GradientNorm,
                ["actor_loss"] = () => program.Scalar(policy.Soft.Loss),
                ["actor_grad_norm"] = () => (float)agent.ActorOptimizer.GradientNorm,
                ["temperature_loss"] = () => program.Scalar(policy.TemperatureLoss),
                ["temperature_grad_norm"] = () => (float)agent.TemperatureOptimizer.GradientNorm,
                ["alpha"] = () => program.Scalar(policy.Alpha),
            },
            Values = new Dictionary<string, Node>
            {
                ["policy_action"] = policy.Soft.Action,
                ["log_pi"] = policy.Soft.LogProbability,
                ["policy_q1"] = policy.Soft.Q1,
                ["policy_q2"] = policy.Soft.Q2,
                ["next_action"] = critic.Td.NextAction,
                ["next_q1"] = critic.Td.NextQ1,
                ["next_q2"] = critic.Td.NextQ2,
                ["target_q"] = critic.Td.Target,
                ["q1"] = critic.Td.Q1,
                ["q2"] = critic.Td.Q2,
                ["cql_current_actions"] = penalty.CurrentActions,
                ["cql_current_log_pi"] = penalty.CurrentLogProbability,
                ["cql_next_actions"] = penalty.NextActions,
                ["cql_next_log_pi"] = penalty.NextLogProbability,
                ["cql_logsumexp1"] = penalty.LogSumExp1,
                ["cql_logsumexp2"] = penalty.LogSumExp2,
            }.ToDictionary(pair => pair.Key, pair => (program, pair.Value)),
        };
    }

    private static Dictionary<string, InputNode> Inputs(CqlLosses losses)
    {
        var inputs = GoldenTraining.BatchNames(losses.Batch);
        inputs["noise_policy"] = losses.NoisePolicy;
        inputs["noise_next"] = losses.NoiseNext;
        inputs["noise_cql_current"] = losses.NoiseCqlCurrent;
        inputs["noise_cql_next"] = losses.NoiseCqlNext;
        inputs["random_actions"] = losses.RandomActions;
        return inputs;
    }
}
