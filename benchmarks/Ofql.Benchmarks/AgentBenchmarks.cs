using BenchmarkDotNet.Attributes;
using Ofql.Agents;
using Ofql.Agents.Ofql;
using Ofql.Data;
using Ofql.Kernels.Randomness;

namespace Ofql.Benchmarks;

/// <summary>One complete OFQL update in the shape of D4RL's HalfCheetah: state 17, action 6, batch 256, 3 x 256, embedding 16.</summary>
public class UpdateBenchmarks
{
    private TransitionDataset _data = null!;
    private OfqlAgent _agent = null!;

    /// <summary>Threads per update.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Makes the data and the agent.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _data = Walker.MakeData();
        _agent = Walker.MakeAgent(_data, Threads);
    }

    /// <summary>Batch, critics, actor, averages.</summary>
    [Benchmark]
    public void Update() => _agent.Update();

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _agent.Dispose();
        _data.Dispose();
    }
}

/// <summary>One complete update of the algorithms of the table of shapes at their defaults, in the same shape, on one thread; diffusion in 5 steps.</summary>
public class AlgorithmBenchmarks
{
    private TransitionDataset _data = null!;
    private IAgent _agent = null!;

    /// <summary>Algorithm.</summary>
    [Params("ofql", "dql", "iql", "td3_bc", "cql")]
    public string Algorithm { get; set; } = "";

    /// <summary>Makes the data and the agent.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _data = Walker.MakeData();
        _agent = AgentCatalog.Find(Algorithm).Create(new Dictionary<string, string>(), Walker.Context(_data, threads: 1));
    }

    /// <summary>One update.</summary>
    [Benchmark]
    public void Update() => _agent.Update();

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _agent.Dispose();
        _data.Dispose();
    }
}

/// <summary>One action for each of many states.</summary>
public class ActBatchBenchmarks
{
    private TransitionDataset _data = null!;
    private OfqlAgent _agent = null!;
    private IActor _actor = null!;
    private float[] _states = [];
    private float[] _noise = [];
    private float[] _uniform = [];
    private float[] _actions = [];

    /// <summary>States.</summary>
    [Params(1024, 2500)]
    public int States { get; set; }

    /// <summary>Makes the actor.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _data = Walker.MakeData();
        _agent = Walker.MakeAgent(_data, threads: 1);
        _actor = _agent.CreateActor(new ActingOptions(), capacity: States);
        _states = Enumerable.Range(0, States).SelectMany(row => _data.Observations[row].ToArray()).ToArray();
        _noise = new float[States * _actor.NoisePerState];
        _uniform = new float[States];
        _actions = new float[States * Walker.ActionSize];
        Noise.FillNormal(new RandomStream(0, "acting"), _noise);
    }

    /// <summary>One call.</summary>
    [Benchmark]
    public void Act() => _actor.Act(States, _states, _noise, _uniform, _actions);

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _actor.Dispose();
        _agent.Dispose();
        _data.Dispose();
    }
}

/// <summary>One action for one state.</summary>
public class ActBenchmarks
{
    private readonly float[] _uniform = [0.5f];
    private readonly float[] _action = new float[Walker.ActionSize];
    private TransitionDataset _data = null!;
    private OfqlAgent _agent = null!;
    private IActor _actor = null!;
    private float[] _state = [];
    private float[] _noise = [];

    /// <summary>Candidates: 1 is a single network evaluation, more are judged by the critics.</summary>
    [Params(1, 50)]
    public int Candidates { get; set; }

    /// <summary>Makes the actor.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _data = Walker.MakeData();
        _agent = Walker.MakeAgent(_data, threads: 1);
        _actor = _agent.CreateActor(new ActingOptions { Candidates = Candidates }, capacity: 1);
        _state = _data.Observations[0].ToArray();
        _noise = new float[_actor.NoisePerState];
        Noise.FillNormal(new RandomStream(0, "acting"), _noise);
    }

    /// <summary>One call.</summary>
    [Benchmark]
    public void Act() => _actor.Act(1, _state, _noise, _uniform, _action);

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _actor.Dispose();
        _agent.Dispose();
        _data.Dispose();
    }
}

/// <summary>The task that agents are measured on.</summary>
internal static class Walker
{
    public const int StateSize = 17;
    public const int ActionSize = 6;

    // Larger than the caches, so that a batch is gathered from memory.
    private const int Rows = 1_000_000;

    public static TransitionDataset MakeData()
    {
        var random = new RandomStream(0, "data");
        var data = new TransitionDataset(
            Normal(random, StateSize), Column<float>.Allocate(Rows, ActionSize), Normal(random, 1), Normal(random, StateSize),
            Column<byte>.Allocate(Rows, 1), Column<byte>.Allocate(Rows, 1));
        Noise.FillUniform(random, All(data.Actions));
        return data;
    }

    public static OfqlAgent MakeAgent(TransitionDataset data, int threads) => new(new OfqlSettings { EmbeddingSize = 16, ActorAverageStart = 0 }, Context(data, threads));

    public static AgentContext Context(TransitionDataset data, int threads) =>
        new(data, Enumerable.Repeat(-1f, ActionSize).ToArray(), Enumerable.Repeat(1f, ActionSize).ToArray(), Seed: 0, threads, PlannedUpdates: 1_000_000);

    private static Column<float> Normal(RandomStream random, int width)
    {
        var column = Column<float>.Allocate(Rows, width);
        Noise.FillNormal(random, All(column));
        return column;
    }

    private static unsafe Span<float> All(Column<float> column) => new(column.Pointer, Rows * column.Width);
}
