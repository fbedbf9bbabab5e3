using System.Globalization;

namespace Ofql.Agents.Dtql;

/// <summary>Diffusion Trusted Q-Learning by name.</summary>
public sealed class DtqlFactory : AgentFactory<DtqlSettings>
{
    /// <inheritdoc/>
    public override string Title => "Diffusion Trusted Q-Learning: a one-step Gaussian policy maximises Q where a diffusion of the data trusts it";

    /// <inheritdoc/>
    public override string Paper => "Chen, Wang and Zhou, arXiv 2405.19690";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        Of("halfcheetah-medium-v2", 1000),
        Of("halfcheetah-medium-replay-v2", 1000, alpha: 5),
        Of("halfcheetah-medium-expert-v2", 1000, alpha: 50),
        Of("hopper-medium-v2", 1000, rate: 1e-4, alpha: 5, decay: true),
        Of("hopper-medium-replay-v2", 1000, alpha: 5),
        Of("hopper-medium-expert-v2", 1000, alpha: 20),
        Of("walker2d-medium-v2", 1000, alpha: 5, decay: true),
        Of("walker2d-medium-replay-v2", 1000, alpha: 5, decay: true),
        Of("walker2d-medium-expert-v2", 1000, alpha: 5, decay: true),
        .. AntMaze("umaze", 500),
        .. AntMaze("umaze-diverse", 500, rate: 3e-5, decay: true),
        .. AntMaze("medium-play", 400),
        .. AntMaze("medium-diverse", 400),
        .. AntMaze("large-play", 350),
        .. AntMaze("large-diverse", 300, alpha: 0.5),
        Of("pen-human-v1", 300, rate: 3e-5, alpha: 1500, decay: true, expectile: 0.9),
        Of("pen-cloned-v1", 200, rate: 1e-5, alpha: 1500),
        Of("kitchen-complete-v0", 500, rate: 1e-4, alpha: 200, decay: true),
        Of("kitchen-partial-v0", 1000, rate: 1e-4, alpha: 100, decay: true),
        Of("kitchen-mixed-v0", 500, alpha: 200, decay: true),
    ];

    internal static PolicyFormat<DtqlSettings> Format { get; } = new()
    {
        Kind = "dtql",
        Contract = "action = invert(tanh(mean(s) + exp(log_std(s)) noise)), s = normalize(state); noise ~ N(0, I)",
        Options = DtqlSettings.Options,
        Parse = DtqlSettings.Parse,
        ActingOptionNames = ["hidden_width", "hidden_layers", "activation", "actor_activation", "critic_layer_norm", "log_std_low", "log_std_high"],
        CreateModel = (settings, stateSize, actionSize) => new DtqlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<DtqlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(DtqlSettings settings, AgentContext context) => new DtqlAgent(settings, context);

    /// <summary>The authors' AntMaze settings, the same for both versions of the tasks.</summary>
    private static IEnumerable<PublishedSettings> AntMaze(string maze, int epochs, double rate = 3e-4, double alpha = 1, bool decay = false) =>
        ((string[])["v0", "v2"]).Select(version => Of(
            $"antmaze-{maze}-{version}", epochs, rate, alpha, decay, expectile: 0.9, ("likelihood_weight", "1"), ("batch_size", "2048"), ("reward_shift", "-1")));

    private static PublishedSettings Of(
        string task, int epochs, double rate = 3e-4, double alpha = 1, bool decay = false, double expectile = 0.7, params (string Name, string Value)[] more)
    {
        var options = new Dictionary<string, string>
        {
            ["learning_rate"] = rate.ToString("R", CultureInfo.InvariantCulture),
            ["alpha"] = alpha.ToString("R", CultureInfo.InvariantCulture),
            ["learning_rate_decay"] = decay ? "cosine" : "none",
            ["expectile"] = expectile.ToString("R", CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in more)
            options[name] = value;
        return new PublishedSettings(task, options, "the authors' code") { Updates = new DtqlSettings().PretrainUpdates + (epochs * 1000L), Acting = PublishedSettings.Softmax(1024) };
    }
}
