namespace Ofql.Agents.MeanFlowQl;

/// <summary>MeanFlowQL by name.</summary>
public sealed class MeanFlowQlFactory : AgentFactory<MeanFlowQlSettings>
{
    /// <inheritdoc/>
    public override string Title => "MeanFlow Q-learning, residual form: one network from noise to action, trained by flow and by Q together";

    /// <inheritdoc/>
    public override string Paper => "Wang et al., arXiv 2511.13035";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        AntMaze("umaze", "100", "10000"),
        AntMaze("umaze-diverse", "130", "100"),
        AntMaze("medium-play", "10", "50"),
        AntMaze("medium-diverse", "50", "50"),
        AntMaze("large-play", "10", "100"),
        Cloned("pen", "10000", "100"),
        Cloned("hammer", "11000", "100"),
        Cloned("door", "9000", "50"),
        Cloned("relocate", "10000", "50"),
    ];

    internal static PolicyFormat<MeanFlowQlSettings> Format { get; } = new()
    {
        Kind = "meanflow_ql",
        Contract = "action = invert(clip(g(noise, 1; normalize(state)), -1, 1)); noise ~ N(0, I)",
        Options = MeanFlowQlSettings.Options,
        Parse = MeanFlowQlSettings.Parse,
        ActingOptionNames =
            ["actor_width", "actor_depth", "actor_mlp_ratio", "embedding_size", "hidden_width", "hidden_layers", "activation", "critic_layer_norm"],
        CreateModel = (settings, stateSize, actionSize) => new MeanFlowQlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<MeanFlowQlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(MeanFlowQlSettings settings, AgentContext context) => new MeanFlowQlAgent(settings, context);

    private static PublishedSettings AntMaze(string maze, string alpha, string steps) =>
        Of($"antmaze-{maze}-v2", "arXiv 2511.13035, table 7; rewards r - 1 in its code", ("alpha", alpha), ("time_steps", steps), ("reward_shift", "-1"));

    private static PublishedSettings Cloned(string task, string alpha, string steps) =>
        Of($"{task}-cloned-v1", "arXiv 2511.13035, table 7, as a reproduction quotes it: it found 300 to 3000 to work", ("alpha", alpha), ("time_steps", steps));

    private static PublishedSettings Of(string task, string source, params (string Name, string Value)[] options) =>
        new(task, options.ToDictionary(option => option.Name, option => option.Value), source) { Updates = 500_000, Acting = new Dictionary<string, string> { ["candidates"] = "5" } };
}
