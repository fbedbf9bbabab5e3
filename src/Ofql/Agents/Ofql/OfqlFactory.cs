using Ofql.Agents.Options;

namespace Ofql.Agents.Ofql;

/// <summary>One-Step Flow Q-Learning by name.</summary>
public sealed class OfqlFactory : AgentFactory<OfqlSettings>
{
    private const string Source = "the paper; it does not give the eta of a task";

    /// <inheritdoc/>
    public override string Title => "One-Step Flow Q-Learning: a policy by average velocity, acting in one network evaluation";

    /// <inheritdoc/>
    public override string Paper => "Nguyen and Yoo, arXiv 2508.13904";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        .. D4rlTasks.Locomotion.With(Source, 2_000_000),
        .. D4rlTasks.AntMaze("v2").Where(task => !task.Contains("umaze", StringComparison.Ordinal)).With(
            Source + "; version of the mazes not stated", 1_000_000, ("max_q_backup", "true"), ("reward_shift", "-0.5"), ("reward_scale", "4")),
        .. D4rlTasks.Kitchen.Where(task => !task.Contains("complete", StringComparison.Ordinal)).With(Source, 1_000_000),
    ];

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
