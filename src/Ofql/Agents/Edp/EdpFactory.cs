using Ofql.Agents.Options;

namespace Ofql.Agents.Edp;

/// <summary>Efficient Diffusion Policy by name.</summary>
public sealed class EdpFactory : AgentFactory<EdpSettings>
{
    /// <inheritdoc/>
    public override string Title => "Efficient Diffusion Policy: a diffusion of many levels, its Q term by one-step action approximation";

    /// <inheritdoc/>
    public override string Paper => "Kang et al., arXiv 2305.20081";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        .. DiffusionQlTask.All.Select(task => new PublishedSettings(task.Name, OptionsOf(task), "EDP's code, the clip Diffusion-QL's") { Updates = 2_000_000, Acting = PublishedSettings.Softmax(50) }),
    ];

    internal static PolicyFormat<EdpSettings> Format { get; } = new()
    {
        Kind = "edp",
        Contract = "action = invert(x_0); x_T ~ N(0, I); x_0 by DPM-Solver++(2M) or all DDPM steps of e(x_k, k; normalize(state)), the data clipped to [-1, 1] in each",
        Options = EdpOptions.Table,
        ActingOptionNames =
        [
            "steps", "noise_schedule", "sampler", "solver_steps",
            "hidden_width", "hidden_layers", "activation", "critic_layer_norm", "embedding_size", "embedding_mlp", "embedding_frequencies",
        ],
        LaterActingOptionNames = RegularizedPolicyOptions.LaterActing,
        CreateModel = (settings, stateSize, actionSize) => new EdpModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<EdpSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(EdpSettings settings, AgentContext context) => new EdpAgent(settings, context);

    // All levels from noise to action; the rewards of Kitchen and Adroit within [-1, 1].
    private static Dictionary<string, string> OptionsOf(DiffusionQlTask task)
    {
        var options = task.ClippingAndRewards();
        options["sampler"] = "ddpm";
        if (!task.IsAntMaze && !task.Name.EndsWith("-v2", StringComparison.Ordinal))
            options["normalize_rewards"] = "range";
        return options;
    }
}
