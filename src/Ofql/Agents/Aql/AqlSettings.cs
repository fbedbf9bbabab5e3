namespace Ofql.Agents.Aql;

/// <summary>Every choice of adaptive Q-learning (arXiv 1910.08151).</summary>
public sealed record AqlSettings : AdaptiveQSettings
{
    /// <summary>The settings that arXiv 2011.02141 found best for the pendulum with its rewards as they are.</summary>
    public AqlSettings() => Bonus = 20;
}
