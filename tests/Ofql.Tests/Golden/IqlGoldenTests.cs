using Ofql.Agents;
using Ofql.Agents.Iql;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Kernels.Activations;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Five updates of IQL, in the authors' order and in CORL's, against an independent float64 implementation.</summary>
public sealed class IqlGoldenTests
{
    [Theory]
    [InlineData("paper_order", 1)]
    [InlineData("paper_order", 3)]
    [InlineData("corl_order", 1)]
    [InlineData("corl_order", 3)]
    public void Five_updates_agree(string name, int threads) => Compare(name, threads, settings => settings);

    public static TheoryData<string, string> Mistakes => new(
        from name in (string[])["paper_order", "corl_order"] from mistake in _mistakes.Keys select (name, mistake));

    private static readonly Dictionary<string, Func<IqlSettings, IqlSettings>> _mistakes = new()
    {
        ["discount"] = s => s with { Discount = s.Discount - 0.01 },
        ["expectile"] = s => s with { Expectile = 1 - s.Expectile },
        ["beta"] = s => s with { Beta = 1.01 * s.Beta },
        ["largest weight"] = s => s with { MaximumWeight = 1 },
        ["order"] = s => s with { Order = s.Order == IqlOrder.Paper ? IqlOrder.Corl : IqlOrder.Paper },
        ["learning rate"] = s => s with { LearningRate = 1.01 * s.LearningRate },
        ["critic learning rate"] = s => s with { CriticLearningRate = 1.01 * s.CriticLearningRate },
        ["value learning rate"] = s => s with { ValueLearningRate = 1.01 * s.ValueLearningRate },
        ["a cosine"] = s => s with { LearningRateDecay = LearningRateDecay.Cosine },
        ["tau"] = s => s with { CriticTau = 1.05 * s.CriticTau },
        ["bounds of the deviation"] = s => s with { LogStdHigh = -1 },
        ["activation"] = s => s with { Activation = Activation.Silu },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void The_comparison_notices_one_wrong_thing(string name, string mistake) =>
        Assert.IsAssignableFrom<Xunit.Sdk.XunitException>(Assert.ThrowsAny<Exception>(() => Compare(name, 1, _mistakes[mistake])));

    // Whatever OFQL_GOLDEN's folder holds besides.
    [Fact]
    public void Other_cases_of_the_folder_agree() => Assert.All(GoldenFile.Others("iql", "paper_order", "corl_order"), name => Compare(name, 2, settings => settings));

    private static void Compare(string name, int threads, Func<IqlSettings, IqlSettings> change)
    {
        using var golden = GoldenFile.Open("iql/" + name);
        using var data = GoldenTraining.Dataset(golden);
        var settings = change(new IqlSettings
        {
            HiddenWidth = golden.Size("H"),
            BatchSize = golden.Size("B"),
            Discount = golden.Setting("gamma"),
            Expectile = golden.Setting("expectile"),
            Beta = golden.Setting("beta"),
            MaximumWeight = golden.Setting("max_weight"),
            Order = golden.Word("order") == "corl" ? IqlOrder.Corl : IqlOrder.Paper,
            LogStdLow = golden.Setting("log_std_min"),
            LogStdHigh = golden.Setting("log_std_max"),
            LearningRate = golden.Setting("lr_actor"),
            CriticLearningRate = golden.Setting("lr_critic"),
            ValueLearningRate = golden.Setting("lr_value"),
            CriticTau = golden.Setting("tau"),
            LearningRateDecay = LearningRateDecay.None,
        });
        using var agent = new IqlAgent(settings, GoldenTraining.Context(golden, data, threads), GoldenTraining.Identity(golden), GoldenTraining.Mode);
        Training(agent).Compare(golden);
    }

    private static GoldenTraining Training(IqlAgent agent)
    {
        var (value, critic, policy) = (agent.ValueTerms, agent.CriticTerms, agent.PolicyTerms);
        var (first, second) = (agent.ValueProgram, agent.PolicyProgram);
        return new GoldenTraining
        {
            Agent = agent,
            Inputs = GoldenTraining.BatchNames(agent.Losses.Batch),
            Series = new Dictionary<string, Func<float>>
            {
                ["value_loss"] = () => first.Scalar(value.Loss),
                ["value_grad_norm"] = () => (float)agent.ValueOptimizer.GradientNorm,
                ["critic_loss"] = () => second.Scalar(critic.Loss),
                ["critic_grad_norm"] = () => (float)agent.CriticOptimizer.GradientNorm,
                ["actor_loss"] = () => second.Scalar(policy.Loss),
                ["actor_grad_norm"] = () => (float)agent.ActorOptimizer.GradientNorm,
            },
            Values = new Dictionary<string, (Program, Node)>
            {
                ["target_critic_q"] = (first, value.TargetQ),
                ["v"] = (first, value.V),
                ["advantage"] = (second, value.Advantage),
                ["advantage_weight"] = (second, policy.Weight),
                ["policy_mean"] = (second, policy.Mean),
                ["log_prob"] = (second, policy.LogProbability),
                ["next_v"] = (second, critic.NextV),
                ["target_q"] = (second, critic.Target),
                ["q1"] = (second, critic.Q1),
                ["q2"] = (second, critic.Q2),
            },
        };
    }
}
