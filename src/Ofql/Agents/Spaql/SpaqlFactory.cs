using Ofql.Agents.Options;

namespace Ofql.Agents.Spaql;

/// <summary>Single-partition adaptive Q-learning by name.</summary>
public sealed class SpaqlFactory : AdaptiveQFactory<SpaqlSettings>
{
    private const double Infinite = double.PositiveInfinity;

    /// <inheritdoc/>
    public override string Title => "Single-partition adaptive Q-learning: online, tabular, one adaptive partition for all steps, found by trials";

    /// <inheritdoc/>
    public override string Paper => "Araujo et al., arXiv 2007.06741";

    /// <inheritdoc/>
    public override IReadOnlyList<PublishedSettings> Published { get; } =
    [
        new("pendulum-v1", new Dictionary<string, string>(), "authors' code of arXiv 2011.02141; with rewards scaled to [0, 1] bonus 10"),
        new("cartpole-v0", new Dictionary<string, string> { ["bonus"] = "20" }, "authors' code of arXiv 2011.02141 (two actions there)"),
    ];

    internal static AdaptiveQFormat Format { get; } = new("spaql");

    private protected override AdaptiveQFormat Policies => Format;

    private protected override OptionTable<SpaqlSettings> Table { get; } = AdaptiveQOptions.Of(new SpaqlSettings(), "4 [authors' code, pendulum]")
        .Integer("trials", s => s.Trials, (s, v) => s with { Trials = (int)v }, 0, "Episodes that the policy is tried in after each one collected, 20 [paper]; 0 for no search. They cost simulation but are not learned from.")
        .Number("temperature", s => s.Temperature, (s, v) => s with { Temperature = v }, 1e-6, Infinite, "Lowest temperature of the Boltzmann distribution over cells, 0.01 [paper].")
        .Number("temperature_limit", s => s.TemperatureLimit, (s, v) => s with { TemperatureLimit = v }, 0, Infinite, "Temperature from which on it no longer grows, 10 [paper].")
        .Number("temperature_factor", s => s.TemperatureFactor, (s, v) => s with { TemperatureFactor = v }, 1, Infinite, "u: factor on the temperature while the search fails, 2 at first [paper].")
        .Number("factor_decay", s => s.FactorDecay, (s, v) => s with { FactorDecay = v }, 0, 1, "d: u becomes u^d with every improvement, 0.8 [paper].");

    private protected override IAgent Create(SpaqlSettings settings, AgentContext context) => new SpaqlAgent(settings, context);
}
