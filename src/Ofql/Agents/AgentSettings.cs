using System.Globalization;
using Ofql.Data;
using Ofql.Kernels.Activations;
using Ofql.Networks;

namespace Ofql.Agents;

/// <summary>Course of a learning rate.</summary>
public enum LearningRateDecay
{
    /// <summary>Constant.</summary>
    None,

    /// <summary>Half a cosine over the planned updates, to 0 unless an algorithm says otherwise.</summary>
    Cosine,
}

/// <summary>How states are normalised.</summary>
public enum StateNormalization
{
    /// <summary>Not at all (Diffusion-QL).</summary>
    None,

    /// <summary>Zero mean and unit deviation over the dataset (CleanDiffuser; TD3+BC).</summary>
    Standardize,
}

/// <summary>Which parameters act.</summary>
public enum ActingParameters
{
    /// <summary>The moving average (CleanDiffuser).</summary>
    Average,

    /// <summary>The online network (Diffusion-QL).</summary>
    Online,
}

/// <summary>What a Gaussian policy acts by.</summary>
public enum GaussianActing
{
    /// <summary>Its mean: deterministic, as such policies are scored.</summary>
    Mean,

    /// <summary>A sample: candidates can be drawn and compared.</summary>
    Sample,
}

/// <summary>
/// What every algorithm has to choose: batches, the trunk of its networks, the actor's optimiser, the transforms of the data. An
/// algorithm's record derives from it, sets its own defaults and adds the rest; each property is an option of the same name in
/// snake_case (<see cref="Options.SharedOptions"/>).
/// </summary>
public abstract record AgentSettings
{
    /// <summary>Rows per batch B.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Hidden width H.</summary>
    public int HiddenWidth { get; init; } = 256;

    /// <summary>Hidden layers.</summary>
    public int HiddenLayers { get; init; } = 3;

    /// <summary>Activation of the networks.</summary>
    public Activation Activation { get; init; } = Activation.Mish;

    /// <summary>Actor's learning rate.</summary>
    public double LearningRate { get; init; } = 3e-4;

    /// <summary>Course of the learning rates (an algorithm says of which).</summary>
    public LearningRateDecay LearningRateDecay { get; init; } = LearningRateDecay.None;

    /// <summary>State normalisation.</summary>
    public StateNormalization NormalizeStates { get; init; } = StateNormalization.None;

    /// <summary>Added to the deviation that standardised states are divided by (TD3+BC: 1e-3).</summary>
    public double StateEpsilon { get; init; }

    /// <summary>Reward normalisation.</summary>
    public RewardNormalization NormalizeRewards { get; init; } = RewardNormalization.None;

    /// <summary>Added to normalised rewards.</summary>
    public double RewardShift { get; init; }

    /// <summary>Factor on shifted rewards.</summary>
    public double RewardScale { get; init; } = 1.0;

    /// <summary>Largest size of an action of the dataset in [-1, 1] units; 1 leaves the data as it is (IQL: 1 - 1e-5).</summary>
    public double ActionLimit { get; init; } = 1.0;

    /// <summary>Whether a schedule runs over the planned updates: then their number is part of every update.</summary>
    public virtual bool DependsOnLength => LearningRateDecay != LearningRateDecay.None;

    /// <summary>The settings of a run that goes on where one with these has ended: constant what has run its course.</summary>
    public virtual AgentSettings AfterItsCourse() => this with { LearningRateDecay = LearningRateDecay.None };

    /// <summary>What to know before a run of so many updates; null for nothing.</summary>
    public virtual string? Caution(long updates) => null;

    /// <summary>What to know before a run whose policy acts by a moving average; null where the average has left its beginning behind.</summary>
    /// <param name="start">First update whose average moves.</param>
    /// <param name="span">Updates over which it forgets all but 1 / e of what it was.</param>
    /// <param name="updates">Planned updates.</param>
    protected static string? CautionOfAverage(long start, double span, long updates)
    {
        // After three such spans 5 % of what the weights began with are left in their average.
        var settled = start + (3 * span);
        return updates >= settled ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"The policy acts by the average of its weights (act_with), which moves from update {start} on and has left its random beginning behind at about {settled:F0}: after "
            + $"{updates} updates it {(updates < start ? "is still that beginning" : "still holds much of it")}. Plan more updates, let the average move earlier or faster, or act by "
            + $"the weights themselves (act_with=online).");
    }

    /// <summary>What to know before a run whose policy begins to learn late; null where it gets to it.</summary>
    /// <param name="pretrain">Updates before (the option <c>pretrain_updates</c>).</param>
    /// <param name="updates">Planned updates.</param>
    protected static string? CautionOfPretraining(long pretrain, long updates) => updates > pretrain ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"The policy begins to learn after {pretrain} updates (pretrain_updates): after {updates} it has learned nothing. Plan more updates, or set pretrain_updates lower.");

    /// <summary>Hidden layers of the networks.</summary>
    public MlpShape Trunk => MlpShape.Uniform(HiddenLayers, HiddenWidth, Activation);
}

/// <summary>What algorithms with critics choose besides.</summary>
public abstract record ActorCriticSettings : AgentSettings
{
    /// <summary>gamma.</summary>
    public double Discount { get; init; } = 0.99;

    /// <summary>Critics' learning rate.</summary>
    public double CriticLearningRate { get; init; } = 3e-4;

    /// <summary>Weight tau of the online critics in their targets.</summary>
    public double CriticTau { get; init; } = 0.005;

    /// <summary>Global-norm clip of the actor; 0 for none.</summary>
    public double ActorMaxNorm { get; init; }

    /// <summary>Global-norm clip of the critics; 0 for none.</summary>
    public double CriticMaxNorm { get; init; }

    /// <summary>Layer normalisation in the critics (before the activation).</summary>
    public bool CriticLayerNorm { get; init; }

    /// <summary>Hidden layers of the critics.</summary>
    public MlpShape CriticTrunk => Trunk with { LayerNorm = CriticLayerNorm ? LayerNormPlacement.BeforeActivation : LayerNormPlacement.None };
}
