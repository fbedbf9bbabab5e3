using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Ofql;

/// <summary>
/// Acts in one network evaluation: a = clip(eps - u(eps, 0, 1; s)), the best (or a softmax sample) of N candidates by the
/// target critics' minimum where N is above 1.
/// </summary>
internal sealed class OfqlActor : IActor
{
    private readonly ActingOptions _options;
    private readonly OfqlModel _model;
    private readonly Graph.Graph _graph;
    private readonly WorkerTeam _team;
    private readonly Program _program;
    private readonly InputNode _states;
    private readonly InputNode _noise;
    private readonly Node _action;
    private readonly Node? _value;
    private readonly float[] _stateRow;
    private readonly float[] _noiseRow;
    private readonly float[] _actions;
    private readonly float[] _values;

    public OfqlActor(OfqlModel model, ParameterBlock theta, ParameterBlock phi, ActingOptions options, int capacity)
    {
        _model = model;
        _options = options;
        Capacity = capacity;
        StateSize = model.Actor.Shape.StateSize;
        ActionSize = model.Actor.Shape.ActionSize;
        _graph = new Graph.Graph(capacity);
        _team = new WorkerTeam(1);
        _states = _graph.Input("state", StateSize);
        _noise = _graph.Input("noise", ActionSize, capacity * options.Candidates);
        var s = RepeatRows(_states, options.Candidates);
        _action = Clamp(_noise - model.Actor.Apply(theta, _noise, _graph.Constant(0f), _graph.Constant(1f), s), -1f, 1f);
        var builder = new ProgramBuilder(_graph).Compute(_action);
        if (options.Candidates > 1)
        {
            var (q1, q2) = model.Critic.Apply(phi, s, _action);
            _value = GroupRows(Min(q1, q2), options.Candidates);
            builder.Compute(_value);
        }

        _program = builder.Build(_team);
        _stateRow = new float[StateSize];
        _noiseRow = new float[ActionSize];
        _actions = new float[_action.Rows * ActionSize];
        _values = new float[_action.Rows];
    }

    public int StateSize { get; }

    public int ActionSize { get; }

    public int Capacity { get; }

    public int NoisePerState => _options.Candidates * ActionSize;

    /// <summary>Values of the candidates of the last call [capacity, N], in tests.</summary>
    internal ReadOnlySpan<float> Values => _values;

    /// <summary>Candidates of the last call [capacity, N, A], in [-1, 1], in tests.</summary>
    internal ReadOnlySpan<float> Candidates => _actions;

    public void Act(int count, ReadOnlySpan<float> states, ReadOnlySpan<float> noise, ReadOnlySpan<float> uniforms, Span<float> actions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        var n = _options.Candidates;
        for (var i = 0; i < count; i++)
        {
            _model.States.Apply(states.Slice(i * StateSize, StateSize), _stateRow);
            _states.WriteRow(i, _stateRow);
            for (var candidate = 0; candidate < n; candidate++)
            {
                var source = noise.Slice(((i * n) + candidate) * ActionSize, ActionSize);
                for (var j = 0; j < ActionSize; j++)
                    _noiseRow[j] = _options.NoiseScale * source[j];
                _noise.WriteRow((i * n) + candidate, _noiseRow);
            }
        }

        _program.Run();
        _program.Read(_action, _actions);
        if (_value is not null)
            _program.Read(_value, _values);
        for (var i = 0; i < count; i++)
        {
            var chosen = (i * n) + (n == 1 ? 0 : Choose(_values.AsSpan(i * n, n), uniforms[i]));
            var action = actions.Slice(i * ActionSize, ActionSize);
            _model.Actions.Invert(_actions.AsSpan(chosen * ActionSize, ActionSize), action);
            for (var j = 0; j < ActionSize; j++)
                action[j] = Math.Clamp(action[j], _model.ActionLow[j], _model.ActionHigh[j]);
        }
    }

    public void Dispose()
    {
        _program.Dispose();
        _team.Dispose();
        _graph.Dispose();
    }

    /// <summary>Argmax, or the smallest index whose cumulative softmax probability exceeds the uniform number.</summary>
    internal int Choose(ReadOnlySpan<float> values, float uniform)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
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
}
