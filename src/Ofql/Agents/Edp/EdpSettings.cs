using Ofql.Flow;

namespace Ofql.Agents.Edp;

/// <summary>How EDP's chain goes from noise to action.</summary>
public enum EdpSampler
{
    /// <summary>DPM-Solver++(2M) over some of the noise levels: no noise but the first.</summary>
    DpmSolver,

    /// <summary>All T steps, each with noise.</summary>
    Ddpm,
}

/// <summary>
/// Every choice of Efficient Diffusion Policy with TD3's loss (arXiv 2305.20081). Defaults are those of the authors' code, but for the
/// sampler, and but for critic_max_norm, which bounds the norm of both critics' gradient here and of each critic's there.
/// <see cref="EdpOptions"/> gives the sources.
/// </summary>
public sealed record EdpSettings : RegularizedPolicySettings
{
    /// <summary>The shared settings at this algorithm's defaults.</summary>
    public EdpSettings()
    {
        Eta = 2.0;
        QNormalization = QNormalization.Same;
        ActionLimit = 0.999;
        EmbeddingFrequencies = EmbeddingFrequencies.MeanFlow;
    }

    /// <summary>Noise levels T.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>Their course.</summary>
    public NoiseScheduleKind NoiseSchedule { get; init; } = NoiseScheduleKind.ScaledLinear;

    /// <summary>Way from noise to action.</summary>
    public EdpSampler Sampler { get; init; } = EdpSampler.DpmSolver;

    /// <summary>Evaluations per action of the solver; at most T.</summary>
    public int SolverSteps { get; init; } = 15;

    /// <inheritdoc/>
    internal override bool ActorFirst => true;
}
