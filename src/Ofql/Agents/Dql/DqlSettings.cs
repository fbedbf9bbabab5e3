using Ofql.Flow;

namespace Ofql.Agents.Dql;

/// <summary>
/// Every choice of Diffusion Q-Learning (arXiv 2208.06193). Defaults are those of the authors' code on locomotion.
/// <see cref="DqlOptions"/> gives the sources.
/// </summary>
public sealed record DqlSettings : RegularizedPolicySettings
{
    /// <summary>Diffusion steps T; 1 is the ablation that collapses to the mean action.</summary>
    public int Steps { get; init; } = 5;

    /// <summary>Noise levels.</summary>
    public NoiseScheduleKind NoiseSchedule { get; init; } = NoiseScheduleKind.Vp;

    /// <summary>The defaults under a protocol.</summary>
    public static DqlSettings Of(TrainingProtocol protocol) => protocol == TrainingProtocol.CleanDiffuser
        ? new DqlSettings { NoiseSchedule = NoiseScheduleKind.CosineContinuous }.InCleanDiffuser()
        : new DqlSettings();
}
