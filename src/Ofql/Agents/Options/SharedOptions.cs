namespace Ofql.Agents.Options;

/// <summary>
/// The options of <see cref="AgentSettings"/> and <see cref="ActorCriticSettings"/> in groups, so that an algorithm's table lists only
/// its own. Each text is the value with its source, such as <c>256 [paper]</c>; defaults are those of the algorithm's record.
/// </summary>
public static class SharedOptions
{
    private const double Infinite = double.PositiveInfinity;
    private const int LargestWidth = 65_536;

    /// <summary>hidden_width, hidden_layers, activation.</summary>
    public static OptionTable<T> Network<T>(this OptionTable<T> table, string width, string layers, string activation)
        where T : AgentSettings => table
        .Integer("hidden_width", s => s.HiddenWidth, (s, v) => s with { HiddenWidth = (int)v }, 2, $"Width of hidden layers, {width}.", LargestWidth)
        .Integer("hidden_layers", s => s.HiddenLayers, (s, v) => s with { HiddenLayers = (int)v }, 1, $"Hidden layers of the networks, {layers}.", 1000)
        .Word("activation", s => s.Activation, (s, v) => s with { Activation = v }, $"Activation of the networks, {activation}.");

    /// <summary>batch_size, learning_rate.</summary>
    public static OptionTable<T> Learning<T>(this OptionTable<T> table, string batch, string rate)
        where T : AgentSettings => table
        .Integer("batch_size", s => s.BatchSize, (s, v) => s with { BatchSize = (int)v }, 1, $"Transitions per update, {batch}.", 1_000_000)
        .Number("learning_rate", s => s.LearningRate, (s, v) => s with { LearningRate = v }, 0, 1, $"Adam's rate for the actor, {rate}.");

    /// <summary>learning_rate_decay.</summary>
    public static OptionTable<T> Decay<T>(this OptionTable<T> table, string decay)
        where T : AgentSettings => table
        .Word("learning_rate_decay", s => s.LearningRateDecay, (s, v) => s with { LearningRateDecay = v }, $"Course of the learning rate: {decay}.");

    /// <summary>normalize_states; with <paramref name="epsilon"/> also state_epsilon.</summary>
    public static OptionTable<T> States<T>(this OptionTable<T> table, string normalization, string? epsilon = null)
        where T : AgentSettings
    {
        table.Word("normalize_states", s => s.NormalizeStates, (s, v) => s with { NormalizeStates = v }, $"State normalisation: {normalization}.");
        return epsilon is null ? table : table.Number(
            "state_epsilon", s => s.StateEpsilon, (s, v) => s with { StateEpsilon = v }, 0, Infinite, $"Added to the deviation that standardised states are divided by, {epsilon}.");
    }

    /// <summary>normalize_rewards, reward_shift, reward_scale.</summary>
    public static OptionTable<T> Rewards<T>(this OptionTable<T> table, string normalization, string shift, string scale)
        where T : AgentSettings => table
        .Word("normalize_rewards", s => s.NormalizeRewards, (s, v) => s with { NormalizeRewards = v }, $"Reward normalisation: {normalization}; range (rewards to [-1, 1]) is EDP's on Kitchen and Adroit.")
        .Number("reward_shift", s => s.RewardShift, (s, v) => s with { RewardShift = v }, -Infinite, Infinite, $"Added to the normalised reward; {shift}.")
        .Number("reward_scale", s => s.RewardScale, (s, v) => s with { RewardScale = v }, -Infinite, Infinite, $"Factor on the shifted reward; {scale}.");

    /// <summary>action_limit.</summary>
    public static OptionTable<T> ActionLimit<T>(this OptionTable<T> table, string limit)
        where T : AgentSettings => table
        .Number("action_limit", s => s.ActionLimit, (s, v) => s with { ActionLimit = v }, 0, 1, $"Largest size of the dataset's actions in [-1, 1] units, {limit}.");

    /// <summary>discount.</summary>
    public static OptionTable<T> Discount<T>(this OptionTable<T> table, string discount)
        where T : ActorCriticSettings => table
        .Number("discount", s => s.Discount, (s, v) => s with { Discount = v }, 0, 1, $"gamma, {discount}.");

    /// <summary>critic_learning_rate, critic_tau.</summary>
    public static OptionTable<T> Critic<T>(this OptionTable<T> table, string rate, string tau)
        where T : ActorCriticSettings => table
        .Number("critic_learning_rate", s => s.CriticLearningRate, (s, v) => s with { CriticLearningRate = v }, 0, 1, $"Adam's rate for the critics, {rate}.")
        .Number("critic_tau", s => s.CriticTau, (s, v) => s with { CriticTau = v }, 0, 1, $"Weight of the online critics in their targets, {tau}.");

    /// <summary>The rule that log_std_low is below log_std_high.</summary>
    public static OptionTable<T> DeviationBounds<T>(this OptionTable<T> table, Func<T, double> low, Func<T, double> high) => table
        .Require(s => low(s) < high(s) ? null : FormattableString.Invariant($"Option 'log_std_low' is {low(s)}; expected less than log_std_high, {high(s)}."));

    /// <summary>critic_layer_norm.</summary>
    public static OptionTable<T> CriticLayerNorm<T>(this OptionTable<T> table, string layerNorm)
        where T : ActorCriticSettings => table
        .Boolean("critic_layer_norm", s => s.CriticLayerNorm, (s, v) => s with { CriticLayerNorm = v }, $"Layer norm before each critic activation: {layerNorm}.");

    /// <summary>actor_max_norm, critic_max_norm.</summary>
    public static OptionTable<T> Clipping<T>(this OptionTable<T> table, string actor, string critic)
        where T : ActorCriticSettings => table
        .Number("actor_max_norm", s => s.ActorMaxNorm, (s, v) => s with { ActorMaxNorm = v }, 0, Infinite, $"Global-norm clip of the actor's gradient, 0 = none; {actor}.")
        .Number("critic_max_norm", s => s.CriticMaxNorm, (s, v) => s with { CriticMaxNorm = v }, 0, Infinite, $"Global-norm clip of the critics' gradient, 0 = none; {critic}.");
}
