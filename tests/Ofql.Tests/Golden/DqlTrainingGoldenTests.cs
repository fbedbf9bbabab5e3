using Ofql.Agents;
using Ofql.Agents.Dql;
using Ofql.Flow;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Five consecutive updates of Diffusion-QL against an independent float64 implementation.</summary>
public sealed class DqlTrainingGoldenTests
{
    private static readonly Dictionary<string, Func<DqlSettings, DqlSettings>> _mistakes = new(RegularizedPolicyGolden.Mistakes<DqlSettings>())
    {
        ["cosine noise levels"] = s => s with { NoiseSchedule = NoiseScheduleKind.Cosine },
        ["linear noise levels"] = s => s with { NoiseSchedule = NoiseScheduleKind.Linear },
    };

    public static TheoryData<string> Mistakes => new(_mistakes.Keys);

    [Theory]
    [InlineData("plain", 1)]
    [InlineData("plain", 2)]
    [InlineData("ema_schedule", 1)]
    [InlineData("max_q_backup", 1)]
    [InlineData("max_q_backup", 3)]
    public void Five_updates_of_dql_agree_with_the_golden_numbers(string name, int threads) => Compare(name, threads, settings => settings);

    // The case whose gradients are clipped in every update.
    [Theory]
    [MemberData(nameof(Mistakes))]
    public void The_comparison_notices_one_wrong_thing(string mistake)
    {
        var failure = Assert.ThrowsAny<Exception>(() => Compare("max_q_backup", 1, _mistakes[mistake]));
        Assert.True(failure is Xunit.Sdk.XunitException, failure.ToString());
    }

    [Fact]
    public void The_noise_levels_are_those_of_the_golden_constants()
    {
        using var golden = GoldenFile.Open("dql/plain");
        var schedule = NoiseSchedule.Of(NoiseScheduleKind.Vp, golden.Size("T"));
        Check("betas", schedule.Beta);
        Check("alphas_cumprod", schedule.AlphaBar);
        Check("sqrt_alphas_cumprod", schedule.Signal);
        Check("sqrt_one_minus_alphas_cumprod", schedule.Noise);
        Check("sqrt_recip_alphas_cumprod", k => 1 / schedule.Signal(k));
        Check("sqrt_recipm1_alphas_cumprod", k => Math.Sqrt((1 / schedule.AlphaBar(k)) - 1));
        Check("posterior_variance", schedule.PosteriorVariance);
        Check("posterior_log_variance_clipped", k => Math.Log(Math.Max(1e-20, schedule.PosteriorVariance(k))));
        Check("posterior_mean_coef1", schedule.DataCoefficient);
        Check("posterior_mean_coef2", schedule.NoisyCoefficient);

        void Check(string name, Func<int, double> value)
        {
            var expected = golden.Values("constant." + name);
            for (var k = 0; k < expected.Length; k++)
                Assert.True(Math.Abs(expected[k] - value(k)) <= 1e-12 * Math.Max(1, Math.Abs(expected[k])), $"{name}[{k}]: {expected[k]:r}, found {value(k):r}");
        }
    }

    // Whatever OFQL_GOLDEN's folder holds besides.
    [Fact]
    public void Other_cases_of_the_folder_agree() => Assert.All(GoldenFile.Others("dql", "plain", "ema_schedule", "max_q_backup"), name => Compare(name, 2, settings => settings));

    private static void Compare(string name, int threads, Func<DqlSettings, DqlSettings> change)
    {
        using var golden = GoldenFile.Open("dql/" + name);
        var settings = change(RegularizedPolicyGolden.Common(golden, new DqlSettings { Steps = golden.Size("T") }));
        var schedule = NoiseSchedule.Of(settings.NoiseSchedule, settings.Steps);
        RegularizedPolicyGolden.Compare(
            golden,
            threads,
            context => new DqlAgent(settings, context, DataTransforms.Of(settings, context), new ProgramMode(GivenInputs: true, KeepAll: true)),
            (agent, prefix) =>
            {
                RegularizedPolicyGolden.WriteChain(golden, Losses(agent).NoisePolicy, prefix + "noise_policy");
                var levels = golden.Integers(prefix + "t");
                for (var row = 0; row < levels.Length; row++)
                    Losses(agent).Level.Write(row, schedule, (int)levels[row]);
            },
            agent =>
            [
                ("x_t", [Losses(agent).Behaviour.At]), ("predicted_noise", [Losses(agent).Behaviour.Predicted]),
                ("policy_path", Losses(agent).Path.Points), ("policy_reconstruction_unclamped", Losses(agent).Path.Reconstructions),
            ]);

        static DqlLosses Losses(DqlAgent agent) => (DqlLosses)agent.Losses;
    }
}
