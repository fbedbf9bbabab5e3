namespace Ofql.Agents.Spaql;

/// <summary>Every choice of single-partition adaptive Q-learning (arXiv 2007.06741).</summary>
public sealed record SpaqlSettings : AdaptiveQSettings
{
    /// <summary>The settings that arXiv 2011.02141 found best for the pendulum with its rewards as they are.</summary>
    public SpaqlSettings() => Bonus = 4;

    /// <summary>Episodes that a policy is tried in after each one collected.</summary>
    public int Trials { get; init; } = 20;

    /// <summary>Lowest temperature.</summary>
    public double Temperature { get; init; } = 0.01;

    /// <summary>Highest temperature from which on it no longer grows.</summary>
    public double TemperatureLimit { get; init; } = 10;

    /// <summary>u: first factor by which the temperature grows.</summary>
    public double TemperatureFactor { get; init; } = 2;

    /// <summary>d: power that u is raised to with every improvement.</summary>
    public double FactorDecay { get; init; } = 0.8;
}
