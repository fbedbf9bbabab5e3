using Ofql.Environments;

namespace Ofql.Evaluation;

/// <summary>Where the episodes of an evaluation start.</summary>
public enum EpisodeStarts
{
    /// <summary>In states drawn from streams split from the evaluation's seed.</summary>
    Streams,

    /// <summary>Where Gymnasium starts after <c>reset(seed + episode)</c>, so that scores compare episode by episode with its.</summary>
    Gymnasium,
}

/// <summary>
/// How a policy is scored. Only <see cref="Episodes"/>, <see cref="Seed"/> and <see cref="Starts"/> decide the result.
/// </summary>
public sealed record EvaluationOptions
{
    // From eight environments on a call is shared as well as it ever is; with more of them their simulators leave the caches between their steps.
    private const int LargestDefaultWidth = 32;

    // Rows of a call whose intermediate values stay in the first-level cache, or nearly: the best of 50 took 150 us a step with 50 of them and 219 with 1000 (networks of width 128, hopper).
    private const int RowsInCache = 64;

    /// <summary>Number of episodes.</summary>
    public int Episodes { get; init; } = 10;

    /// <summary>Seed that start states, noise and uniforms of all episodes are split from.</summary>
    public ulong Seed { get; init; }

    /// <summary>Where the episodes start.</summary>
    public EpisodeStarts Starts { get; init; }

    /// <summary>Threads that step environments; each has an actor of its own.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>
    /// Environments per thread that share one call of the actor; null: at most 32 and so few that their candidates stay in a cache, in rounds of
    /// one size (a call takes as long for few as for all).
    /// </summary>
    public int? Width { get; init; }

    /// <summary>Candidates that the actor computes for a state. For the default of <see cref="Width"/> alone.</summary>
    public int Candidates { get; init; } = 1;

    /// <summary>Environments per thread, with no more than the episodes can fill.</summary>
    internal int WidthPerThread
    {
        get
        {
            var share = (Episodes + Threads - 1) / Threads;
            if (Width is { } width)
                return Math.Min(share, width);
            var most = Math.Clamp(RowsInCache / Candidates, 1, LargestDefaultWidth);
            var rounds = (share + most - 1) / most;
            return (share + rounds - 1) / rounds;
        }
    }

    /// <summary>Checks that an environment can begin its episodes where these options ask for, before much is done for them.</summary>
    /// <exception cref="UsageException">It cannot start where Gymnasium does.</exception>
    public void RequireFit(IEnvironment environment)
    {
        if (Starts == EpisodeStarts.Gymnasium)
            RequireGymnasiumStart(environment);
    }

    /// <summary>Checks all values.</summary>
    /// <exception cref="UsageException">Names every value that is out of range.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Episodes < 1)
            faults.Add($"{nameof(Episodes)} is {Episodes}");
        if (Threads < 1)
            faults.Add($"{nameof(Threads)} is {Threads}");
        if (Width < 1)
            faults.Add($"{nameof(Width)} is {Width}");
        if (Candidates < 1)
            faults.Add($"{nameof(Candidates)} is {Candidates}");
        if (faults.Count > 0)
            throw new UsageException($"Evaluation options must be at least 1: {string.Join(", ", faults)}.");
    }

    internal static IGymnasiumStart RequireGymnasiumStart(IEnvironment environment) => environment as IGymnasiumStart ?? throw new UsageException(
        $"{environment.Specification.Name} cannot start where Gymnasium does: its first states are not drawn here as there. "
        + "Evaluate it from its own starts (--starts streams with 'ofql evaluate', evaluation.starts: streams in a configuration, EpisodeStarts.Streams in code).");
}
