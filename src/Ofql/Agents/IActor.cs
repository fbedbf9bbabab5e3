namespace Ofql.Agents;

/// <summary>How a policy that has a noise input acts.</summary>
public sealed record ActingOptions
{
    /// <summary>Candidates N drawn per state; 1 acts by the single sample.</summary>
    public int Candidates { get; init; } = 1;

    /// <summary>Factor on the initial noise: 1 as trained, 0 the noise-free action, 0.5 in CleanDiffuser's protocol.</summary>
    public float NoiseScale { get; init; } = 1f;

    /// <summary>How one of several candidates is chosen by the critics: by the target critics' minimum, where an algorithm does not say otherwise.</summary>
    public CandidateSelection Selection { get; init; } = CandidateSelection.Argmax;

    /// <summary>Also compute the log-density of each action; for one sample as trained, where the policy has a density.</summary>
    public bool LogProbability { get; init; }

    /// <summary>
    /// Threads that share the rows of a call, groups of 8 or 16 at least: worth it for many candidates or states, not for one action. The
    /// actions' bits do not depend on it. Those beyond the caller's wait for the next call, at first busily: leave a core to each.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>
    /// Reads the weights of the networks' inner layers at two bytes each, as whole numbers (13 bits of a column's largest weight, times 14 bits of the largest input): for one
    /// action at a time, which waits for little else than its weights and then takes two thirds of the time or less. Actions differ from those of the policy as trained, by a thousandth of
    /// their range in the root mean square and a hundredth or two at worst (docs/performance.md; <c>ofql bench policy</c> says how much yours do). Without effect where a policy has no networks.
    /// </summary>
    public bool HalfWeights { get; init; }

    /// <summary>Factor w on Q in the softmax: probability proportional to exp(w Q).</summary>
    public float SoftmaxWeight { get; init; } = 1f;
}

/// <summary>How one of several candidate actions is chosen.</summary>
public enum CandidateSelection
{
    /// <summary>The candidate with the largest value.</summary>
    Argmax,

    /// <summary>One candidate sampled with probability softmax(w Q).</summary>
    Softmax,
}

/// <summary>
/// A policy ready to act on up to <see cref="Capacity"/> states a call, without allocation. Randomness is an argument, so that
/// a caller decides which stream serves which state. Reads the agent's parameters as they are at the call. Not thread-safe.
/// </summary>
public interface IActor : IDisposable
{
    /// <summary>Size of a state S (as the environment gives it: normalisation happens inside).</summary>
    int StateSize { get; }

    /// <summary>Size of an action A.</summary>
    int ActionSize { get; }

    /// <summary>Most states per call.</summary>
    int Capacity { get; }

    /// <summary>Standard normal numbers needed per state (candidates x A for a flow policy; 0 for a deterministic one).</summary>
    int NoisePerState { get; }

    /// <summary>
    /// Log-densities of the actions of the last call, in [-1, 1] units [capacity]; empty unless asked for
    /// (<see cref="ActingOptions.LogProbability"/>) of a policy that has a density.
    /// </summary>
    ReadOnlySpan<float> LogProbabilities => default;

    /// <summary>
    /// Where the policy depends on it, the place for the number of steps that each state's episode has taken so far [capacity], 0 for a first
    /// state: to be written before a call. Empty for the others.
    /// </summary>
    Span<int> Steps => default;

    /// <summary>Writes one action per state.</summary>
    /// <param name="count">Number of states n, at most <see cref="Capacity"/>.</param>
    /// <param name="states">[n, S] row-major.</param>
    /// <param name="noise">[n, NoisePerState] standard normal, before the noise scale.</param>
    /// <param name="uniforms">[n] uniform in [0, 1): decides the softmax choice.</param>
    /// <param name="actions">[n, A] row-major, within the action bounds.</param>
    void Act(int count, ReadOnlySpan<float> states, ReadOnlySpan<float> noise, ReadOnlySpan<float> uniforms, Span<float> actions);
}
