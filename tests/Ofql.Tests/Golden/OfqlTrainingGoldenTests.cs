using Ofql.Agents;
using Ofql.Agents.Ofql;
using Ofql.Graph;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Five consecutive updates of OFQL against an independent float64 implementation: every draw is given, every number compared.</summary>
public sealed class OfqlTrainingGoldenTests
{
    [Theory]
    [InlineData("plain", 1)]
    [InlineData("plain", 2)]
    [InlineData("adaptive_weight", 1)]
    [InlineData("max_q_backup", 2)]
    [InlineData("full_size", 1)]
    [InlineData("full_size", 3)]
    public void Five_updates_of_ofql_agree_with_the_golden_numbers(string name, int threads) => Compare(name, threads, settings => settings);

    public static TheoryData<string> Mistakes => new(_mistakes.Keys);

    private static readonly Dictionary<string, Func<OfqlSettings, OfqlSettings>> _mistakes = new(RegularizedPolicyGolden.Mistakes<OfqlSettings>())
    {
        ["sum over entries"] = s => s with { BcReduction = ErrorReduction.Sum },
        ["adaptive weight"] = s => s with { BcWeighting = BehaviourWeighting.Adaptive },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void The_comparison_notices_one_wrong_thing(string mistake)
    {
        var failure = Assert.ThrowsAny<Exception>(() => Compare("plain", 1, _mistakes[mistake]));
        Assert.True(failure is Xunit.Sdk.XunitException, failure.ToString());
    }

    // Whatever OFQL_GOLDEN's folder holds besides.
    [Fact]
    public void Other_cases_of_the_folder_agree() => Assert.All(GoldenFile.Others("ofql", "plain", "adaptive_weight", "max_q_backup", "full_size"), name => Compare(name, 2, settings => settings));

    private static void Compare(string name, int threads, Func<OfqlSettings, OfqlSettings> change)
    {
        using var golden = GoldenFile.Open("ofql/" + name);
        var adaptive = golden.Word("bc_weighting") == "adaptive";
        var settings = change(RegularizedPolicyGolden.Common(golden, new OfqlSettings
        {
            EmbeddingSize = 16,
            BcWeighting = adaptive ? BehaviourWeighting.Adaptive : BehaviourWeighting.Uniform,
            AdaptiveConstant = adaptive ? golden.Setting("adaptive_c") : 0,
            AdaptivePower = adaptive ? golden.Setting("adaptive_p") : 0,
        }));
        RegularizedPolicyGolden.Compare(
            golden,
            threads,
            context => new OfqlAgent(settings, context, DataTransforms.Of(settings, context), new ProgramMode(GivenInputs: true, KeepAll: true)),
            (agent, prefix) =>
            {
                Losses(agent).NoisePolicy.Write(golden.Singles(prefix + "noise_policy"));
                Losses(agent).R.Write(golden.Singles(prefix + "r"));
                Losses(agent).T.Write(golden.Singles(prefix + "t"));
            },
            agent => Own(Losses(agent)).Where(value => golden.Contains("update1." + value.Name)));

        static OfqlLosses Losses(OfqlAgent agent) => (OfqlLosses)agent.Losses;
    }

    private static IEnumerable<(string Name, IReadOnlyList<Node> Values)> Own(OfqlLosses losses)
    {
        yield return ("z_t", [losses.Behaviour.At]);
        yield return ("v", [losses.Behaviour.Velocity]);
        yield return ("u", [losses.Behaviour.U]);
        yield return ("dudt", [losses.Behaviour.TimeDerivative]);
        yield return ("target", [losses.Behaviour.Target]);
        yield return ("policy_action_unclamped", [losses.Unclipped]);
        if (losses.Weight is null)
            yield break;
        yield return ("sample_squared_error", [losses.SquaredError!]);
        yield return ("sample_weight", [losses.Weight]);
    }
}
