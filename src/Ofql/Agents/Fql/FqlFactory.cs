namespace Ofql.Agents.Fql;

/// <summary>Flow Q-Learning by name.</summary>
public sealed class FqlFactory : AgentFactory<FqlSettings>
{
    /// <summary>On D4RL.</summary>
    private const long Updates = 500_000;

    private const string AlphaSource = "arXiv 2502.02538, alpha by task; rewards r - 1 in its code";

    /// <inheritdoc/>
    public override string Title => "Flow Q-Learning: a flow clones the data, a one-step policy is distilled from it and maximises Q";

    /// <inheritdoc/>
    public override string Paper => "Park, Li and Levine, arXiv 2502.02538";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        .. ((string[])["umaze", "umaze-diverse", "medium-play", "medium-diverse"]).Select(maze => AntMaze(maze, "10")),
        .. ((string[])["large-play", "large-diverse"]).Select(maze => AntMaze(maze, "3")),
        Pen("human", "10000"),
        Pen("cloned", "10000"),
        Pen("expert", "3000"),
    ];

    internal static PolicyFormat<FqlSettings> Format { get; } = new()
    {
        Kind = "fql",
        Contract = "action = invert(clip(mu(normalize(state), noise), -1, 1)); noise ~ N(0, I)",
        Options = FqlSettings.Options,
        ActingOptionNames = ["hidden_width", "hidden_layers", "activation", "critic_layer_norm", "q_aggregation"],
        CreateModel = (settings, stateSize, actionSize) => new FqlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<FqlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(FqlSettings settings, AgentContext context) => new FqlAgent(settings, context);

    private static PublishedSettings AntMaze(string maze, string alpha) =>
        new($"antmaze-{maze}-v2", new Dictionary<string, string> { ["alpha"] = alpha, ["reward_shift"] = "-1" }, AlphaSource) { Updates = Updates };

    private static PublishedSettings Pen(string data, string alpha) => new(
        $"pen-{data}-v1", new Dictionary<string, string> { ["alpha"] = alpha, ["q_aggregation"] = "min" }, "arXiv 2502.02538, alpha by task; the minimum of the critics on Adroit") { Updates = Updates };
}
