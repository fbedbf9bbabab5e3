using Ofql.Agents;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Kernels.Randomness;

namespace Ofql.Training;

/// <summary>
/// An agent that collects what it learns from: one <see cref="Update"/> is one step of the environment with the updates that
/// belong to it. So the <see cref="TrainingLoop"/> that runs any agent also runs this one, and its steps are environment steps.
/// The agent must draw its batches from a pool that holds <see cref="Buffer"/>; recorded data may be mixed in there.
/// An <see cref="ITrialAgent"/> is tried out before its first update and whenever it has learned from an episode that ended.
/// </summary>
public sealed class OnlineLearner : IAgent
{
    private readonly IAgent _agent;
    private readonly IEnvironment _environment;
    private readonly OnlineOptions _options;
    private readonly ICollectionStore? _collection;
    private readonly IActor _actor;
    private readonly EpisodeTrials? _trials;
    private readonly RandomStream _starts;
    private readonly RandomStream _randomActions;
    private readonly RandomStream _exploration;
    private readonly RandomStream _choices;
    private readonly float[] _observation;
    private readonly float[] _next;
    private readonly float[] _begun;
    private readonly float[] _action;
    private readonly float[] _noise;
    private readonly float[] _uniform = new float[1];
    private readonly float[] _metrics;
    private readonly double[] _environmentState;
    private readonly double[] _restoredState;
    private double _return;
    private long _length;
    private double _lastReturn;
    private long _lastLength;
    private long _episodes;
    private long _triedEpisodes;
    private long _restoredCollected;
    private long _restoredDigest;
    private long _stored;
    private bool _isUndone;

    /// <summary>Begins the first episode. Agent, environment, buffer and store stay the caller's to dispose of.</summary>
    /// <param name="agent">Who learns and acts.</param>
    /// <param name="environment">Where it acts.</param>
    /// <param name="buffer">Where transitions go.</param>
    /// <param name="options">How it collects.</param>
    /// <param name="collection">Keeps what was collected for resuming; null: the run cannot be resumed.</param>
    /// <exception cref="UsageException">Options out of range.</exception>
    public OnlineLearner(IAgent agent, IEnvironment environment, ReplayBuffer buffer, OnlineOptions options, ICollectionStore? collection = null)
    {
        options.Validate();
        _collection = collection;
        _agent = agent;
        _environment = environment;
        _options = options;
        Buffer = buffer;
        var facts = environment.Specification;
        _starts = new RandomStream(options.Seed, "online starts");
        _observation = new float[facts.StateSize];
        environment.Reset(_starts, _observation);
        _actor = agent.CreateExplorer(options.Candidates);
        if (agent is ITrialAgent { TrialEpisodes: > 0 } trial)
            _trials = new EpisodeTrials(trial, environment, options.Seed);
        _randomActions = new RandomStream(options.Seed, "online random actions");
        _exploration = new RandomStream(options.Seed, "online exploration");
        _choices = new RandomStream(options.Seed, "online choices");
        _next = new float[facts.StateSize];
        _begun = new float[facts.StateSize];
        _action = new float[facts.ActionSize];
        // What a deterministic policy does not ask for is added to its actions.
        _noise = new float[_actor.NoisePerState > 0 ? _actor.NoisePerState : facts.ActionSize];
        _environmentState = new double[environment.StateLength];
        _restoredState = new double[environment.StateLength];
        _metrics = new float[agent.MetricNames.Count];
        MetricNames = ["collect/return", "collect/length", "collect/episodes", .. agent.MetricNames];
        StateTensors = [.. agent.StateTensors, new StateTensor("online/observation", [facts.StateSize], _observation.CopyTo, values => values.CopyTo(_observation)), .. LastMetrics()];
        StateIntegers = [.. agent.StateIntegers, .. Integers(), .. TrialIntegers()];
    }

    /// <summary>Environment steps done.</summary>
    public long Step { get; private set; }

