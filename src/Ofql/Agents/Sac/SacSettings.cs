using Ofql.Kernels.Activations;

namespace Ofql.Agents.Sac;

/// <summary>
/// Every choice of Soft Actor-Critic (arXiv 1812.05905). Defaults are rlkit's, with which D4RL's behaviour policies were
/// trained, but for what the critics and all hidden biases begin with: uniform within 1/sqrt(inputs), as PyTorch has it. Each property is an option of the same name in snake_case; <see cref="SacOptions"/> gives the sources.
/// </summary>
public sealed record SacSettings : ActorCriticSettings
{
    /// <summary>rlkit's settings.</summary>
    public SacSettings()
    {
        HiddenLayers = 2;
        Activation = Activation.Relu;
    }

    /// <summary>Smallest ln sigma.</summary>
    public double LogStdLow { get; init; } = -20;

    /// <summary>Largest ln sigma.</summary>
    public double LogStdHigh { get; init; } = 2;

    /// <summary>Bound of the policy's last layer at the beginning.</summary>
    public double OutputBound { get; init; } = 1e-3;

    /// <summary>Updates between two moves of the critics' targets.</summary>
    public int CriticTargetEvery { get; init; } = 1;

    /// <summary>Whether the entropy belongs to the value of the next state.</summary>
    public bool BackupEntropy { get; init; } = true;

    /// <summary>Whether the temperature alpha is learned.</summary>
    public bool AutomaticTemperature { get; init; } = true;

    /// <summary>alpha at the beginning; all the time if it is not learned.</summary>
    public double InitialTemperature { get; init; } = 1;

    /// <summary>Learning rate of ln alpha.</summary>
    public double TemperatureLearningRate { get; init; } = 3e-4;

    /// <summary>Target entropy per action entry.</summary>
    public double TargetEntropyPerAction { get; init; } = -1;
}
