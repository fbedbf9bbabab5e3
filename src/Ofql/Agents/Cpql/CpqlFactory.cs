using Ofql.Agents.Options;
using System.Globalization;

namespace Ofql.Agents.Cpql;

/// <summary>Consistency Policy Q-Learning by name.</summary>
public sealed class CpqlFactory : AgentFactory<CpqlSettings>
{
    /// <inheritdoc/>
    public override string Title => "Consistency Policy Q-Learning: a consistency model of the data as policy, in one step, with Diffusion-QL's critics";

    /// <inheritdoc/>
    public override string Paper => "Chen, Li and Zhao, arXiv 2310.06343";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        Of("halfcheetah-medium-v2", 2, 9),
        Of("halfcheetah-medium-replay-v2", 2, 2),
        Of("halfcheetah-medium-expert-v2", 1, 8),
        Of("hopper-medium-v2", 2, 9),
        Of("hopper-medium-replay-v2", 1, 4),
        Of("hopper-medium-expert-v2", 0.5, 5),
        Of("walker2d-medium-v2", 1, 1),
        Of("walker2d-medium-replay-v2", 1, 4),
        Of("walker2d-medium-expert-v2", 1, 5),
        AntMaze("umaze", 1, 2),
        AntMaze("umaze-diverse", 2, 3),
        AntMaze("medium-play", 4, 2, rate: 1e-3),
        AntMaze("medium-diverse", 3, 1),
        AntMaze("large-play", 4.5, 10),
        AntMaze("large-diverse", 3.5, 7),
        Of("pen-human-v1", 0.15, 7, rate: 3e-5),
        Of("pen-cloned-v1", 0.1, 8, rate: 3e-5),
    ];

    internal static PolicyFormat<CpqlSettings> Format { get; } = new()
    {
        Kind = "cpql",
        Contract = "action = invert(clip(f(sigma_high noise, sigma_high; normalize(state)), -1, 1)), for multi_step noised and taken back twice more; noise ~ N(0, I)",
        Options = CpqlSettings.Options,
        Parse = CpqlSettings.Parse,
        ActingOptionNames =
        [
            "sampler", "levels", "sigma_data", "sigma_low", "sigma_high", "hidden_width", "hidden_layers", "activation", "critic_layer_norm",
            "embedding_size", "embedding_mlp", "embedding_frequencies",
        ],
        LaterActingOptionNames = RegularizedPolicyOptions.LaterActing,
        CreateModel = (settings, stateSize, actionSize) => new CpqlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<CpqlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(CpqlSettings settings, AgentContext context) => new CpqlAgent(settings, context);

    private static PublishedSettings AntMaze(string maze, double eta, double norm, double rate = 3e-4) => Of(
        $"antmaze-{maze}-v0", eta, norm, rate, ("max_q_backup", "true"), ("sampler", "multi_step"), ("reward_shift", "-0.5"), ("reward_scale", "4"));

    private static PublishedSettings Of(string task, double eta, double norm, double rate = 3e-4, params (string Name, string Value)[] more)
    {
        var options = new Dictionary<string, string>
        {
            ["eta"] = Text(eta), ["actor_max_norm"] = Text(norm), ["critic_max_norm"] = Text(norm), ["learning_rate"] = Text(rate),
        };
        foreach (var (name, value) in more)
            options[name] = value;
        return new PublishedSettings(task, options, "the authors' code") { Acting = PublishedSettings.Softmax(50), Updates = D4rlTasks.Locomotion.Contains(task) ? 2_000_000 : 1_000_000 };
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
