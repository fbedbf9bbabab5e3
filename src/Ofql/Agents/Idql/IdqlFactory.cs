namespace Ofql.Agents.Idql;

/// <summary>Implicit Diffusion Q-Learning by name.</summary>
public sealed class IdqlFactory : AgentFactory<IdqlSettings>
{
    /// <inheritdoc/>
    public override string Title => "Implicit Diffusion Q-Learning: a cloned diffusion policy, its candidates chosen by IQL's critics";

    /// <inheritdoc/>
    public override string Paper => "Hansen-Estruch et al., arXiv 2304.10573";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        // Scored by the best of 16, 64 or 256 candidates; which of them by task is not stated.
        .. D4rlTasks.Locomotion.With("the authors' code", 3_000_000, ("normalize_rewards", "return_range")),
        .. D4rlTasks.AntMaze("v2").With("the authors' code", 3_000_000, ("expectile", "0.9"), ("reward_shift", "-1")),
    ];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> BeforeTheyExisted { get; } = new Dictionary<string, string> { ["weight_decay"] = "0" };

    internal static PolicyFormat<IdqlSettings> Format { get; } = new()
    {
        Kind = "idql",
        Contract = "action = invert(x_0); x_T, z_k ~ N(0, I); x_(k-1) = clip((x_k - beta_k / sqrt(1 - abar_k) e(x_k, k; normalize(state))) / sqrt(1 - beta_k) + sqrt(beta_k) z_k, -1, 1)",
        Options = IdqlOptions.Table,
        ActingOptionNames =
            ["steps", "noise_schedule", "hidden_width", "hidden_layers", "activation", "critic_layer_norm", "blocks", "embedding_size", "expectile", "candidate_value"],
        CreateModel = (settings, stateSize, actionSize) => new IdqlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<IdqlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(IdqlSettings settings, AgentContext context) => new IdqlAgent(settings, context);
}
