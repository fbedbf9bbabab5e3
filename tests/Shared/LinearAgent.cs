using System.Globalization;
using Ofql.Agents;
using Ofql.Kernels.Randomness;

namespace Ofql.Tests.Shared;

/// <summary>
/// A small learner for tests of everything around learners: linear regression of actions on states with momentum. It has
/// tensors, integers and a random stream to save, and can be told to diverge.
/// </summary>
internal sealed class LinearAgent : IAgent
{
    private readonly AgentContext _context;
    private readonly float _rate;
    private readonly long _divergeAt;
    private readonly RandomStream _indices;
    private readonly float[] _weights;
    private readonly float[] _momentum;
    private readonly float[] _metrics = new float[2];

    public LinearAgent(AgentContext context, float rate, long divergeAt)
    {
        _context = context;
        _rate = rate;
        _divergeAt = divergeAt;
        _indices = new RandomStream(context.Seed, "indices");
        _weights = new float[context.Data.ActionSize * context.Data.StateSize];
        _momentum = new float[_weights.Length];
        long[] shape = [context.Data.ActionSize, context.Data.StateSize];
        StateTensors =
        [
            new StateTensor("weights", shape, _weights.CopyTo, values => values.CopyTo(_weights)),
            new StateTensor("momentum", shape, _momentum.CopyTo, values => values.CopyTo(_momentum)),
        ];
        StateIntegers =
        [
            new StateInteger("step", () => Step, value => Step = value),
            new StateInteger("indices", () => (long)_indices.Position, value => _indices.Position = (ulong)value),
        ];
    }

    public long Step { get; private set; }

    public IReadOnlyList<string> MetricNames { get; } = ["actor/loss", "critic/q_mean"];

    public IReadOnlyList<StateTensor> StateTensors { get; }

    public IReadOnlyList<StateInteger> StateIntegers { get; }

    public float[] Weights => _weights;

    /// <summary>Called at the end of every update.</summary>
    public Action<long>? Updated { get; set; }

    public void Update()
    {
        var data = _context.Data;
        var row = _indices.NextIndex(data.Count);
        var state = data.Observations[row];
        var action = data.Actions[row];
        var loss = 0f;
        for (var a = 0; a < action.Length; a++)
        {
            var error = -action[a];
            for (var s = 0; s < state.Length; s++)
                error += _weights[(a * state.Length) + s] * state[s];
            loss += error * error;
            for (var s = 0; s < state.Length; s++)
            {
                ref var momentum = ref _momentum[(a * state.Length) + s];
                momentum = (0.9f * momentum) + (error * state[s]);
                _weights[(a * state.Length) + s] -= _rate * momentum;
            }
        }

        Step++;
        _metrics[0] = Step == _divergeAt ? float.NaN : loss;
        _metrics[1] = _divergeAt < 0 && Step == -_divergeAt ? 1e9f : Step;
        Updated?.Invoke(Step);
    }

    public void ReadMetrics(Span<float> values) => _metrics.CopyTo(values);

    public IActor CreateActor(ActingOptions options, int capacity) =>
        new LinearActor(_weights, _context.Data.StateSize, options, capacity);

    public PolicyArtefact ExportPolicy() => new(
        new Dictionary<string, string> { ["kind"] = "linear", ["step"] = Step.ToString(CultureInfo.InvariantCulture) },
        new Dictionary<string, (long[], float[])> { ["weights"] = ([_context.Data.ActionSize, _context.Data.StateSize], [.. _weights]) });

    public void Dispose()
    {
    }
}

/// <summary>Acts by the weights and a tenth of the noise.</summary>
internal sealed class LinearActor(float[] weights, int stateSize, ActingOptions options, int capacity) : IActor
{
    public int StateSize => stateSize;

    public int ActionSize => weights.Length / stateSize;

    public int Capacity => capacity;

    public int NoisePerState => options.Candidates * ActionSize;

    public void Act(int count, ReadOnlySpan<float> states, ReadOnlySpan<float> noise, ReadOnlySpan<float> uniforms, Span<float> actions)
    {
        for (var n = 0; n < count; n++)
        {
            for (var a = 0; a < ActionSize; a++)
            {
                var sum = 0.1f * options.NoiseScale * noise[(n * NoisePerState) + a];
                for (var s = 0; s < stateSize; s++)
                    sum += weights[(a * stateSize) + s] * states[(n * stateSize) + s];
                actions[(n * ActionSize) + a] = Math.Clamp(sum, -1, 1);
            }
        }
    }

    public void Dispose()
    {
    }
}

/// <summary>Builds <see cref="LinearAgent"/>s by the name <c>linear</c>.</summary>
internal sealed class LinearAgentFactory : IAgentFactory
{
    /// <summary>Called after every update of every agent built, with seed and step.</summary>
    public Action<ulong, long>? Updated { get; set; }

    /// <summary>Called when an agent is built, before its first update.</summary>
    public Action? Building { get; set; }

    /// <summary>What the last agent was told of its run's length.</summary>
    public long PlannedUpdates { get; private set; }

    public string Name => "linear";

    public bool NeedsData { get; set; } = true;

    public string Title => "Linear regression";

    public string Paper => "Gauss 1809";

    public IReadOnlyList<AgentOption> Options { get; } =
    [
        new("learning_rate", "number", "0.01", "step size"),
        new("diverge_at", "integer", "0", "update at which the loss becomes NaN; negative for a huge Q"),
    ];

    public IReadOnlyList<PublishedSettings> Published { get; } =
        [new("pendulum-v1", new Dictionary<string, string> { ["learning_rate"] = "0.02" }, "Theoria motus, table 1")];

    public IReadOnlyDictionary<string, string> Resolve(IReadOnlyDictionary<string, string> given)
    {
        foreach (var name in given.Keys)
        {
            if (Options.All(option => option.Name != name))
                throw new UsageException($"There is no option '{name}'.{NearestName.Question(name, Options.Select(option => option.Name))}");
        }

        if (given.TryGetValue("learning_rate", out var rate) && !float.TryParse(rate, CultureInfo.InvariantCulture, out _))
            throw new UsageException($"Option 'learning_rate' is '{rate}'; expected a number.");
        return Options.ToDictionary(option => option.Name, option => given.GetValueOrDefault(option.Name, option.Default));
    }

    public IAgent Create(IReadOnlyDictionary<string, string> given, AgentContext context)
    {
        var options = Resolve(given);
        PlannedUpdates = context.PlannedUpdates;
        Building?.Invoke();
        var agent = new LinearAgent(
            context,
            float.Parse(options["learning_rate"], CultureInfo.InvariantCulture),
            long.Parse(options["diverge_at"], CultureInfo.InvariantCulture));
        if (Updated is { } updated)
            agent.Updated = step => updated(context.Seed, step);
        return agent;
    }

    public IActor CreateActor(PolicyArtefact policy, ActingOptions options, int capacity) =>
        new LinearActor(policy.Tensors["weights"].Values, (int)policy.Tensors["weights"].Shape[1], options, capacity);
}
