namespace Ofql.Agents.Sac;

/// <summary>Soft Actor-Critic by name.</summary>
public sealed class SacFactory : AgentFactory<SacSettings>
{
    /// <inheritdoc/>
    public override string Title => "Soft Actor-Critic: learns online, by acting in an environment; made D4RL's behaviour policies";

    /// <inheritdoc/>
    public override string Paper => "Haarnoja et al., arXiv 1812.05905";

    /// <inheritdoc/>
    public override bool NeedsData => false;

    internal static PolicyFormat<SacSettings> Format { get; } = new()
    {
        Kind = "sac",
        Contract = "action = invert(tanh(mean + exp(log_std) noise)), [mean, log_std] = network(normalize(state)); noise ~ N(0, I), 0 acts deterministically",
        Options = SacOptions.Table,
        ActingOptionNames = ["hidden_width", "hidden_layers", "activation", "log_std_low", "log_std_high"],
        CreateModel = (settings, stateSize, actionSize) => new SacModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<SacSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(SacSettings settings, AgentContext context) => new SacAgent(settings, context);
}
