using Ofql.Agents.Options;

namespace Ofql.Agents.FmQl;

/// <summary>Flow-matching Q-learning by name.</summary>
public sealed class FmQlFactory : AgentFactory<FmQlSettings>
{
    /// <inheritdoc/>
    public override string Title => "Flow-matching Q-learning: a policy by marginal velocity in K Euler steps, gradients through them";

    /// <inheritdoc/>
    public override string Paper => "ablation of Nguyen and Yoo, arXiv 2508.13904; FBRAC in Park et al., arXiv 2502.02538";

    /// <summary>As FBRAC, the baseline in Flow Q-Learning's paper: its alpha weighs the cloning against mean Q, so that eta is 1 / alpha.</summary>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        .. ((string[])["umaze", "umaze-diverse", "medium-play", "medium-diverse"]).Select(maze => AntMaze(maze, alpha: 10)),
        .. ((string[])["large-play", "large-diverse"]).Select(maze => AntMaze(maze, alpha: 1)),
        Pen("human", alpha: 30_000),
        Pen("cloned", alpha: 10_000),
    ];

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

    private static PublishedSettings AntMaze(string maze, double alpha) => Fbrac($"antmaze-{maze}-v2", alpha, ("q_aggregation", "mean"), ("reward_shift", "-1"));

    private static PublishedSettings Pen(string data, double alpha) => Fbrac($"pen-{data}-v1", alpha, ("q_aggregation", "min"));

    // Its sizes, its steps and its target action, which is the online policy's.
    private static PublishedSettings Fbrac(string task, double alpha, params (string Name, string Value)[] more) => new(
        task,
        new Dictionary<string, string>
        {
            ["eta"] = DiffusionQlTask.Text(1 / alpha), ["q_normalization"] = "none", ["euler_steps"] = "10", ["hidden_width"] = "512", ["hidden_layers"] = "4",
            ["activation"] = "gelu", ["critic_layer_norm"] = "true", ["actor_decay"] = "0", ["actor_average_every"] = "1", ["actor_average_start"] = "0",
        }.Concat(more.Select(option => KeyValuePair.Create(option.Name, option.Value))).ToDictionary(),
        "arXiv 2502.02538 for FBRAC, alpha by task; ours: the time's embedding, layer norm before the activation, one critic by a coin instead of their mean, critics before the policy") { Updates = 500_000 };
}
