using Ofql.Agents.Bc;
using Ofql.Kernels.Activations;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Five updates of behaviour cloning against an independent float64 implementation.</summary>
public sealed class BcGoldenTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Five_updates_agree(int threads) => Compare("plain", threads, settings => settings);

    public static TheoryData<string> Mistakes => new(_mistakes.Keys);

    private static readonly Dictionary<string, Func<BcSettings, BcSettings>> _mistakes = new()
    {
        ["learning rate"] = s => s with { LearningRate = 1.01 * s.LearningRate },
        ["activation"] = s => s with { Activation = Activation.Silu },
        ["a cosine"] = s => s with { LearningRateDecay = Ofql.Agents.LearningRateDecay.Cosine },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void The_comparison_notices_one_wrong_thing(string mistake) =>
        Assert.IsAssignableFrom<Xunit.Sdk.XunitException>(Assert.ThrowsAny<Exception>(() => Compare("plain", 1, _mistakes[mistake])));

    // Whatever OFQL_GOLDEN's folder holds besides.
    [Fact]
    public void Other_cases_of_the_folder_agree() => Assert.All(GoldenFile.Others("bc", "plain"), name => Compare(name, 2, settings => settings));

    private static void Compare(string name, int threads, Func<BcSettings, BcSettings> change)
    {
        using var golden = GoldenFile.Open("bc/" + name);
        using var data = GoldenTraining.Dataset(golden);
        var settings = change(new BcSettings { HiddenWidth = golden.Size("H"), BatchSize = golden.Size("B"), LearningRate = golden.Setting("lr_actor") });
        using var agent = new BcAgent(settings, GoldenTraining.Context(golden, data, threads), GoldenTraining.Identity(golden), GoldenTraining.Mode);
        new GoldenTraining
        {
            Agent = agent,
            Inputs = GoldenTraining.BatchNames(agent.Batch, transitions: false),
            Series = new Dictionary<string, Func<float>>
            {
                ["actor_loss"] = () => agent.Program.Scalar(agent.Loss), ["actor_grad_norm"] = () => (float)agent.ActorOptimizer.GradientNorm,
            },
            Values = new Dictionary<string, (Graph.Execution.Program, Graph.Node)> { ["policy_action"] = (agent.Program, agent.Action) },
        }.Compare(golden);
    }
}
