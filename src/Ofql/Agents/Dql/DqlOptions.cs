using Ofql.Agents.Options;

namespace Ofql.Agents.Dql;

/// <summary>The options of Diffusion-QL by name, with their sources ([DQL] the authors' code, [CD] CleanDiffuser's code).</summary>
internal static class DqlOptions
{
    public static OptionTable<DqlSettings> Table { get; } = new OptionTable<DqlSettings>(new DqlSettings())
        .Protocol()
        .Integer("steps", s => s.Steps, (s, v) => s with { Steps = (int)v }, 1, "Diffusion steps T, 5 [DQL, CD]; gradients flow through all of them. 1 is the ablation that collapses.", 1000)
        .Word("noise_schedule", s => s.NoiseSchedule, (s, v) => s with { NoiseSchedule = v }, "Noise levels: vp [DQL], cosine_continuous [CD], cosine, linear, or linear scaled by 1000 / T.")
        .TimedNetworks("16 [DQL], 64 [CD]")
        .Optimisation()
        .Transforms()
        .QLearning("1 on locomotion, 0.005 to 4.5 elsewhere [DQL]");

    public static DqlSettings Parse(IReadOnlyDictionary<string, string> given) => RegularizedPolicyOptions.Parse(Table, given, DqlSettings.Of);
}
