using Ofql.Agents.Options;

namespace Ofql.Agents.Ofql;

/// <summary>One-Step Flow Q-Learning by name.</summary>
public sealed class OfqlFactory : AgentFactory<OfqlSettings>
{
    /// <inheritdoc/>
    public override string Title => "One-Step Flow Q-Learning: a policy by average velocity, acting in one network evaluation";

    /// <inheritdoc/>
    public override string Paper => "Nguyen and Yoo, arXiv 2508.13904";

    internal static PolicyFormat<OfqlSettings> Format { get; } = new()
    {
        Kind = "ofql",
        Contract = "action = invert(clip(noise - u(noise, 0, 1; normalize(state)), -1, 1)); noise ~ N(0, I)",
        Options = OfqlOptions.Table,
        Parse = OfqlOptions.Parse,
        ActingOptionNames = ["hidden_width", "hidden_layers", "activation", "critic_layer_norm", "embedding_size", "embedding_mlp", "embedding_frequencies"],
        LaterActingOptionNames = RegularizedPolicyOptions.LaterActing,
        CreateModel = (settings, stateSize, actionSize) => new OfqlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<OfqlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(OfqlSettings settings, AgentContext context) => new OfqlAgent(settings, context);
}
