using Ofql.Agents;
using Ofql.Environments;

namespace Ofql.Evaluation;

/// <summary>
/// One thread of an evaluation: up to W environments in step with each other, so that one call of the actor serves all of
/// them. The environments in use fill the first places; a place whose episode ends takes the next episode, or is filled from
/// the last one. Nothing is allocated per step.
/// </summary>
internal sealed class EvaluationWorker : IDisposable
{
    private readonly Func<IEnvironment> _create;
    private readonly IActor _actor;
    private readonly EpisodeQueue _queue;
    private readonly IEnvironment[] _environments;
    private readonly RunningEpisode[] _episodes;
    private readonly float[] _states;
    private readonly float[] _noise;
    private readonly float[] _uniforms;
    private readonly float[] _actions;
    private int _created;
    private int _active;

    /// <param name="create">Makes an environment.</param>
    /// <param name="actor">Acts for them; owned by the worker from here on.</param>
    /// <param name="queue">Where episodes come from.</param>
    /// <param name="width">Most environments at once, W.</param>
    public EvaluationWorker(Func<IEnvironment> create, IActor actor, EpisodeQueue queue, int width)
    {
        _create = create;
        _actor = actor;
        _queue = queue;
        _environments = new IEnvironment[width];
        _episodes = new RunningEpisode[width];
        _states = new float[width * actor.StateSize];
        _noise = new float[width * actor.NoisePerState];
        _uniforms = new float[width];
        _actions = new float[width * actor.ActionSize];
        try
        {
            Create();
            RequireFit(_actor, Specification, width);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The facts of the task.</summary>
    public EnvironmentSpecification Specification => _environments[0].Specification;

    /// <summary>The simulator of the task.</summary>
    public string Simulator => _environments[0].Simulator;

    /// <summary>Runs episodes until the queue is empty.</summary>
    public void Run(CancellationToken cancellation)
    {
        while (_active < _environments.Length && _queue.TryTake(out var episode))
        {
            if (_active == _created)
                Create();
            Start(_active++, episode);
        }

        while (_active > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            Draw();
            _actor.Act(
                _active,
                _states.AsSpan(0, _active * _actor.StateSize),
                _noise.AsSpan(0, _active * _actor.NoisePerState),
                _uniforms.AsSpan(0, _active),
                _actions.AsSpan(0, _active * _actor.ActionSize));

            // Downwards, so that the place moved into a freed one has already been stepped.
            for (var place = _active - 1; place >= 0; place--)
                Step(place);
        }
    }

    /// <exception cref="OfqlException">Policy and task differ in their sizes.</exception>
    public static void RequireFit(IActor actor, EnvironmentSpecification facts, int width)
    {
        if (actor.StateSize != facts.StateSize || actor.ActionSize != facts.ActionSize)
        {
            throw new OfqlException(
                $"The policy takes {actor.StateSize} numbers and gives {actor.ActionSize}; {facts.Name} observes "
                + $"{facts.StateSize} and takes {facts.ActionSize}. Evaluate the policy on the task of its training data.");
        }

        if (actor.Capacity < width)
            throw new ArgumentException($"The actor was asked for a capacity of {width} and has {actor.Capacity}.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _actor.Dispose();
        for (var i = 0; i < _created; i++)
            _environments[i].Dispose();
        _created = 0;
    }

    private Span<float> State(int place) => _states.AsSpan(place * _actor.StateSize, _actor.StateSize);

    // Counted once it is there: making one may fail.
    private void Create()
    {
        _environments[_created] = _create();
        _created++;
    }

    private void Start(int place, in RunningEpisode episode)
    {
        _episodes[place] = episode;
        episode.Begin(_environments[place], State(place));
    }

    private void Draw()
    {
        var steps = _actor.Steps;
        for (var place = 0; place < _active; place++)
        {
            _episodes[place].Draw(_noise.AsSpan(place * _actor.NoisePerState, _actor.NoisePerState), out _uniforms[place]);
            if (!steps.IsEmpty)
                steps[place] = _episodes[place].Length;
        }
    }

    private void Step(int place)
    {
        var action = _actions.AsSpan(place * _actor.ActionSize, _actor.ActionSize);
        StepResult result;
        try
        {
            result = _environments[place].Step(action, State(place));
        }
        catch (OfqlException error)
        {
            throw new OfqlException(
                $"Evaluation episode {_episodes[place].Index}, step {_episodes[place].Length}: {error.Message}", error);
        }

        _episodes[place].Return += result.Reward;
        _episodes[place].Length++;
        if (!result.Done)
            return;
        _queue.Finish(_episodes[place], result.Terminated ? EpisodeEnding.Terminated : EpisodeEnding.Truncated);
        if (_queue.TryTake(out var next))
            Start(place, next);
        else
            MoveLastTo(place);
    }

    private void MoveLastTo(int place)
    {
        var last = --_active;
        if (place == last)
            return;
        (_environments[place], _environments[last]) = (_environments[last], _environments[place]);
        _episodes[place] = _episodes[last];
        State(last).CopyTo(State(place));
    }
}