    /// <summary>What has been collected.</summary>
    public ReplayBuffer Buffer { get; }

    /// <summary>Return and length of the last episode that ended, and the number of them; then the agent's metrics of the last update.</summary>
    public IReadOnlyList<string> MetricNames { get; }

    /// <inheritdoc/>
    public IReadOnlyList<StateTensor> StateTensors { get; }

    /// <inheritdoc/>
    public IReadOnlyList<StateInteger> StateIntegers { get; }

    /// <summary>Acts once, records the transition and, when a round is complete, learns.</summary>
    /// <exception cref="CollectingException">The environment failed; the learner is as it was before the step, and can be stored or try it again.</exception>
    public void Update()
    {
        // What the ring is about to overwrite must have been stored.
        if (_collection is not null && Buffer.Collected - _stored == Buffer.Capacity)
            Store();
        if (Step >= _options.StartSteps && _trials?.Count == 0)
            _trials.Run();
        var result = Collect();
        Buffer.Add(_observation, _action, (float)result.Reward, _next, result.Terminated, result.Truncated);
        (result.Done ? _begun : _next).CopyTo(_observation, 0);
        _return += result.Reward;
        _length++;
        Step++;
        if (result.Done)
            EndEpisode();
        var learning = Step - _options.StartSteps;
        if (learning <= 0 || learning % _options.RoundSteps != 0)
            return;
        for (var update = 0L; update < (long)_options.RoundSteps * _options.UpdatesPerStep; update++)
            _agent.Update();
        // One trial of what was learned from the episodes that have ended, even if a round held several.
        if (_trials is not null && _episodes > _triedEpisodes)
            _trials.Run();
        _triedEpisodes = _episodes;
        _agent.ReadMetrics(_metrics);
    }

    /// <inheritdoc/>
    public void ReadMetrics(Span<float> values)
    {
        values[0] = (float)_lastReturn;
        values[1] = _lastLength;
        values[2] = _episodes;
        _metrics.CopyTo(values[3..]);
    }

    /// <inheritdoc/>
    public IActor CreateActor(ActingOptions options, int capacity) => _agent.CreateActor(options, capacity);

    /// <inheritdoc/>
    public PolicyArtefact ExportPolicy() => _agent.ExportPolicy();

    /// <summary>Stores what was collected; called before every checkpoint.</summary>
    public void Store()
    {
        _collection?.Append(Buffer);
        _stored = Buffer.Collected;
    }

    /// <summary>Brings buffer and environment to the state whose numbers a checkpoint has put into <see cref="StateIntegers"/>.</summary>
    /// <exception cref="OfqlException">What was collected is not stored, or damaged.</exception>
    public void Restore()
    {
        if (_collection is null)
            throw new OfqlException("This run does not keep what it collects, so it cannot be resumed. Begin a new run.");
        _collection.Restore(Buffer, _restoredCollected);
        _stored = Buffer.Collected;
        if (Buffer.Digest != (ulong)_restoredDigest)
        {
            throw new OfqlException(
                $"The {_restoredCollected} transitions stored with this run are not those that its checkpoint was made of: their digest is "
                + $"{Buffer.Digest:x16}, expected {(ulong)_restoredDigest:x16}. The file is damaged. Begin a new run.");
        }

        // The observation was saved beside the state and stays as it was.
        _environment.RestoreState(_restoredState, _next);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _actor.Dispose();
        _trials?.Dispose();
    }

