using Ofql.Agents.Options;

namespace Ofql.Agents.FmQl;

/// <summary>Flow-matching Q-learning by name.</summary>
public sealed class FmQlFactory : AgentFactory<FmQlSettings>
{
    /// <inheritdoc/>
    public override string Title => "Flow-matching Q-learning: a policy by marginal velocity in K Euler steps, gradients through them";

    /// <inheritdoc/>
    public override string Paper => "ablation of Nguyen and Yoo, arXiv 2508.13904; FBRAC in Park et al., arXiv 2502.02538";

    internal static PolicyFormat<FmQlSettings> Format { get; } = new()
    {
        Kind = "fm_ql",
        Contract = "action = invert(clip(a_0, -1, 1)); a_1 ~ N(0, I); a_(t - 1/K) = a_t - v(a_t, t; normalize(state)) / K",
        Options = FmQlOptions.Table,
        Parse = FmQlOptions.Parse,
        ActingOptionNames =
            ["euler_steps", "acting_steps", "hidden_width", "hidden_layers", "activation", "critic_layer_norm", "embedding_size", "embedding_mlp", "embedding_frequencies"],
        LaterActingOptionNames = RegularizedPolicyOptions.LaterActing,
        CreateModel = (settings, stateSize, actionSize) => new FmQlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<FmQlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(FmQlSettings settings, AgentContext context) => new FmQlAgent(settings, context);
}
