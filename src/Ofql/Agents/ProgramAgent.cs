using Ofql.Data;
using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Optimization;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;

namespace Ofql.Agents;

/// <summary>How an agent's programs are built; other than usual in tests alone.</summary>
/// <param name="GivenInputs">Nothing is drawn: the inputs are written from outside before each update.</param>
/// <param name="KeepAll">Every intermediate value stays readable.</param>
internal sealed record ProgramMode(bool GivenInputs = false, bool KeepAll = false);

/// <summary>
/// What all agents share: the graph and its worker team, parameter blocks, optimisers, moving averages, random streams and metrics,
/// and from these the complete state, the step count and the end of everything. An algorithm's constructor states its draws, its
/// programs and its metrics; <see cref="RunUpdate"/> runs the programs in the order of one update.
/// </summary>
public abstract class ProgramAgent : IAgent
{
    private readonly AgentContext _context;
    private readonly ProgramMode _mode;
    private readonly WorkerTeam _team;
    private readonly List<Program> _programs = [];
    private readonly List<Program> _ofOneUpdate = [];
    private readonly List<Adam> _optimizers = [];
    private readonly List<(MovingAverage Average, long Every, long Start)> _averages = [];
    private readonly List<(string Name, RandomStream Stream)> _streams = [];
    private readonly List<(RandomStream Stream, ulong Counters)> _draws = [];
    private readonly List<(string Name, float[] Values)> _kept = [];
    private readonly List<string> _metricNames = [];
    private readonly List<Func<float>> _metrics = [];
    private readonly List<Func<float>> _occasional = [];
    private readonly AgentModel _model;
    private bool _disposed;
    private float[] _held = [];
    private AgentState? _state;

    /// <summary>Takes over the model, draws its first parameters and fits the transforms of the data that the settings ask for.</summary>
    /// <exception cref="UsageException">A normalisation without recorded data to fit it to.</exception>
    /// <exception cref="OfqlException">Dataset and action bounds do not fit.</exception>
    protected ProgramAgent(AgentContext context, AgentSettings settings, AgentModel model)
        : this(context, settings, model, DataTransforms.Of(settings, context), mode: null)
    {
    }

    private protected ProgramAgent(AgentContext context, AgentSettings settings, AgentModel model, DataTransforms transforms, ProgramMode? mode)
    {
        _context = context;
        _mode = mode ?? new ProgramMode();
        _model = model;
        _model.Initialize(context.Seed);
        Transforms = transforms;
        _team = new WorkerTeam(context.Threads);
        Graph = new Graph.Graph(settings.BatchSize);
    }

