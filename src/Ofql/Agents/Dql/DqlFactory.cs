using Ofql.Agents.Options;

namespace Ofql.Agents.Dql;

/// <summary>Diffusion Q-Learning by name.</summary>
public sealed class DqlFactory : AgentFactory<DqlSettings>
{
    /// <inheritdoc/>
    public override string Title => "Diffusion Q-Learning: a policy by diffusion in T steps, gradients through the chain";

    /// <inheritdoc/>
    public override string Paper => "Wang, Hunt and Zhou, arXiv 2208.06193";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published => DqlTasks.All;

    internal static PolicyFormat<DqlSettings> Format { get; } = new()
    {
        Kind = "dql",
        Contract = "action = invert(x_0); x_T, z_k ~ N(0, I); x_(k-1) = posterior mean of (clip(data seen from x_k by e(x_k, k; normalize(state)), -1, 1), x_k) + posterior deviation z_k",
        Options = DqlOptions.Table,
        Parse = DqlOptions.Parse,
        ActingOptionNames =
            ["steps", "noise_schedule", "hidden_width", "hidden_layers", "activation", "critic_layer_norm", "embedding_size", "embedding_mlp", "embedding_frequencies"],
        LaterActingOptionNames = RegularizedPolicyOptions.LaterActing,
        CreateModel = (settings, stateSize, actionSize) => new DqlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<DqlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(DqlSettings settings, AgentContext context) => new DqlAgent(settings, context);
}
