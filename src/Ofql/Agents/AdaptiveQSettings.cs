using Ofql.Agents.Options;

namespace Ofql.Agents;

/// <summary>What adaptive Q-learning with one tree per step and with a single tree both choose. Each property is an option of the same name in snake_case.</summary>
public abstract record AdaptiveQSettings
{
    /// <summary>H: steps of an episode, and the largest return.</summary>
    public int Horizon { get; init; } = 200;

    /// <summary>xi: factor on the bonus 1 / sqrt(n).</summary>
    public double Bonus { get; init; }

    /// <summary>Added to rewards.</summary>
    public double RewardShift { get; init; }

    /// <summary>Factor on shifted rewards.</summary>
    public double RewardScale { get; init; } = 1;

    /// <summary>Scale of state entries without bounds.</summary>
    public double UnboundedScale { get; init; } = 2;

    /// <summary>Nodes from which on no cell is split.</summary>
    public int MaximumNodes { get; init; } = 4_000_000;
}

/// <summary>The options of <see cref="AdaptiveQSettings"/>.</summary>
internal static class AdaptiveQOptions
{
    private const double Infinite = double.PositiveInfinity;

    /// <summary>Steps of the longest episode that trees can be kept for.</summary>
    private const int LargestHorizon = 100_000;

    /// <summary>All of them; <paramref name="bonus"/> is the default of the bonus with its source.</summary>
    public static OptionTable<T> Of<T>(T defaults, string bonus)
        where T : AdaptiveQSettings => new OptionTable<T>(defaults)
        .Integer("horizon", s => s.Horizon, (s, v) => s with { Horizon = (int)v }, 1, "H: steps of an episode, first Q, largest value; the task's step limit where rewards are at most 1 [paper], 200 [authors' code].", LargestHorizon)
        .Number("bonus", s => s.Bonus, (s, v) => s with { Bonus = v }, 0, Infinite, $"xi of the bonus xi / sqrt(n); {bonus}.")
        .Number("reward_shift", s => s.RewardShift, (s, v) => s with { RewardShift = v }, -Infinite, Infinite, "Added to the reward; 0. The theory wants rewards in [0, 1] [paper].")
        .Number("reward_scale", s => s.RewardScale, (s, v) => s with { RewardScale = v }, -Infinite, Infinite, "Factor on the shifted reward; 1.")
        .Number("unbounded_scale", s => s.UnboundedScale, (s, v) => s with { UnboundedScale = v }, double.Epsilon, Infinite, "State entries x without bounds enter as tanh(x / scale); 2 (the authors: 240 and 21 for CartPole's two speeds).")
        .Integer("maximum_nodes", s => s.MaximumNodes, (s, v) => s with { MaximumNodes = (int)v }, 1, "Nodes of the trees from which on no cell is split; bounds the memory, 16 bytes each.", Partitions.AdaptivePartition.MaximumCount);
}
