using Ofql.Agents.Options;

namespace Ofql.Agents.Ofql;

/// <summary>The options of OFQL by name, with their sources ([paper] arXiv 2508.13904, [DQL] Diffusion-QL's code, [CD] CleanDiffuser's code).</summary>
internal static class OfqlOptions
{
    private const double Infinite = double.PositiveInfinity;

    public static OptionTable<OfqlSettings> Table { get; } = Behaviour(new OptionTable<OfqlSettings>(new OfqlSettings())
        .Protocol()
        .TimedNetworks("of r and of t each; 64 [paper, CD], 16 [DQL]", "[paper]")
        .Optimisation("3e-4 [paper]", "[paper]")
        .Transforms()
        .QLearning("the paper's grid is 0.001, 0.01, 0.1, 0.3, 0.5 and its values per task are unpublished"));

    public static OfqlSettings Parse(IReadOnlyDictionary<string, string> given) => RegularizedPolicyOptions.Parse(Table, given, OfqlSettings.Of);

    private static OptionTable<OfqlSettings> Behaviour(OptionTable<OfqlSettings> table) => table
        .Word("bc_weighting", s => s.BcWeighting, (s, v) => s with { BcWeighting = v }, "uniform [paper], or MeanFlow's adaptive weight 1 / (sg(d) + c)^p.")
        .Number("adaptive_constant", s => s.AdaptiveConstant, (s, v) => s with { AdaptiveConstant = v }, 0, Infinite, "c of the adaptive weight, 1e-3 (MeanFlow, CIFAR-10).")
        .Number("adaptive_power", s => s.AdaptivePower, (s, v) => s with { AdaptivePower = v }, 0, Infinite, "p of the adaptive weight, 1 (MeanFlow, ImageNet).")
        .Word("bc_reduction", s => s.BcReduction, (s, v) => s with { BcReduction = v }, "Squared error by mean over action entries [DQL, CD] or sum [the paper's formula]; nothing where bc_weighting is adaptive, which sums.")
        .Number("flow_ratio", s => s.Times.FlowRatio, (s, v) => s with { Times = s.Times with { FlowRatio = v } }, 0, 1, "Probability lambda of r = t, 0.5 [paper].")
        .Word("time_sampling", s => s.Times.Distribution, (s, v) => s with { Times = s.Times with { Distribution = v } }, "Distribution of r and t, logit_normal [paper] or uniform (its appendix M).")
        .Number("time_mean", s => s.Times.Mean, (s, v) => s with { Times = s.Times with { Mean = v } }, -Infinite, Infinite, "Mean under the sigmoid, -0.4 [paper].")
        .Number("time_deviation", s => s.Times.Deviation, (s, v) => s with { Times = s.Times with { Deviation = v } }, 0, Infinite, "Deviation under the sigmoid, 1.0 [paper].")
        .Number("endpoint_share", s => s.Times.EndpointShare, (s, v) => s with { Times = s.Times with { EndpointShare = v } }, 0, 1, "Share of rows trained at or near (r, t) = (0, 1), the only pair that acts; 0 [paper].")
        .Word("endpoint_region", s => s.Times.EndRegion, (s, v) => s with { Times = s.Times with { EndRegion = v } }, "Where that share is drawn: point (0, 1), zero_start (r = 0, t near 1) or uniform_start (t near 1, r uniform below it).")
        .Number("endpoint_width", s => s.Times.EndWidth, (s, v) => s with { Times = s.Times with { EndWidth = v } }, 0, 1, "How far below 1 t may lie in those regions.")
        .Integer("endpoint_ramp", s => s.Times.EndRamp, (s, v) => s with { Times = s.Times with { EndRamp = v } }, 0, "Updates over which the share rises evenly from 0; 0 for all of it at once.", long.MaxValue);
}
