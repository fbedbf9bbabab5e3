using Ofql.Agents.Options;

namespace Ofql.Agents.Aql;

/// <summary>Adaptive Q-learning by name.</summary>
public sealed class AqlFactory : AdaptiveQFactory<AqlSettings>
{
    /// <inheritdoc/>
    public override string Title => "Adaptive Q-learning: online, tabular, one adaptive partition of states and actions per step of an episode";

    /// <inheritdoc/>
    public override string Paper => "Sinclair et al., arXiv 1910.08151";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        new("pendulum-v1", new Dictionary<string, string>(), "authors' code of arXiv 2011.02141; with rewards scaled to [0, 1] bonus 160"),
        new("cartpole-v0", new Dictionary<string, string> { ["bonus"] = "120" }, "authors' code of arXiv 2011.02141 (two actions there)"),
    ];

    internal static AdaptiveQFormat Format { get; } = new("aql");

    private protected override AdaptiveQFormat Policies => Format;

    private protected override OptionTable<AqlSettings> Table { get; } = AdaptiveQOptions.Of(new AqlSettings(), "20 [authors' code, pendulum]");

    private protected override IAgent Create(AqlSettings settings, AgentContext context) => new AqlAgent(settings, context);
}
