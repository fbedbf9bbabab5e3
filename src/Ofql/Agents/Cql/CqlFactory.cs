using Ofql.Agents.Options;

namespace Ofql.Agents.Cql;

/// <summary>Conservative Q-Learning by name.</summary>
public sealed class CqlFactory : AgentFactory<CqlSettings>
{
    private const double Infinite = double.PositiveInfinity;

    // The one locomotion task whose rewards CORL normalises.
    private const string NormalizedTask = "hopper-medium-v2";

    /// <inheritdoc/>
    public override string Title => "Conservative Q-Learning: critics that underrate actions the data does not have";

    /// <inheritdoc/>
    public override string Paper => "Kumar et al., arXiv 2006.04779";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        .. D4rlTasks.Locomotion.Where(task => task != NormalizedTask).With("CORL", 1_000_000),
        .. ((string[])[NormalizedTask]).With("CORL", 1_000_000, ("normalize_rewards", "return_range")),
        .. D4rlTasks.AntMaze("v2").With(
            "CORL", 1_000_000,
            ("critic_hidden_layers", "5"), ("learning_rate", "0.0001"), ("cql_alpha", "5"), ("lagrange", "true"), ("lagrange_gap", "0.8"), ("difference_low", "-200"),
            ("max_target_backup", "true"), ("normalize_states", "none"), ("reward_shift", "-0.5"), ("reward_scale", "10")),
        .. D4rlTasks.Pen.With("CORL (Adroit)", 1_000_000, ("cql_alpha", "1"), ("learning_rate", "0.0001")),
    ];

    internal static PolicyFormat<CqlSettings> Format { get; } = new()
    {
        Kind = "cql",
        Contract = "action = invert(tanh(mean(s) + noise exp(log_std(s)))), s = normalize(state); noise ~ N(0, I) with network_act_with = sample, else 0",
        Options = Table(),
        ActingOptionNames =
            ["hidden_width", "hidden_layers", "activation", "critic_hidden_layers", "critic_layer_norm", "log_std_low", "log_std_high", "act_with"],
        CreateModel = (settings, stateSize, actionSize) => new CqlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<CqlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(CqlSettings settings, AgentContext context) => new CqlAgent(settings, context);

    private static OptionTable<CqlSettings> Table() => Penalty(new OptionTable<CqlSettings>(new CqlSettings())
        .Network("256 [CORL]", "3 [CORL]", "relu [CORL]")
        .Integer("critic_hidden_layers", s => s.CriticHiddenLayers, (s, v) => s with { CriticHiddenLayers = (int)v }, 1, "Hidden layers of the critics: 3 [CORL, locomotion], 5 [CORL, AntMaze].", 1000)
        .CriticLayerNorm("none [CORL]")
        .Boolean("orthogonal_weights", s => s.OrthogonalWeights, (s, v) => s with { OrthogonalWeights = v }, "Orthogonal first weights of the critics [CORL].")
        .Learning("256 [CORL]", "and for the temperature: 3e-5 [CORL, locomotion], 1e-4 [CORL, AntMaze, Adroit]")
        .Critic("3e-4 [CORL]", "0.005 [CORL]")
        .Decay("of actor and critics; none [CORL]")
        .Clipping("none [CORL]", "none [CORL]")
        .Discount("0.99 [CORL]"))
        .Number("log_std_low", s => s.LogStdLow, (s, v) => s with { LogStdLow = v }, -80, 80, "Smallest ln sigma, -20 [CORL].")
        .Number("log_std_high", s => s.LogStdHigh, (s, v) => s with { LogStdHigh = v }, -80, 80, "Largest ln sigma, 2 [CORL].")
        .Number("target_entropy_per_action", s => s.TargetEntropyPerAction, (s, v) => s with { TargetEntropyPerAction = v }, double.NegativeInfinity, Infinite, "Target entropy per action entry, -1 [CORL].")
        .Word("act_with", s => s.ActWith, (s, v) => s with { ActWith = v }, "mean [CORL], or a sample of the policy.")
        .States("standardize [CORL, locomotion], none [CORL, AntMaze]", "1e-3 [CORL]")
        .Rewards("none [CORL]", "-0.5 on AntMaze [CORL]", "10 on AntMaze [CORL]")
        .DeviationBounds(s => s.LogStdLow, s => s.LogStdHigh);

    private static OptionTable<CqlSettings> Penalty(OptionTable<CqlSettings> table) => table
        .Number("cql_alpha", s => s.CqlAlpha, (s, v) => s with { CqlAlpha = v }, 0, Infinite, "Weight of the penalty: 10 [CORL, locomotion], 5 [CORL, AntMaze], 1 [CORL, Adroit]; 0 is Soft Actor-Critic without entropy in the backup.")
        .Number("cql_temperature", s => s.CqlTemperature, (s, v) => s with { CqlTemperature = v }, 1e-6, Infinite, "Temperature of the log-sum-exp, 1 [CORL].")
        .Integer("cql_actions", s => s.CqlActions, (s, v) => s with { CqlActions = (int)v }, 1, "Actions of each of three kinds (uniform, of the policy at s and at s') in the penalty, 10 [CORL].", 1000)
        .Number("difference_low", s => s.DifferenceLow, (s, v) => s with { DifferenceLow = v }, CqlSettings.NoLimit, Infinite, "Smallest difference between log-sum-exp and Q of the data: none (-1e9) [CORL, locomotion], -200 [CORL, AntMaze].")
        .Boolean("lagrange", s => s.Lagrange, (s, v) => s with { Lagrange = v }, "Learn the penalty's weight so that the difference comes to the gap: off [CORL, locomotion], on [CORL, AntMaze].")
        .Number("lagrange_gap", s => s.LagrangeGap, (s, v) => s with { LagrangeGap = v }, double.NegativeInfinity, Infinite, "The gap, 0.8 [CORL, AntMaze].")
        .Boolean("max_target_backup", s => s.MaxTargetBackup, (s, v) => s with { MaxTargetBackup = v }, "Best of the N target actions in the backup: off [CORL, locomotion], on [CORL, AntMaze].");
}