    /// <summary>One step of the environment, and the first observation of the next episode where it ended one.</summary>
    private StepResult Collect()
    {
        if (_isUndone)
            _environment.RestoreState(_environmentState, _next);
        _isUndone = false;
        _environment.SaveState(_environmentState);
        var (starts, random, exploration, choices) = (_starts.Position, _randomActions.Position, _exploration.Position, _choices.Position);
        try
        {
            Act();
            var result = _environment.Step(_action, _next);
            if (result.Done)
                _environment.Reset(_starts, _begun);
            return result;
        }
        catch (Exception cause) when (cause is not OperationCanceledException)
        {
            // As if it had not begun: a checkpoint made now must not know a half of it, and the simulator is not asked for its state any more.
            (_starts.Position, _randomActions.Position, _exploration.Position, _choices.Position) = (starts, random, exploration, choices);
            _isUndone = true;
            throw new CollectingException($"Environment step {Step + 1} (step {_length + 1} of its episode) failed: {cause.Message}", cause);
        }
    }

    private void Act()
    {
        var bounds = _environment.Specification.Actions;
        if (Step < _options.StartSteps && _options.UniformStart)
        {
            for (var i = 0; i < _action.Length; i++)
                _action[i] = (float)_randomActions.NextUniform(bounds.Low[i], bounds.High[i]);
            return;
        }

        if (_actor.Steps is [_, ..] steps)
            steps[0] = (int)_length;
        Noise.FillNormal(_exploration, _noise);
        Noise.FillUniform(_choices, _uniform);
        _actor.Act(1, _observation, _noise.AsSpan(0, _actor.NoisePerState), _uniform, _action);
        if (_actor.NoisePerState > 0)
            return;
        for (var i = 0; i < _action.Length; i++)
        {
            var halfRange = (bounds.High[i] - bounds.Low[i]) / 2;
            _action[i] = Math.Clamp(_action[i] + ((float)_options.ExplorationNoise * halfRange * _noise[i]), bounds.Low[i], bounds.High[i]);
        }
    }

    private void EndEpisode()
    {
        _lastReturn = _return;
        _lastLength = _length;
        _return = 0;
        _length = 0;
        _episodes++;
    }

    // They stand still between two rounds, also across a restart. Where every step is a round they are new after each, as they were before they were kept.
    private IEnumerable<StateTensor> LastMetrics() => _metrics.Length == 0 || _options.RoundSteps == 1
        ? []
        : [new StateTensor("online/metrics", [_metrics.Length], _metrics.CopyTo, values => values.CopyTo(_metrics))];

    private IEnumerable<StateInteger> Integers()
    {
        yield return new("online/step", () => Step, value => Step = value);
        yield return new("online/collected", () => Buffer.Collected, value => _restoredCollected = value);
        yield return new("online/collected_digest", () => (long)Buffer.Digest, value => _restoredDigest = value);
        yield return new("online/length", () => _length, value => _length = value);
        yield return new("online/last_length", () => _lastLength, value => _lastLength = value);
        yield return new("online/episodes", () => _episodes, value => _episodes = value);
        yield return OfDouble("online/return", () => _return, value => _return = value);
        yield return OfDouble("online/last_return", () => _lastReturn, value => _lastReturn = value);
        foreach (var (name, stream) in ((string, RandomStream)[])[("starts", _starts), ("random_actions", _randomActions), ("exploration", _exploration), ("choices", _choices)])
            yield return new($"online/stream.{name}", () => (long)stream.Position, value => stream.Position = (ulong)value);
        for (var i = 0; i < _environmentState.Length; i++)
        {
            var entry = i;
            yield return OfDouble(FormattableString.Invariant($"online/environment.{entry}"), () => EnvironmentEntry(entry), value => _restoredState[entry] = value);
        }
    }

    private IEnumerable<StateInteger> TrialIntegers() => _trials is null
        ? []
        : _trials.Integers().Append(new("online/tried_episodes", () => _triedEpisodes, value => _triedEpisodes = value));

    // The bits of a double as an integer.
    private static StateInteger OfDouble(string name, Func<double> read, Action<double> write) =>
        new(name, () => BitConverter.DoubleToInt64Bits(read()), bits => write(BitConverter.Int64BitsToDouble(bits)));

    private double EnvironmentEntry(int entry)
    {
        if (!_isUndone)
            _environment.SaveState(_environmentState);
        return _environmentState[entry];
    }
}
