using Ofql.Environments;
using Ofql.Kernels.Randomness;

namespace Ofql.Evaluation;

/// <summary>Hands out the episodes of an evaluation to its threads and collects what came of them. Thread-safe.</summary>
internal sealed class EpisodeQueue
{
    private readonly EvaluationOptions _options;
    private readonly RandomStream _root;
    private readonly EpisodeOutcome[] _outcomes;
    private int _next;

    public EpisodeQueue(EvaluationOptions options)
    {
        _options = options;
        _root = RootOf(options);
        _outcomes = new EpisodeOutcome[options.Episodes];
    }

    /// <summary>The outcomes by episode index. Complete once every episode taken has been finished.</summary>
    public IReadOnlyList<EpisodeOutcome> Outcomes => _outcomes;

    /// <summary>One episode of an evaluation.</summary>
    public static RunningEpisode EpisodeOf(EvaluationOptions options, int index) => EpisodeOf(options, RootOf(options), index);

    /// <summary>Takes the next episode; false if there is none left.</summary>
    public bool TryTake(out RunningEpisode episode)
    {
        episode = default;
        var index = Interlocked.Increment(ref _next) - 1;
        if (index >= _outcomes.Length)
            return false;

        // Splitting reads only the root's key, so threads may do it at once.
        episode = EpisodeOf(_options, _root, index);
        return true;
    }

    /// <summary>Notes how an episode ended.</summary>
    public void Finish(in RunningEpisode episode, EpisodeEnding ending) =>
        _outcomes[episode.Index] = new EpisodeOutcome(episode.Return, episode.Length, ending);

    private static RandomStream RootOf(EvaluationOptions options) => new(options.Seed, "evaluation");

    private static RunningEpisode EpisodeOf(EvaluationOptions options, RandomStream root, int index)
    {
        var stream = root.Split("episode", index);
        return new RunningEpisode
        {
            Index = index,
            Start = stream.Split("reset"),
            GymnasiumSeed = options.Starts == EpisodeStarts.Gymnasium ? options.Seed + (ulong)index : null,
            Noise = stream.Split("noise"),
            Uniforms = stream.Split("uniforms"),
        };
    }
}

/// <summary>An episode under way: its streams and its sums so far.</summary>
internal struct RunningEpisode
{
    public required int Index { get; init; }

    public required RandomStream Start { get; init; }

    /// <summary>The seed that Gymnasium would be reset with; null: it starts from <see cref="Start"/>.</summary>
    public required ulong? GymnasiumSeed { get; init; }

    public required RandomStream Noise { get; init; }

    public required RandomStream Uniforms { get; init; }

    public double Return { get; set; }

    public int Length { get; set; }

    /// <summary>Puts the environment into the first state of the episode.</summary>
    /// <exception cref="UsageException">It cannot start where Gymnasium does.</exception>
    public readonly void Begin(IEnvironment environment, Span<float> state)
    {
        if (GymnasiumSeed is not { } seed)
        {
            environment.Reset(Start, state);
            return;
        }

        EvaluationOptions.RequireGymnasiumStart(environment).ResetAsGymnasium(seed, state);
    }

    /// <summary>Draws what the actor needs for its next action.</summary>
    public readonly void Draw(Span<float> noise, out float uniform)
    {
        foreach (ref var value in noise)
            value = (float)Noise.NextNormal();
        // 24 bits, since rounding a double just below 1 to float would give 1 itself.
        uniform = (Uniforms.NextUInt64() >> 40) * (1f / (1 << 24));
    }
}
