namespace Ofql.Agents.IqlTdmpc;

/// <summary>IQL-TD-MPC by name.</summary>
public sealed class IqlTdmpcFactory : AgentFactory<IqlTdmpcSettings>
{
    /// <inheritdoc/>
    public override string Title => "IQL-TD-MPC, our reading: a manager plans intents in a latent space, IQL's policy acts on states joined with them";

    /// <inheritdoc/>
    public override string Paper => "Chitnis, Xu et al., arXiv 2306.00867";

    internal static PolicyFormat<IqlTdmpcSettings> Format { get; } = new()
    {
        Kind = "iql_tdmpc",
        Contract = "action = invert(clip(actor(s, f(z, g) - z) + noise exp(clip(log_std)), -1, 1)), s = normalize(state), z = encoder(s); noise ~ N(0, I) with network_act_with = sample, else 0; "
            + "g: weighted mean of the first abstract actions of the best network_plan_elites of network_plan_samples sequences of the manager's policy from z, by reward and value of the model",
        Options = IqlTdmpcOptions.Table,
        ActingOptionNames =
        [
            "hidden_width", "hidden_layers", "activation", "window", "latent_size", "abstract_size", "encoder_width", "manager_width", "discount",
            "log_std_low", "log_std_high", "plan_samples", "plan_elites", "plan_horizon", "plan_temperature", "act_with",
        ],
        CreateModel = (settings, stateSize, actionSize) => new IqlTdmpcModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<IqlTdmpcSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(IqlTdmpcSettings settings, AgentContext context) => new IqlTdmpcAgent(settings, context);
}
