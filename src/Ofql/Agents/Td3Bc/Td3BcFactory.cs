namespace Ofql.Agents.Td3Bc;

/// <summary>TD3+BC by name.</summary>
public sealed class Td3BcFactory : AgentFactory<Td3BcSettings>
{
    /// <inheritdoc/>
    public override string Title => "TD3 with behaviour cloning: a deterministic policy held near the data";

    /// <inheritdoc/>
    public override string Paper => "Fujimoto and Gu, arXiv 2106.06860";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } = [.. D4rlTasks.Locomotion.With("the paper, the same for all", 1_000_000)];

    internal static PolicyFormat<Td3BcSettings> Format { get; } = new()
    {
        Kind = "td3_bc",
        Contract = "action = invert(tanh(network(normalize(state))))",
        Options = Td3BcSettings.Options,
        ActingOptionNames = ["hidden_width", "hidden_layers", "activation"],
        CreateModel = (settings, stateSize, actionSize) => new Td3BcModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<Td3BcSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(Td3BcSettings settings, AgentContext context) => new Td3BcAgent(settings, context);
}
