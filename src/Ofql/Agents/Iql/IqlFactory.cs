using Ofql.Agents.Options;

namespace Ofql.Agents.Iql;

/// <summary>Implicit Q-Learning by name.</summary>
public sealed class IqlFactory : AgentFactory<IqlSettings>
{
    private const double Infinite = double.PositiveInfinity;

    /// <inheritdoc/>
    public override string Title => "Implicit Q-Learning: values by expectiles of the data's actions alone, a policy by weighted regression";

    /// <inheritdoc/>
    public override string Paper => "Kostrikov, Nair and Levine, arXiv 2110.06169";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        .. D4rlTasks.Locomotion.With("the authors' code", 1_000_000, ("normalize_rewards", "return_range")),
        .. D4rlTasks.AntMaze("v0").With("the authors' code", 1_000_000, ("expectile", "0.9"), ("beta", "10"), ("reward_shift", "-1")),
        .. D4rlTasks.Kitchen.With("the authors' code", 1_000_000, ("beta", "0.5"), ("dropout", "0.1")),
        .. D4rlTasks.Pen.With("the authors' code (Adroit, there v0)", 1_000_000, ("beta", "0.5"), ("dropout", "0.1")),
    ];

    internal static PolicyFormat<IqlSettings> Format { get; } = new()
    {
        Kind = "iql",
        Contract = "action = invert(clip(tanh(network(normalize(state))) + noise exp(clip(log_std)), -1, 1)); noise ~ N(0, I) with network_act_with = sample, else 0",
        Options = Table(),
        ActingOptionNames = ["hidden_width", "hidden_layers", "activation", "critic_layer_norm", "log_std_low", "log_std_high", "act_with"],
        CreateModel = (settings, stateSize, actionSize) => new IqlModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<IqlSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(IqlSettings settings, AgentContext context) => new IqlAgent(settings, context);

    // [code] the authors'; [CORL] CORL's iql.py.
    private static OptionTable<IqlSettings> Table() => new OptionTable<IqlSettings>(new IqlSettings())
        .Network("256 [code]", "2 [code]", "relu [code]")
        .CriticLayerNorm("none [code]")
        .Boolean("orthogonal_weights", s => s.OrthogonalWeights, (s, v) => s with { OrthogonalWeights = v }, "Orthogonal first weights, gain 2^(1/2) [code].")
        .Learning("256 [code]", "3e-4 [code]")
        .Critic("3e-4 [code]", "0.005 [code]")
        .Number("value_learning_rate", s => s.ValueLearningRate, (s, v) => s with { ValueLearningRate = v }, 0, 1, "Adam's rate for V, 3e-4 [code].")
        .Decay("of the policy alone; cosine over the planned updates [code]")
        .Clipping("none [code]", "none [code]")
        .Discount("0.99 [code]")
        .Number("expectile", s => s.Expectile, (s, v) => s with { Expectile = v }, 0, 1, "tau: 0.7 [code, locomotion, Kitchen, Adroit], 0.9 [code, AntMaze].")
        .Number("beta", s => s.Beta, (s, v) => s with { Beta = v }, 0, Infinite, "Inverse temperature of the advantage weights: 3 [code, locomotion], 10 [code, AntMaze], 0.5 [code, Kitchen, Adroit].")
        .Number("maximum_weight", s => s.MaximumWeight, (s, v) => s with { MaximumWeight = v }, 0, Infinite, "Largest advantage weight, 100 [code].")
        .Word("order", s => s.Order, (s, v) => s with { Order = v }, "Order of an update: paper (V first, the others with the new V) [code], corl (all from before the update) [CORL].")
        .Number("log_std_low", s => s.LogStdLow, (s, v) => s with { LogStdLow = v }, -80, 80, "Smallest ln sigma: -5 [code], -20 [CORL].")
        .Number("log_std_high", s => s.LogStdHigh, (s, v) => s with { LogStdHigh = v }, -80, 80, "Largest ln sigma, 2 [code].")
        .Number("dropout", s => s.Dropout, (s, v) => s with { Dropout = v }, 0, 0.99, "Share of the policy's hidden units left out while it learns: 0 [code], 0.1 [code, Kitchen, Adroit].")
        .Word("act_with", s => s.ActWith, (s, v) => s with { ActWith = v }, "mean [code], or a sample of the policy.")
        .ActionLimit("1 - 1e-5 [code]")
        .States("none [code], standardize [CORL]", "1e-3 [CORL]")
        .Rewards("return_range on locomotion [code], none elsewhere", "-1 on AntMaze [code]", "1 [code]")
        .DeviationBounds(s => s.LogStdLow, s => s.LogStdHigh);
}
