using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Elementwise;

namespace Ofql.Agents;

/// <summary>
/// The candidate of each state whose min(Q1, Q2) is the largest, without both critics for all of them. One critic judges every candidate: its value is a
/// bound on the minimum. The other judges from the highest bound downwards, a few at a time, until no bound reaches the best minimum found. The choice is that
/// of the whole computation, to the last tie; what is saved depends on the critics, and is most of the second where they rank alike.
/// </summary>
internal sealed class BoundedChoice : IDisposable
{
    // Of fewer there is little to save.
    private const int LeastCandidates = 16;

    // The lowest tile of a product: a single state's second critic reads all of its weights for these.
    private const int RowsOfOneState = 4;

    // Enough that products wait for no weights, few enough that a round asks for little that the one before could have spared.
    private const int MostRows = 64;

    private readonly int _candidates;
    private readonly Node _action;
    private readonly (Node Q, Program Program)[] _all;
    private readonly Graph.Graph _few;
    private readonly InputNode _states;
    private readonly InputNode _actions;
    private readonly (Node Q, Program Program)[] _some;
    private readonly float[] _stateRows;
    private readonly float[] _bounds;
    private readonly float[] _others;
    private readonly (int Row, float Bound)[] _rows;
    private readonly (float Value, int Candidate)[] _best;
    private readonly int[] _open;
    private int _openCount;
    private int _first;

    /// <param name="rule">Whose candidates.</param>
    /// <param name="action">The candidates [n N, A], in the graph that proposes them.</param>
    /// <param name="critics">Q1 and Q2 of them.</param>
    /// <param name="candidates">N.</param>
    /// <param name="stateSize">S.</param>
    /// <param name="team">Runs it.</param>
    private BoundedChoice(ActingRule rule, Node action, Node[] critics, int candidates, int stateSize, WorkerTeam team)
    {
        var capacity = action.Rows / candidates;
        _candidates = candidates;
        _action = action;
        _all = Array.ConvertAll(critics, q => (q, new ProgramBuilder(action.Graph).Compute(action, q).Build(team)));
        _few = new Graph.Graph(Math.Min(MostRows, capacity * RowsOfOneState));
        _states = _few.Input("state", stateSize);
        _actions = _few.Input("candidate", action.Columns);
        _some = Array.ConvertAll(CriticsOf(rule.Value!(_states, _actions))!, q => (q, new ProgramBuilder(_few).Compute(q).Build(team)));
        _stateRows = new float[capacity * stateSize];
        _bounds = new float[action.Rows];
        _others = new float[_few.Batch];
        _rows = new (int, float)[_few.Batch];
        _best = new (float, int)[capacity];
        _open = new int[capacity];
    }

    /// <summary>How many candidates of the last call both critics have judged, in tests.</summary>
    internal int JudgedByBoth { get; private set; }

    /// <summary>The choice, where it can be made so: candidates enough, judged by a minimum; null otherwise.</summary>
    public static BoundedChoice? Of(ActingRule rule, Node action, Node value, int candidates, int stateSize, WorkerTeam team) =>
        candidates >= LeastCandidates && CriticsOf(value) is { } critics ? new BoundedChoice(rule, action, critics, candidates, stateSize, team) : null;

    /// <summary>Says what a state is, normalised, before <see cref="Choose"/>.</summary>
    public void SetState(int state, ReadOnlySpan<float> values) => values.CopyTo(_stateRows.AsSpan(state * values.Length));

    /// <summary>Computes the candidates from the inputs of their graph and chooses among them.</summary>
    /// <param name="count">States n.</param>
    /// <param name="actions">[capacity N, A]: all candidates.</param>
    public void Choose(int count, Span<float> actions)
    {
        var (bound, propose) = _all[_first];
        propose.Run();
        propose.Read(_action, actions);
        propose.Read(bound, _bounds);
        _best.AsSpan().Fill((float.NegativeInfinity, -1));
        JudgedByBoth = 0;
        _openCount = count;
        for (var state = 0; state < count; state++)
            _open[state] = state;
        var lower = 0;
        while (Gather() is > 0 and var rows)
            lower += Judge(rows, actions);
        // Where the other critic is the lower one more often than not, it bounds more closely: it goes first the next time.
        if (2 * lower > JudgedByBoth)
            _first = 1 - _first;
    }

    /// <summary>The chosen candidate of a state, after <see cref="Choose"/>: the first of equals.</summary>
    public int Chosen(int state) => Math.Max(0, _best[state].Candidate);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, program) in _all.Concat(_some))
            program.Dispose();
        _few.Dispose();
    }

    private static Node[]? CriticsOf(Node value) => value is BinaryNode { Operation: BinaryOperation.Minimum } minimum ? minimum.Inputs : null;

    /// <summary>Takes the candidates that are to be judged next, as many of each open state as there is room for. A state without one is decided.</summary>
    private int Gather()
    {
        var share = Math.Max(1, _rows.Length / Math.Max(1, _openCount));
        var (rows, kept) = (0, 0);
        for (var i = 0; i < _openCount; i++)
        {
            var state = _open[i];
            var candidate = 0;
            for (var taken = 0; taken < share && rows < _rows.Length && (candidate = Next(state)) >= 0; taken++)
            {
                var row = (state * _candidates) + candidate;
                _rows[rows++] = (row, _bounds[row]);
                _bounds[row] = float.NegativeInfinity;
            }

            if (candidate >= 0)
                _open[kept++] = state;
        }

        _openCount = kept;
        return rows;
    }

    /// <summary>The candidate of the highest bound among those that could still be chosen, the first of equals; -1 where there is none.</summary>
    private int Next(int state)
    {
        var bounds = _bounds.AsSpan(state * _candidates, _candidates);
        var (next, highest) = (-1, float.NegativeInfinity);
        for (var i = 0; i < bounds.Length; i++)
        {
            if (bounds[i] > highest)
                (next, highest) = (i, bounds[i]);
        }

        return next >= 0 && IsBetter(highest, next, _best[state]) ? next : -1;
    }

    /// <summary>The second opinion on the rows gathered.</summary>
    /// <returns>In how many it was the lower one.</returns>
    private int Judge(int rows, ReadOnlySpan<float> actions)
    {
        int states = _states.Columns, size = _actions.Columns;
        for (var i = 0; i < rows; i++)
        {
            var row = _rows[i].Row;
            _states.WriteRow(i, _stateRows.AsSpan(row / _candidates * states, states));
            _actions.WriteRow(i, actions.Slice(row * size, size));
        }

        var (other, judge) = _some[1 - _first];
        judge.Run();
        judge.Read(other, _others);
        JudgedByBoth += rows;
        var lower = 0;
        for (var i = 0; i < rows; i++)
        {
            var ((row, bound), value) = (_rows[i], _others[i]);
            lower += value < bound ? 1 : 0;
            var (state, candidate) = Math.DivRem(row, _candidates);
            // What is no number stays none, and is not chosen.
            var minimum = MathF.Min(bound, value);
            if (IsBetter(minimum, candidate, _best[state]))
                _best[state] = (minimum, candidate);
        }

        return lower;
    }

    private static bool IsBetter(float value, int candidate, (float Value, int Candidate) best) =>
        value > best.Value || (value == best.Value && candidate < best.Candidate);
}
