using Ofql.Agents;
using Ofql.Agents.FmQl;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Five consecutive updates of flow-matching Q-learning against an independent float64 implementation.</summary>
public sealed class FmQlTrainingGoldenTests
{
    private static readonly Dictionary<string, Func<FmQlSettings, FmQlSettings>> _mistakes = new(RegularizedPolicyGolden.Mistakes<FmQlSettings>())
    {
        ["one step too few"] = s => s with { EulerSteps = 4 },
    };

    public static TheoryData<string> Mistakes => new(_mistakes.Keys);

    [Theory]
    [InlineData("euler5", 1)]
    [InlineData("euler5", 2)]
    [InlineData("euler1", 1)]
    [InlineData("euler1", 3)]
    public void Five_updates_of_fm_ql_agree_with_the_golden_numbers(string name, int threads) => Compare(name, threads, settings => settings);

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void The_comparison_notices_one_wrong_thing(string mistake)
    {
        var failure = Assert.ThrowsAny<Exception>(() => Compare("euler5", 1, _mistakes[mistake]));
        Assert.True(failure is Xunit.Sdk.XunitException, failure.ToString());
    }

    // Whatever OFQL_GOLDEN's folder holds besides.
    [Fact]
    public void Other_cases_of_the_folder_agree() => Assert.All(GoldenFile.Others("fm_ql", "euler5", "euler1"), name => Compare(name, 2, settings => settings));

    private static void Compare(string name, int threads, Func<FmQlSettings, FmQlSettings> change)
    {
        using var golden = GoldenFile.Open("fm_ql/" + name);
        var settings = change(RegularizedPolicyGolden.Common(golden, new FmQlSettings { EulerSteps = golden.Size("euler_steps") }));
        RegularizedPolicyGolden.Compare(
            golden,
            threads,
            context => new FmQlAgent(settings, context, DataTransforms.Of(settings, context), new ProgramMode(GivenInputs: true, KeepAll: true)),
            (agent, prefix) =>
            {
                Losses(agent).NoisePolicy.Write(golden.Singles(prefix + "noise_policy"));
                Losses(agent).T.Write(golden.Singles(prefix + "t"));
            },
            agent =>
            [
                ("z_t", [Losses(agent).Behaviour.At]), ("target", [Losses(agent).Behaviour.Velocity]), ("velocity", [Losses(agent).Behaviour.V]),
                ("policy_path", Losses(agent).Path),
            ]);

        static FmQlLosses Losses(FmQlAgent agent) => (FmQlLosses)agent.Losses;
    }
}
