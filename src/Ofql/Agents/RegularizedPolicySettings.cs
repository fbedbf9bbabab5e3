using Ofql.Data;
using Ofql.Kernels.Activations;
using Ofql.Networks;

namespace Ofql.Agents;

/// <summary>Which published recipe the defaults of Diffusion-QL and its descendants follow.</summary>
public enum TrainingProtocol
{
    /// <summary>Diffusion-QL's own code (arXiv 2208.06193).</summary>
    DiffusionQl,

    /// <summary>CleanDiffuser's pipeline (Dong et al. 2024).</summary>
    CleanDiffuser,
}

/// <summary>What the weight of the Q term is relative to.</summary>
public enum EtaScale
{
    /// <summary>Nothing: eta itself (Diffusion-QL, arXiv 2208.06193, eq. 3).</summary>
    Fixed,

    /// <summary>
    /// The behaviour loss of the batch, as a number (ours): what cloning cannot get rid of is the noise of the behaviour, a hundred times as much in
    /// one dataset as in another, and a fixed eta means something else in each.
    /// </summary>
    BehaviourLoss,
}

/// <summary>
/// What Diffusion-QL and its descendants choose, whatever their policy: a behaviour loss plus eta times a Q term, twin critics, a
/// moving average of the actor. Each property is an option of the same name in snake_case
/// (<see cref="Options.RegularizedPolicyOptions"/>).
/// </summary>
public abstract record RegularizedPolicySettings : ActorCriticSettings
{
    /// <summary>Recipe that filled in the defaults.</summary>
    public TrainingProtocol Protocol { get; init; } = TrainingProtocol.DiffusionQl;

    /// <summary>Size E of the time embedding.</summary>
    public int EmbeddingSize { get; init; } = 16;

    /// <summary>Small network after the sinusoids.</summary>
    public bool EmbeddingMlp { get; init; } = true;

    /// <summary>Sinusoids.</summary>
    public EmbeddingFrequencies EmbeddingFrequencies { get; init; } = EmbeddingFrequencies.DiffusionQl;

    /// <summary>tanh after the first hidden layer of the critics, whatever the other layers have (CleanDiffuser).</summary>
    public bool CriticBeginsWithTanh { get; init; }

    /// <summary>Weight eta of the Q term; 0 is behaviour cloning.</summary>
    public double Eta { get; init; } = 1.0;

    /// <summary>What eta is relative to.</summary>
    public EtaScale EtaScale { get; init; } = EtaScale.Fixed;

    /// <summary>Whether critics are trained beside the policy. Without them (eta = 0 only) one sample is all a policy can act by.</summary>
    public bool TrainCritics { get; init; } = true;

    /// <summary>Denominator of the Q term.</summary>
    public QNormalization QNormalization { get; init; } = QNormalization.Policy;

    /// <summary>Smallest denominator of the Q term.</summary>
    public double QFloor { get; init; } = 1e-6;

    /// <summary>What becomes of the two target critics' values in the backup.</summary>
    public CriticAggregation QAggregation { get; init; } = CriticAggregation.Min;

    /// <summary>Best of several target actions in the backup (AntMaze).</summary>
    public bool MaxQBackup { get; init; }

    /// <summary>Target actions per next state in that backup.</summary>
    public int MaxQCandidates { get; init; } = 10;

    /// <summary>Decoupled weight decay of the actor.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Updates between two moves of the critics' targets.</summary>
    public int CriticTargetEvery { get; init; } = 1;

    /// <summary>Decay of the actor's moving average.</summary>
    public double ActorDecay { get; init; } = 0.995;

    /// <summary>Updates between two moves of the actor's average.</summary>
    public int ActorAverageEvery { get; init; } = 5;

    /// <summary>First update whose average moves.</summary>
    public long ActorAverageStart { get; init; } = 1000;

    /// <summary>Which parameters act.</summary>
    public ActingParameters ActWith { get; init; } = ActingParameters.Online;

    /// <inheritdoc/>
    public override string? Caution(long updates) =>
        ActWith == ActingParameters.Online ? null : CautionOfAverage(ActorAverageStart, ActorAverageEvery / (1 - ActorDecay), updates);

    /// <summary>The actor is judged by the critics from before their step, and targets move at the end (EDP's code); otherwise the critics step first.</summary>
    internal virtual bool ActorFirst => false;

    /// <summary>First update whose critic targets move.</summary>
    internal virtual long CriticTargetStart => 0;

    /// <summary>Hidden layers of the critics.</summary>
    internal MlpShape CriticShape => CriticBeginsWithTanh ? CriticTrunk with { FirstActivation = Activation.Tanh } : CriticTrunk;

    /// <summary>Target actions per next state.</summary>
    internal int TargetCandidates => MaxQBackup ? MaxQCandidates : 1;
}

/// <summary>Settings under a protocol.</summary>
internal static class TrainingProtocols
{
    /// <summary>
    /// The same algorithm in CleanDiffuser's pipeline: z-scored states, rewards by return range, AdamW, cosine, layer norm in the
    /// critics, whose first activation is tanh, the average acts.
    /// </summary>
    public static T InCleanDiffuser<T>(this T settings)
        where T : RegularizedPolicySettings => settings with
        {
            Protocol = TrainingProtocol.CleanDiffuser,
            CriticLayerNorm = true,
            CriticBeginsWithTanh = true,
            EmbeddingSize = 64,
            EmbeddingFrequencies = EmbeddingFrequencies.MeanFlow,
            WeightDecay = 0.01,
            LearningRateDecay = LearningRateDecay.Cosine,
            NormalizeStates = StateNormalization.Standardize,
            NormalizeRewards = RewardNormalization.ReturnRange,
            // Its code moves the targets every 5 updates by 0.995 online + 0.005 target: nearly a copy, but that is what ran.
            CriticTau = 0.995,
            CriticTargetEvery = 5,
            ActWith = ActingParameters.Average,
        };
}