    /// <inheritdoc/>
    public long Step { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<string> MetricNames => _metricNames;

    /// <inheritdoc/>
    public IReadOnlyList<StateTensor> StateTensors => State.Tensors;

    /// <inheritdoc/>
    public IReadOnlyList<StateInteger> StateIntegers => State.Integers;

    /// <summary>Barriers of one update.</summary>
    public int Phases => _ofOneUpdate.Sum(program => program.PhaseCount);

    /// <summary>Multiply-adds of the matrix products of all updates so far, counted from unpadded shapes as they were executed.</summary>
    public long MultiplyAdds => _programs.Sum(program => program.MultiplyAdds);

    /// <summary>Where losses are recorded.</summary>
    protected internal Graph.Graph Graph { get; }

    /// <summary>Between the dataset's units and the networks'.</summary>
    protected internal DataTransforms Transforms { get; }

    /// <summary>All parameter blocks.</summary>
    internal IReadOnlyList<ParameterBlock> Blocks => _model.Blocks;

    /// <summary>The model it was built with.</summary>
    protected AgentModel Networks => _model;

    private AgentState State => _state ??= CollectState();

    /// <summary>Where the time of an update goes, instruction by instruction, on one thread. Changes the agent's parameters.</summary>
    public IReadOnlyList<InstructionTiming> Profile(int repeats) => _ofOneUpdate.SelectMany(program => program.Profile(repeats)).ToList();

    /// <inheritdoc/>
    public void Update()
    {
        // Before any input is written: its memory is gone too.
        ObjectDisposedException.ThrowIf(_disposed, this);
        BeginUpdate();
        RunUpdate();
        EndUpdate();
    }

    /// <inheritdoc/>
    public void ReadMetrics(Span<float> values)
    {
        for (var i = 0; i < _metrics.Count; i++)
            values[i] = _metrics[i]();
    }

    /// <inheritdoc/>
    public IActor CreateActor(ActingOptions options, int capacity) => new CandidateActor(_model.Acting, Transforms, options, capacity);

    /// <inheritdoc/>
    public IActor CreateExplorer(int candidates) => new CandidateActor(_model.Exploring, Transforms, new ActingOptions { Candidates = candidates }, capacity: 1);

    /// <inheritdoc/>
    public abstract PolicyArtefact ExportPolicy();

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _team.Dispose();
        foreach (var program in _programs)
            program.Dispose();
        Graph.Dispose();
        foreach (var optimizer in _optimizers)
            optimizer.Dispose();
        _model.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs the programs of one update, in their order.</summary>
    protected abstract void RunUpdate();

    /// <summary>Tells the averages whether it is their turn. For tests that choose what an update would draw.</summary>
    protected void BeginUpdate()
    {
        foreach (var (average, every, start) in _averages)
            average.Enabled = Step % every == 0 && Step >= start;
    }

    /// <summary>Counts the update and moves the streams on.</summary>
    protected void EndUpdate()
    {
        Step++;
        foreach (var (stream, counters) in _draws)
            stream.Position += counters;
    }

    /// <summary>A random stream of this agent, part of its state. Whoever draws from it directly moves it on.</summary>
    protected RandomStream Stream(string name)
    {
        var stream = new RandomStream(_context.Seed, name);
        _streams.Add((name, stream));
        return stream;
    }

    /// <summary>Numbers of this agent that the next update depends on, part of its state under this name. The array never moves.</summary>
    protected void Keep(string name, float[] values) => _kept.Add((name, values));

    /// <summary>Takes in a source: its stream moves on by one run with every update.</summary>
    protected T Draw<T>(T source)
        where T : IStreamSource
    {
        _draws.Add((source.Stream, source.CountersPerRun));
        return source;
    }

    /// <summary>Batches of transitions from the stream of this name.</summary>
    protected BatchSource DrawBatch(BatchInputs inputs, string name = "batch") => Draw(new BatchSource(
        _context.Pool, Stream(name), inputs, Transforms.States, Transforms.Actions, Transforms.Rewards, Transforms.ActionLimit));

    /// <summary>Windows of up to <paramref name="steps"/> transitions, the first ones drawn as those of <see cref="DrawBatch"/>.</summary>
    protected WindowSource DrawWindows(WindowInputs inputs, int steps, double discount, string name = "batch") => Draw(new WindowSource(
        _context.Pool,
        new BatchSource(_context.Pool, Stream(name), inputs.First, Transforms.States, Transforms.Actions, Transforms.Rewards, Transforms.ActionLimit),
        inputs, steps, discount, Transforms.States, Transforms.Rewards));

    /// <summary>Standard normal noise from the stream of this name.</summary>
    protected NoiseSource DrawNoise(string name, InputNode input) => Draw(new NoiseSource(Stream(name), input));

    /// <summary>An optimiser of this agent.</summary>
    protected Adam Optimizer(ParameterBlock block, AdamOptions options)
    {
        var optimizer = new Adam(block, options);
        _optimizers.Add(optimizer);
        return optimizer;
    }

    /// <summary>Steps of the cosine under a decay: the planned updates, or 0.</summary>
    protected long CosineSteps(LearningRateDecay decay) => decay == LearningRateDecay.Cosine ? _context.PlannedUpdates : 0;

    /// <summary>target = weight online + (1 - weight) target, in every <paramref name="every"/>-th update from <paramref name="start"/> on (updates counted from 0).</summary>
    protected MovingAverage Average(ParameterBlock online, ParameterBlock target, double weight, long every = 1, long start = 0)
    {
        var average = new MovingAverage(online, target, weight);
        _averages.Add((average, every, start));
        return average;
    }

    /// <summary>A program of this agent: fills what the sources draw, then what <paramref name="content"/> states.</summary>
    protected Program Compile(Func<ProgramBuilder, ProgramBuilder> content, params IStreamSource[] draws)
    {
        var program = CompileAlternative(content, draws);
        _ofOneUpdate.Add(program);
        return program;
    }

    /// <summary>A program that stands in for another in some updates: not counted in <see cref="Phases"/> and <see cref="Profile"/>.</summary>
    protected Program CompileAlternative(Func<ProgramBuilder, ProgramBuilder> content, params IStreamSource[] draws)
    {
        var builder = new ProgramBuilder(Graph).KeepAll(_mode.KeepAll);
        foreach (var draw in _mode.GivenInputs ? [] : draws)
            builder.Fill(draw);
        var program = content(builder).Build(_team);
        _programs.Add(program);
        return program;
    }

    /// <summary>A number of the last update, by the name it is logged under.</summary>
    protected void Metric(string name, Func<float> read)
    {
        _metricNames.Add(name);
        _metrics.Add(read);
    }

    /// <summary>A [1, 1] value that a program was asked to compute.</summary>
    protected void Metric(string name, Program program, Node value) => Metric(name, () => program.Scalar(value));

    /// <summary>The norm of an optimiser's last gradient, before clipping.</summary>
    protected void Metric(string name, Adam optimizer) => Metric(name, () => (float)optimizer.GradientNorm);

    /// <summary>
    /// A number that only some updates have: it stands still from one <see cref="Hold"/> to the next, also across a restart.
    /// </summary>
    protected void Occasional(string name, Func<float> read)
    {
        var index = _occasional.Count;
        _occasional.Add(read);
        _held = new float[_occasional.Count];
        Metric(name, () => _held[index]);
    }

    /// <summary>Takes the occasional numbers from the programs that have just run.</summary>
    protected void Hold()
    {
        for (var i = 0; i < _held.Length; i++)
            _held[i] = _occasional[i]();
    }

    private AgentState CollectState()
    {
        var state = new AgentState();
        foreach (var block in _model.Blocks)
            state.Add(block);
        foreach (var optimizer in _optimizers)
            state.Add(optimizer);
        if (_held.Length > 0)
            state.Add("held_metrics", _held);
        foreach (var (name, values) in _kept)
            state.Add(name, values);
        state.Add("step", () => Step, value => Step = value);
        foreach (var (name, stream) in _streams)
            state.Add(name, stream);
        return state;
    }
}
