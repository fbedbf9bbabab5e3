using Ofql.Kernels.Randomness;
using Ofql.Partitions;

namespace Ofql.Agents;

/// <summary>
/// Adaptive Q-learning (Sinclair, Banerjee and Yu, arXiv 1910.08151): Q over an adaptive partition of states and actions, learned from
/// single transitions. An update learns from everything that was collected since the last one, in that order, or from one recorded transition
/// drawn uniformly; with both, from as many recorded ones as keeps their declared share. There is no gradient and no batch; the threads of
/// the context are not used. An update allocates nothing, except where the tree outgrows its arrays, which then double.
/// </summary>
public abstract class AdaptiveQAgent : IAgent
{
    private const int SplitBase = 4;

    private readonly AdaptiveQSettings _settings;
    private readonly ExperienceSource _source;
    private readonly double _share;
    private readonly uint[] _state;
    private readonly uint[] _action;
    private readonly uint[] _next;
    private readonly float[] _last = new float[4];
    private AgentState? _collected;
    private double _owed;

    private protected AdaptiveQAgent(AdaptiveQSettings settings, AgentContext context, int trees)
    {
        var data = context.Data;
        if (context.ActionLow.Length != data.ActionSize)
            throw new OfqlException($"The environment has {context.ActionLow.Length} action entries, the dataset {data.ActionSize}. They do not belong together.");
        if (settings.MaximumNodes < trees)
            throw new UsageException($"maximum_nodes is {settings.MaximumNodes}; expected at least {trees}, one for each of the trees (horizon).");
        _settings = settings;
        _share = context.Pool.RecordedShare;
        _source = new ExperienceSource(context.Pool, new RandomStream(context.Seed, "rows"), withSteps: trees > 1);
        Cube = UnitCube.Of(data.StateSize, context.StateLow, context.StateHigh, settings.UnboundedScale, context.ActionLow, context.ActionHigh);
        Partition = NewPartition(trees);
        _state = new uint[data.StateSize];
        _next = new uint[data.StateSize];
        _action = new uint[data.ActionSize];
    }

    /// <inheritdoc/>
    public long Step { get; private set; }

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> MetricNames { get; } = ["critic/q", "critic/target", "partition/cells", "partition/depth"];

    /// <inheritdoc/>
    public IReadOnlyList<StateTensor> StateTensors => State.Tensors;

    /// <inheritdoc/>
    public IReadOnlyList<StateInteger> StateIntegers => State.Integers;

    /// <summary>Q, as it learns.</summary>
    internal AdaptivePartition Partition { get; }

    internal UnitCube Cube { get; }

    /// <summary>The partition that the policy acts by.</summary>
    internal virtual AdaptivePartition Policy => Partition;

    private protected abstract AdaptiveQFormat Format { get; }

    private AgentState State => _collected ??= CollectState(new AgentState());

    /// <inheritdoc/>
    public void Update()
    {
        var collected = 0;
        while (_share < 1 && _source.TryNext(out var experience))
        {
            Learn(experience);
            collected++;
        }

        _owed += _share < 1 ? collected * _share / (1 - _share) : 1;
        for (; _owed >= 1; _owed--)
            Learn(_source.Draw());
        Step++;
    }

    /// <inheritdoc/>
    public virtual void ReadMetrics(Span<float> values) => _last.CopyTo(values);

    /// <inheritdoc/>
    public IActor CreateActor(ActingOptions options, int capacity) => new AdaptiveQActor(Policy, Cube, options.NoiseScale, capacity);

    /// <inheritdoc/>
    public PolicyArtefact ExportPolicy() => Format.Write(Policy, Cube);

    /// <inheritdoc/>
    public void Dispose() => GC.SuppressFinalize(this);

    /// <summary>The tree that a transition of this step learns in.</summary>
    private protected abstract int TreeOf(int step);

    /// <summary>The tree that values its next state; -1 where no step is left.</summary>
    private protected abstract int NextTreeOf(int step);

    private protected AdaptivePartition NewPartition(int trees) =>
        new(Cube.Shift.Length, Cube.ActionLow.Length, trees, _settings.MaximumNodes, _settings.Horizon);

    private protected virtual AgentState CollectState(AgentState state)
    {
        // The tree means nothing in another cube: whoever goes on in an environment whose bounds the recorded data did not have keeps this one.
        state.Add("cube.shift", Cube.Shift).Add("cube.scale", Cube.Scale).Add("cube.squashed", Cube.Squashed);
        state.Add("partition", Partition).Add("metrics", _last).Add("step", () => Step, value => Step = value).Add("owed", () => _owed, value => _owed = value);
        _source.AddTo(state);
        return state;
    }

    /// <summary>
    /// The update of one cell B by (s, a, r, s') at step h, n visits with this one, H the horizon:
    /// Q(B) = (1 - alpha) Q(B) + alpha (r + V(s') + xi / sqrt(n)), alpha = (H + 1) / (H + n), V(s') = min(H, max of Q over the cells that hold s');
    /// V is 0 where the task ended, and after the last step of trees per step. B is split when n reaches 4^(its depth).
    /// </summary>
    private void Learn(in Experience experience)
    {
        var (data, row) = (experience.Table, experience.Row);
        Cube.State(data.Observations[row], _state);
        Cube.Action(data.Actions[row], _action);
        var cell = Partition.Find(TreeOf(experience.Step), _state, _action, out var depth);
        var value = 0.0;
        if (data.Terminated[row][0] == 0 && NextTreeOf(experience.Step) is >= 0 and var next)
        {
            Cube.State(data.NextObservations[row], _next);
            value = Math.Min(_settings.Horizon, Partition.Value(Partition.Best(next, _next)));
        }

        var reward = (data.Rewards[row][0] + _settings.RewardShift) * _settings.RewardScale;
        // Adaptive Q-learning's update of the cell B that was visited for the n-th time (arXiv 1910.08151; SPAQL's is the same in its one tree):
        // Q(B) <- (1 - a_n) Q(B) + a_n (r + min(H, max Q(B')) + b_n), a_n = (H + 1) / (H + n), b_n = c / sqrt(n), the bonus whose constant the code makes an option.
        var n = Partition.Visit(cell);
        var rate = (_settings.Horizon + 1.0) / (_settings.Horizon + (double)n);
        var target = reward + value + (_settings.Bonus / Math.Sqrt(n));
        Partition.Set(cell, (float)(((1 - rate) * Partition.Value(cell)) + (rate * target)));
        // Its splitting rule: a cell of side 2^-depth is cut once it was visited (d_max / side)^2 = 4^depth times.
        if (n >= Math.Pow(SplitBase, depth))
            Partition.Split(cell, depth);
        (_last[0], _last[1], _last[2], _last[3]) = (Partition.Value(cell), (float)target, Partition.Cells, depth);
    }
}
