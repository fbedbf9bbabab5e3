using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;

namespace Ofql.Agents;

/// <summary>
/// Acts by the rule of a model: normalises the state, computes N candidate actions from N noises, takes the one that the value
/// prefers (or a softmax sample), brings it back to the task's units and bounds. The same for a learning agent and for a
/// policy file. Without noise, or without a value, N is 1.
/// </summary>
internal sealed class CandidateActor : IActor
{
    private readonly ActingOptions _options;
    private readonly DataTransforms _transforms;
    private readonly IDisposable? _owned;
    private readonly Graph.Graph _graph;
    private readonly WorkerTeam _team;
    private readonly Program? _program;
    private readonly BoundedChoice? _choice;
    private readonly InputNode _states;
    private readonly InputNode? _noise;
    private readonly Node _action;
    private readonly Node? _value;
    private readonly Node? _logProbability;
    private readonly float[] _logProbabilities = [];
    private readonly int _candidates;
    private readonly float[] _stateRow;
    private readonly float[] _noiseRow;
    private readonly float[] _actions;
    private readonly float[] _values;
    private bool _disposed;

    /// <param name="rule">How to act.</param>
    /// <param name="transforms">Between the task's units and the networks'.</param>
    /// <param name="options">Candidates, noise scale, choice.</param>
    /// <param name="capacity">Most states per call.</param>
    /// <param name="owned">Disposed with the actor: the model, where nobody else has it.</param>
    /// <param name="judgeAll">Both critics judge every candidate, where it could be decided with less; in tests.</param>
    public CandidateActor(ActingRule rule, DataTransforms transforms, ActingOptions options, int capacity, IDisposable? owned = null, bool judgeAll = false)
    {
        _transforms = transforms;
        _options = options;
        _owned = owned;
        _candidates = rule.NoiseSize == 0 || rule.Value is null ? 1 : options.Candidates;
        if (options.HalfWeights && capacity * _candidates > 1)
            throw new ArgumentException($"Weights of two bytes are for one action at a time; {capacity} states with {_candidates} candidates each share what is read.", nameof(options));
        Capacity = capacity;
        // A row of the batch is a candidate, not a state: so the threads share the candidates of a single state too.
        _graph = new Graph.Graph(capacity * _candidates);
        _team = new WorkerTeam(options.Threads);
        _states = _graph.Input("state", StateSize);
        if (rule.NoiseSize > 0)
            _noise = _graph.Input("noise", rule.NoiseSize);
        if (options.LogProbability && rule.Sample is not null)
        {
            if (_candidates > 1 || options.NoiseScale != 1f)
                throw new ArgumentException("A log-density is that of one sample as trained: one candidate, noise scale 1.", nameof(options));
            (_action, _logProbability) = rule.Sample(_states, _noise!);
            _logProbabilities = new float[capacity];
        }
        else
        {
            _action = rule.Action(_states, _noise);
        }

        if (_candidates > 1)
            _value = rule.Value!(_states, _action);
        if (_value is not null && options.Selection == CandidateSelection.Argmax && !judgeAll)
            _choice = BoundedChoice.Of(rule, _action, _value, _candidates, StateSize, _team);
        if (_choice is null)
            _program = new ProgramBuilder(_graph).Compute([.. new[] { _action, _logProbability, _value }.OfType<Node>()]).HalveWeights(options.HalfWeights).Build(_team);
        _stateRow = new float[StateSize];
        _noiseRow = new float[rule.NoiseSize];
        _actions = new float[_action.Rows * ActionSize];
        _values = new float[_action.Rows];
    }

    public int StateSize => _transforms.StateSize;

    public int ActionSize => _transforms.ActionSize;

    public int Capacity { get; }

    public int NoisePerState => _candidates * _noiseRow.Length;

    public ReadOnlySpan<float> LogProbabilities => _logProbabilities;

    /// <summary>How the candidates are compared where not all need both critics, in tests.</summary>
    internal BoundedChoice? Choice => _choice;

    /// <summary>Values of the candidates of the last call [capacity, N], in tests; of no call where there is a <see cref="Choice"/>.</summary>
    internal ReadOnlySpan<float> Values => _values;

