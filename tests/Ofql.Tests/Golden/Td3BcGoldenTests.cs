using Ofql.Agents.Td3Bc;
using Ofql.Kernels.Activations;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Five updates of TD3+BC, two of them of the policy too, against an independent float64 implementation.</summary>
public sealed class Td3BcGoldenTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Five_updates_agree(int threads) => Compare("plain", threads, settings => settings);

    public static TheoryData<string> Mistakes => new(_mistakes.Keys);

    private static readonly Dictionary<string, Func<Td3BcSettings, Td3BcSettings>> _mistakes = new()
    {
        ["discount"] = s => s with { Discount = s.Discount - 0.01 },
        ["alpha"] = s => s with { Alpha = 1.01 * s.Alpha },
        ["policy noise"] = s => s with { PolicyNoise = 1.01 * s.PolicyNoise },
        ["noise clip"] = s => s with { NoiseClip = 0.3 },
        ["policy in every update"] = s => s with { PolicyDelay = 1 },
        ["policy too rarely"] = s => s with { PolicyDelay = 3 },
        ["learning rate"] = s => s with { LearningRate = 1.01 * s.LearningRate },
        ["critic learning rate"] = s => s with { CriticLearningRate = 1.01 * s.CriticLearningRate },
        ["tau"] = s => s with { CriticTau = 1.05 * s.CriticTau },
        ["clipping"] = s => s with { CriticMaxNorm = 0.01, ActorMaxNorm = 0.01 },
        ["activation"] = s => s with { Activation = Activation.Silu },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void The_comparison_notices_one_wrong_thing(string mistake) =>
        Assert.IsAssignableFrom<Xunit.Sdk.XunitException>(Assert.ThrowsAny<Exception>(() => Compare("plain", 1, _mistakes[mistake])));

    // Whatever OFQL_GOLDEN's folder holds besides.
    [Fact]
    public void Other_cases_of_the_folder_agree() => Assert.All(GoldenFile.Others("td3_bc", "plain"), name => Compare(name, 2, settings => settings));

    private static void Compare(string name, int threads, Func<Td3BcSettings, Td3BcSettings> change)
    {
        using var golden = GoldenFile.Open("td3_bc/" + name);
        using var data = GoldenTraining.Dataset(golden);
        var settings = change(new Td3BcSettings
        {
            HiddenWidth = golden.Size("H"),
            BatchSize = golden.Size("B"),
            Discount = golden.Setting("gamma"),
            Alpha = golden.Setting("alpha"),
            PolicyNoise = golden.Setting("policy_noise"),
            NoiseClip = golden.Setting("noise_clip"),
            PolicyDelay = golden.Size("policy_delay"),
            LearningRate = golden.Setting("lr_actor"),
            CriticLearningRate = golden.Setting("lr_critic"),
            CriticTau = golden.Setting("tau"),
        });
        using var agent = new Td3BcAgent(settings, GoldenTraining.Context(golden, data, threads), GoldenTraining.Identity(golden), GoldenTraining.Mode);
        Training(agent).Compare(golden);
    }

    private static GoldenTraining Training(Td3BcAgent agent)
    {
        var (critic, policy) = (agent.CriticTerms, agent.PolicyTerms);
        var inputs = GoldenTraining.BatchNames(agent.Losses.Batch);
        inputs["noise_target"] = agent.Losses.NoiseTarget;
        return new GoldenTraining
        {
            Agent = agent,
            Inputs = inputs,
            Series = new Dictionary<string, Func<float>>
            {
                ["critic_loss"] = () => agent.CriticProgram.Scalar(critic.Loss),
                ["critic_grad_norm"] = () => (float)agent.CriticOptimizer.GradientNorm,
                ["actor_loss"] = () => agent.PolicyProgram.Scalar(policy.Loss),
                ["actor_grad_norm"] = () => (float)agent.ActorOptimizer.GradientNorm,
                ["bc_loss"] = () => agent.PolicyProgram.Scalar(policy.BcLoss),
                ["lambda"] = () => agent.PolicyProgram.Scalar(policy.Lambda),
            },
            Values = new Dictionary<string, (Graph.Execution.Program, Graph.Node)>
            {
                ["next_action"] = (agent.CriticProgram, critic.NextAction),
                ["next_q1"] = (agent.CriticProgram, critic.NextQ1),
                ["next_q2"] = (agent.CriticProgram, critic.NextQ2),
                ["target_q"] = (agent.CriticProgram, critic.Target),
                ["q1"] = (agent.CriticProgram, critic.Q1),
                ["q2"] = (agent.CriticProgram, critic.Q2),
                ["policy_action"] = (agent.PolicyProgram, policy.Action),
                ["policy_q1"] = (agent.PolicyProgram, policy.Q1),
            },
        };
    }
}
