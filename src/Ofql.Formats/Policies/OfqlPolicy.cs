using Ofql.Agents;
using Ofql.Formats.Policies;
using Ofql.Kernels.Randomness;

namespace Ofql;

/// <summary>
/// A trained policy of any algorithm inside a .NET program: one file in, actions out, no allocation per action. Not thread-safe: a policy is a
/// few megabytes at most, so give each thread its own.
/// </summary>
/// <example>
/// <code>
/// using var policy = OfqlPolicy.Load("policy.safetensors");
/// policy.Act(state, action);
/// </code>
/// </example>
public sealed class OfqlPolicy : IDisposable
{
    private const int Idle = 0;
    private const int Acting = 1;
    private const int Disposed = 2;

    /// <summary>Disposed of while it acts: whoever acts frees it.</summary>
    private const int Leaving = 3;

    private readonly IActor _actor;
    private readonly RandomStream _random;
    private readonly float[] _noise;
    private readonly float[] _uniform = new float[1];
    private int _step;
    private int _use = Idle;

    private OfqlPolicy(IActor actor, IReadOnlyDictionary<string, string> metadata, ActingOptions options, ulong seed)
    {
        _actor = actor;
        Metadata = metadata;
        Options = options;
        _random = new RandomStream(seed, "policy");
        _noise = new float[actor.NoisePerState];
    }

    /// <summary>Numbers in a state S.</summary>
    public int StateSize => _actor.StateSize;

    /// <summary>Numbers in an action A.</summary>
    public int ActionSize => _actor.ActionSize;

    /// <summary>How it acts.</summary>
    public ActingOptions Options { get; }

    /// <summary>What the file says of it: its algorithm (<c>kind</c>), and <c>state_parts</c> and <c>action_parts</c>, the names of their numbers in order (<see cref="Data.PartNames"/>), where the data had names.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Loads a policy that <c>ofql export</c> wrote.</summary>
    /// <param name="path">The policy file.</param>
    /// <param name="options">How to act; null acts by one sample, as the paper does.</param>
    /// <param name="seed">Seed of the noise: same seed, same calls, same actions.</param>
    /// <param name="algorithms">Those that the file's kind may name; null for <see cref="AgentCatalog.All"/>.</param>
    /// <exception cref="OfqlException">The file is missing, damaged, or its kind is that of no algorithm here.</exception>
    public static OfqlPolicy Load(string path, ActingOptions? options = null, ulong seed = 0, IReadOnlyList<IAgentFactory>? algorithms = null) =>
        FromArtefact(PolicyFile.Open(path), options, seed, algorithms);

    /// <summary>A policy from an artefact, such as <see cref="IAgent.ExportPolicy"/> gives.</summary>
    /// <exception cref="OfqlException">The artefact is incomplete, or its kind is that of no algorithm here.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No candidate, no thread, no such selection, a noise scale that is no number of at least 0, or a softmax weight that is none.</exception>
    public static OfqlPolicy FromArtefact(PolicyArtefact artefact, ActingOptions? options = null, ulong seed = 0, IReadOnlyList<IAgentFactory>? algorithms = null)
    {
        ArgumentNullException.ThrowIfNull(artefact);
        options ??= new ActingOptions();
        if (!Enum.IsDefined(options.Selection))
            throw new ArgumentOutOfRangeException(nameof(options), options.Selection, "There is no such selection of candidates.");
        if (!float.IsFinite(options.SoftmaxWeight))
            throw new ArgumentOutOfRangeException(nameof(options), options.SoftmaxWeight, "The softmax weight must be a finite number.");
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Candidates, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1);
        if (!float.IsFinite(options.NoiseScale) || options.NoiseScale < 0)
            throw new ArgumentOutOfRangeException(nameof(options), options.NoiseScale, "The noise scale must be a finite number of at least 0.");
        return new OfqlPolicy(AgentCatalog.CreateActor(algorithms ?? AgentCatalog.All, artefact, options, capacity: 1), artefact.Metadata, options, seed);
    }

    /// <summary>Writes the action for a state.</summary>
    /// <param name="state">[S], in the units of the data the policy was trained on.</param>
    /// <param name="action">[A], within the action bounds.</param>
    /// <exception cref="ArgumentException">A span of the wrong length, or a state with a number that is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The policy has been disposed.</exception>
    /// <exception cref="InvalidOperationException">Another thread is acting with it.</exception>
    /// <exception cref="OfqlException">It has no finite action for this state, which lies beyond anything it was trained on; <paramref name="action"/> is then 0.</exception>
    public void Act(ReadOnlySpan<float> state, Span<float> action)
    {
        var use = Interlocked.CompareExchange(ref _use, Acting, Idle);
        ObjectDisposedException.ThrowIf(use is Disposed or Leaving, this);
        if (use == Acting)
            throw new InvalidOperationException("Two threads act with one policy at once. Load one for each thread: what they share would mix their states.");
        try
        {
            ActAlone(state, action);
        }
        finally
        {
            if (Interlocked.CompareExchange(ref _use, Idle, Acting) == Leaving)
            {
                Volatile.Write(ref _use, Disposed);
                _actor.Dispose();
            }
        }
    }

    private void ActAlone(ReadOnlySpan<float> state, Span<float> action)
    {
        if (state.Length != StateSize || action.Length != ActionSize)
            throw new ArgumentException($"Expected a state of {StateSize} and an action of {ActionSize} numbers; found {state.Length} and {action.Length}.");
        foreach (var value in state)
        {
            if (!float.IsFinite(value))
                throw new ArgumentException("The state holds a number that is not finite. Check the sensor or the normalisation before acting.");
        }

        Noise.FillNormal(_random, _noise);
        if (Options.Selection == CandidateSelection.Softmax)
            // Rounding may reach 1, which no cumulative probability exceeds.
            _uniform[0] = Math.Min((float)_random.NextDouble(), MathF.BitDecrement(1f));
        if (_actor.Steps is [_, ..] steps)
            steps[0] = _step++;
        _actor.Act(1, state, _noise, _uniform, action);
        foreach (var value in action)
        {
            if (!float.IsFinite(value))
            {
                action.Clear();
                throw new OfqlException("The policy has no finite action for this state, which lies beyond anything it was trained on. Check the sensors before acting.");
            }
        }
    }

    /// <summary>
    /// Says that the next state begins an episode. Few policies need it (<c>aql</c>): those that act by the number of steps since then, counted in
    /// calls of <see cref="Act"/>.
    /// </summary>
    public void BeginEpisode() => _step = 0;

    /// <summary>Frees its memory; where another thread is acting with it, when that has its action.</summary>
    public void Dispose()
    {
        if (Interlocked.CompareExchange(ref _use, Disposed, Idle) == Idle)
            _actor.Dispose();
        else if (Interlocked.CompareExchange(ref _use, Leaving, Acting) == Idle)
            // It has just got its action.
            Dispose();
    }
}