    /// <summary>Candidates of the last call [capacity, N, A], in [-1, 1], in tests.</summary>
    internal ReadOnlySpan<float> Candidates => _actions;

    public void Act(int count, ReadOnlySpan<float> states, ReadOnlySpan<float> noise, ReadOnlySpan<float> uniforms, Span<float> actions)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        var n = _candidates;
        for (var i = 0; i < count; i++)
        {
            WriteState(i, states.Slice(i * StateSize, StateSize));
            WriteNoise(i, noise);
        }

        if (_choice is not null)
            _choice.Choose(count, _actions);
        else
            Compute(_program!);
        for (var i = 0; i < count; i++)
        {
            var chosen = (i * n) + (n == 1 ? 0 : _choice?.Chosen(i) ?? Choose(_values.AsSpan(i * n, n), uniforms[i]));
            var action = actions.Slice(i * ActionSize, ActionSize);
            _transforms.Actions.Invert(_actions.AsSpan(chosen * ActionSize, ActionSize), action);
            for (var j = 0; j < ActionSize; j++)
                action[j] = MathF.Max(_transforms.ActionLow[j], MathF.Min(_transforms.ActionHigh[j], action[j]));
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _program?.Dispose();
        _choice?.Dispose();
        _team.Dispose();
        _graph.Dispose();
        _owned?.Dispose();
    }

    /// <summary>Argmax, or the smallest index whose cumulative softmax probability exceeds the uniform number.</summary>
    internal int Choose(ReadOnlySpan<float> values, float uniform)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best] || float.IsNaN(values[best]))
                best = i;
        }

        if (_options.Selection == CandidateSelection.Argmax)
            return best;
        double total = 0;
        foreach (var value in values)
            total += Math.Exp(_options.SoftmaxWeight * ((double)value - values[best]));
        double cumulative = 0;
        for (var i = 0; i < values.Length; i++)
        {
            cumulative += Math.Exp(_options.SoftmaxWeight * ((double)values[i] - values[best])) / total;
            if (cumulative > uniform)
                return i;
        }

        return values.Length - 1;
    }

    private void Compute(Program program)
    {
        program.Run();
        program.Read(_action, _actions);
        if (_value is not null)
            program.Read(_value, _values);
        if (_logProbability is not null)
            program.Read(_logProbability, _logProbabilities);
    }

    /// <summary>The normalised state, for each of its candidates; in place where its rows lie in one piece.</summary>
    private void WriteState(int state, ReadOnlySpan<float> values)
    {
        var first = state * _candidates;
        var row = _states.RowInPlace(first);
        _transforms.States.Apply(values, row.IsEmpty ? _stateRow : row);
        if (row.IsEmpty)
            _states.WriteRow(first, _stateRow);
        ReadOnlySpan<float> normalized = row.IsEmpty ? _stateRow : row;
        for (var candidate = 1; candidate < _candidates; candidate++)
            _states.WriteRow(first + candidate, normalized);
        _choice?.SetState(state, normalized);
    }

    /// <summary>
    /// The noise of a state's candidates: the scale multiplies the A numbers that a candidate starts from; a chain's further draws
    /// stay as they are, and are left out where the scale is 0.
    /// </summary>
    private void WriteNoise(int state, ReadOnlySpan<float> noise)
    {
        if (_noise is null)
            return;
        var size = _noiseRow.Length;
        if (_options.NoiseScale == 1f)
        {
            for (var row = state * _candidates; row < (state + 1) * _candidates; row++)
                _noise.WriteRow(row, noise.Slice(row * size, size));
            return;
        }

        var further = _options.NoiseScale == 0f ? 0f : 1f;
        for (var candidate = 0; candidate < _candidates; candidate++)
        {
            var row = (state * _candidates) + candidate;
            var source = noise.Slice(row * size, size);
            for (var j = 0; j < size; j++)
                _noiseRow[j] = (j < ActionSize ? _options.NoiseScale : further) * source[j];
            _noise.WriteRow(row, _noiseRow);
        }
    }
}
