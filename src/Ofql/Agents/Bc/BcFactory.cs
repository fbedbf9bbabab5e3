namespace Ofql.Agents.Bc;

/// <summary>Behaviour cloning by name.</summary>
public sealed class BcFactory : AgentFactory<BcSettings>
{
    /// <inheritdoc/>
    public override string Title => "Behaviour cloning: a deterministic policy by regression, no rewards";

    /// <inheritdoc/>
    public override string Paper => "CORL, arXiv 2210.07105";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } = [.. D4rlTasks.Locomotion.With("CORL's code, the same for all", 1_000_000)];

    internal static PolicyFormat<BcSettings> Format { get; } = new()
    {
        Kind = "bc",
        Contract = "action = invert(tanh(network(normalize(state))))",
        Options = BcSettings.Options,
        ActingOptionNames = ["hidden_width", "hidden_layers", "activation"],
        CreateModel = (settings, stateSize, actionSize) => new BcModel(settings, stateSize, actionSize),
    };

    /// <inheritdoc/>
    protected override PolicyFormat<BcSettings> Policies => Format;

    /// <inheritdoc/>
    protected override IAgent Create(BcSettings settings, AgentContext context) => new BcAgent(settings, context);
}
