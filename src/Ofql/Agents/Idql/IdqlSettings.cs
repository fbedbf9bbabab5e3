using Ofql.Flow;
using Ofql.Kernels.Activations;

namespace Ofql.Agents.Idql;

/// <summary>What IDQL's candidates are chosen by.</summary>
public enum IdqlValue
{
    /// <summary>min_j Q'_j(s, a).</summary>
    Q,

    /// <summary>
    /// The logarithm of the policy's weight in IQL's implicit policy: tau where Q is at least V, 1 - tau where it is below. Sampled by
    /// softmax with weight 1 it is that policy; by argmax, the first candidate that is no worse than V.
    /// </summary>
    Expectile,
}

/// <summary>
/// Every choice of Implicit Diffusion Q-Learning (arXiv 2304.10573). Defaults are those of the authors' code on locomotion, but for the rewards, which it scales by the range of returns there.
/// <see cref="IdqlOptions"/> gives the sources.
/// </summary>
public sealed record IdqlSettings : ActorCriticSettings
{
    /// <summary>The shared settings at this algorithm's defaults.</summary>
    public IdqlSettings()
    {
        BatchSize = 512;
        HiddenLayers = 2;
        Activation = Activation.Relu;
        LearningRateDecay = LearningRateDecay.Cosine;
    }

    /// <summary>Diffusion steps T.</summary>
    public int Steps { get; init; } = 5;

    /// <summary>Noise levels.</summary>
    public NoiseScheduleKind NoiseSchedule { get; init; } = NoiseScheduleKind.Vp;

    /// <summary>Residual blocks of the noise network.</summary>
    public int Blocks { get; init; } = 3;

    /// <summary>Features of the time.</summary>
    public int EmbeddingSize { get; init; } = 64;

    /// <summary>Share of a block's inputs that is left out while the policy learns.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>tau of the expectile.</summary>
    public double Expectile { get; init; } = 0.7;

    /// <summary>V's learning rate.</summary>
    public double ValueLearningRate { get; init; } = 3e-4;

    /// <summary>Decoupled weight decay of the actor (AdamW).</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Weight of the actor in its moving average, every update.</summary>
    public double ActorTau { get; init; } = 0.001;

    /// <summary>Which parameters act.</summary>
    public ActingParameters ActWith { get; init; } = ActingParameters.Average;

    /// <summary>What candidates are chosen by.</summary>
    public IdqlValue CandidateValue { get; init; } = IdqlValue.Q;

    /// <inheritdoc/>
    public override string? Caution(long updates) => ActWith == ActingParameters.Online ? null : CautionOfAverage(0, 1 / ActorTau, updates);
}
