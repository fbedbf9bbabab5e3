using Ofql.Kernels.Activations;
using Ofql.Networks;

namespace Ofql.Agents.IqlTdmpc;

/// <summary>
/// Every choice of IQL-TD-MPC (arXiv 2306.00867) in our reading of it: no code is published and not all details of the paper were at hand.
/// Defaults are those of TD-MPC (arXiv 2203.04955) for the manager, of IQL (arXiv 2110.06169) for the worker, and ours where neither has
/// one. The shared settings are the worker's.
/// </summary>
public sealed record IqlTdmpcSettings : ActorCriticSettings
{
    /// <summary>The shared settings at this algorithm's defaults.</summary>
    public IqlTdmpcSettings()
    {
        HiddenLayers = 2;
        Activation = Activation.Relu;
        LearningRateDecay = LearningRateDecay.Cosine;
        ActionLimit = 1 - 1e-5;
    }

    /// <summary>Z: size of a latent state and of an intent.</summary>
    public int LatentSize { get; init; } = 50;

    /// <summary>Width of the encoder's hidden layer.</summary>
    public int EncoderWidth { get; init; } = 256;

    /// <summary>Width of the two hidden layers of the manager's other networks.</summary>
    public int ManagerWidth { get; init; } = 256;

    /// <summary>G: size of an abstract action.</summary>
    public int AbstractSize { get; init; } = 16;

    /// <summary>k: environment steps that one step of the manager spans.</summary>
    public int Window { get; init; } = 8;

    /// <summary>Adam's rate for all networks of the manager.</summary>
    public double ManagerLearningRate { get; init; } = 1e-3;

    /// <summary>Global-norm clip of each of the manager's blocks; 0 for none.</summary>
    public double ManagerMaxNorm { get; init; } = 10;

    /// <summary>Weight of the manager's online parameters in their targets.</summary>
    public double ManagerTau { get; init; } = 0.01;

    /// <summary>Updates between two moves of the manager's targets.</summary>
    public int ManagerTargetEvery { get; init; } = 2;

    /// <summary>
    /// Updates in which the manager learns alone, after which the worker does; 0: both learn in every update.
    /// </summary>
    public long PretrainUpdates { get; init; }

    /// <inheritdoc/>
    public override string? Caution(long updates) => PretrainUpdates == 0 ? null : CautionOfPretraining(PretrainUpdates, updates);

    /// <summary>Weight of the dynamics' error.</summary>
    public double ConsistencyWeight { get; init; } = 2;

    /// <summary>Weight of the reward's error.</summary>
    public double RewardWeight { get; init; } = 0.5;

    /// <summary>Weight of the manager's critics' error.</summary>
    public double ValueWeight { get; init; } = 0.1;

    /// <summary>tau of the manager's expectile.</summary>
    public double ManagerExpectile { get; init; } = 0.9;

    /// <summary>Inverse temperature of the manager's advantage weights.</summary>
    public double ManagerBeta { get; init; } = 3;

    /// <summary>V's learning rate.</summary>
    public double ValueLearningRate { get; init; } = 3e-4;

    /// <summary>tau of the worker's expectile.</summary>
    public double Expectile { get; init; } = 0.7;

    /// <summary>Inverse temperature of the worker's advantage weights.</summary>
    public double Beta { get; init; } = 3;

    /// <summary>Largest advantage weight, of the manager and of the worker.</summary>
    public double MaximumWeight { get; init; } = 100;

    /// <summary>Smallest ln sigma of both policies.</summary>
    public double LogStdLow { get; init; } = -5;

    /// <summary>Largest ln sigma of both policies.</summary>
    public double LogStdHigh { get; init; } = 2;

    /// <summary>n: sequences of abstract actions that a plan is chosen from.</summary>
    public int PlanSamples { get; init; } = 128;

    /// <summary>The best of them, whose mean is the plan.</summary>
    public int PlanElites { get; init; } = 16;

    /// <summary>H: abstract actions of a sequence.</summary>
    public int PlanHorizon { get; init; } = 2;

    /// <summary>Factor on the scores in the elites' weights.</summary>
    public double PlanTemperature { get; init; } = 0.5;

    /// <summary>Mean or sample of the worker's policy.</summary>
    public GaussianActing ActWith { get; init; } = GaussianActing.Mean;

    /// <summary>Hidden layers of the encoder.</summary>
    internal MlpShape EncoderTrunk => new([EncoderWidth], Activation.Elu);

    /// <summary>Hidden layers of the manager's other networks.</summary>
    internal MlpShape ManagerTrunk => MlpShape.Uniform(2, ManagerWidth, Activation.Elu);
}
