using System.Globalization;
using Ofql.Data;

namespace Ofql.Agents;

/// <summary>Copies a state tensor out, row-major.</summary>
public delegate void ReadValues(Span<float> destination);

/// <summary>Copies a state tensor in, row-major.</summary>
public delegate void WriteValues(ReadOnlySpan<float> source);

/// <summary>One named tensor of an agent's complete state: parameters, targets, optimiser moments.</summary>
public sealed record StateTensor(string Name, long[] Shape, ReadValues Read, WriteValues Write)
{
    private readonly long[] _shape = Shape;

    /// <summary>Row-major shape, as it is now.</summary>
    public long[] Shape
    {
        get => Rows is null ? _shape : [Rows(), .. _shape.AsSpan(1)];
        init => _shape = value;
    }

    /// <summary>
    /// The present number of rows of a tensor that grows while the agent learns, null for the others. Any number of rows may be written to
    /// such a tensor.
    /// </summary>
    public Func<long>? Rows { get; init; }

    /// <summary>Number of values.</summary>
    public long Length => Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>One named integer of an agent's complete state: steps, positions of random streams.</summary>
public sealed record StateInteger(string Name, Func<long> Read, Action<long> Write);

/// <summary>
/// A learner bound to its dataset, or to the environment that it collects from. One <see cref="Update"/> is one gradient step on one batch, or one
/// step of the environment with the learning that belongs to it. Its complete state is
/// <see cref="StateTensors"/> and <see cref="StateIntegers"/>: writing them back continues bit for bit.
/// </summary>
public interface IAgent : IDisposable
{
    /// <summary>Calls of <see cref="Update"/> so far: gradient updates, or environment steps.</summary>
    long Step { get; }

    /// <summary>Names of the numbers that <see cref="ReadMetrics"/> writes, such as <c>critic/loss</c>.</summary>
    IReadOnlyList<string> MetricNames { get; }

    /// <summary>Every tensor that the next update depends on.</summary>
    IReadOnlyList<StateTensor> StateTensors { get; }

    /// <summary>Every integer that the next update depends on.</summary>
    IReadOnlyList<StateInteger> StateIntegers { get; }

    /// <summary>Draws a batch and takes one gradient step, or acts once and learns from it. Allocates nothing after the first call, unless what is learned grows.</summary>
    void Update();

    /// <summary>Writes the metrics of the last update, in the order of <see cref="MetricNames"/>.</summary>
    void ReadMetrics(Span<float> values);

    /// <summary>A policy that acts with this agent's parameters, on up to <paramref name="capacity"/> states a call.</summary>
    IActor CreateActor(ActingOptions options, int capacity);

    /// <summary>
    /// How it acts while it collects, one state a call: by its policy (the best of some candidates, where it has several), unless it explores in
    /// another way.
    /// </summary>
    IActor CreateExplorer(int candidates) => CreateActor(new ActingOptions { Candidates = candidates }, 1);

    /// <summary>The policy as an artefact: everything that is needed to act, and nothing else.</summary>
    PolicyArtefact ExportPolicy();
}

/// <summary>A policy as named tensors and facts, ready to be written to a file.</summary>
/// <param name="Metadata">Kind, sizes, acting contract; snake_case keys.</param>
/// <param name="Tensors">Row-major tensors by name.</param>
public sealed record PolicyArtefact(
    IReadOnlyDictionary<string, string> Metadata, IReadOnlyDictionary<string, (long[] Shape, float[] Values)> Tensors);

/// <summary>What every agent is built from besides its own options.</summary>
/// <param name="Data">The transitions that transforms are fitted to and sizes taken from; stays owned by the caller and must outlive the agent.</param>
/// <param name="ActionLow">Smallest action per entry [A].</param>
/// <param name="ActionHigh">Largest action per entry [A].</param>
/// <param name="Seed">Seed from which all random streams are split.</param>
/// <param name="Threads">Threads per update, 1 or more. The bits do not depend on it.</param>
/// <param name="PlannedUpdates">Updates the run intends, for schedules such as cosine decay.</param>
public sealed record AgentContext(
    TransitionDataset Data, float[] ActionLow, float[] ActionHigh, ulong Seed, int Threads, long PlannedUpdates)
{
    /// <summary>What batches are drawn from: <see cref="Data"/>, unless transitions are collected besides.</summary>
    public TransitionPool Pool { get; init; } = TransitionPool.Of(Data);

    /// <summary>Smallest state per entry [S], -infinity for no bound; null where the task does not say.</summary>
    public float[]? StateLow { get; init; }

    /// <summary>Largest state per entry [S], infinity for no bound; null where the task does not say.</summary>
    public float[]? StateHigh { get; init; }
}

/// <summary>One option of an agent.</summary>
/// <param name="Name">snake_case name.</param>
/// <param name="Kind">integer, number, boolean, or the allowed words joined by '|'.</param>
/// <param name="Default">Default as text.</param>
/// <param name="Description">What it does, with its source.</param>
public sealed record AgentOption(string Name, string Kind, string Default, string Description);

/// <summary>Options that a paper, or its code, is known to have used on a task.</summary>
/// <param name="Task">The task by its published name, such as <c>hopper-medium-v2</c>.</param>
/// <param name="Options">Values by option name, where they differ from the defaults.</param>
/// <param name="Source">Where they are published.</param>
public sealed record PublishedSettings(string Task, IReadOnlyDictionary<string, string> Options, string Source)
{
    /// <summary>Which of several recipes for one task it is, such as <c>clean_diffuser</c>; null for the algorithm's own.</summary>
    public string? Recipe { get; init; }

    /// <summary>What it is asked for by: the task, and the recipe behind an @ where the task has its own besides.</summary>
    public string Name => Recipe is null ? Task : $"{Task}@{Recipe}";

    /// <summary>Updates that were made with them; null where nothing is known of it, or where learning is counted otherwise.</summary>
    public long? Updates { get; init; }

    /// <summary>How the policy acted when it was scored: keys of the configuration's group <c>evaluation</c>. Empty where it is by one sample, or not known.</summary>
    public IReadOnlyDictionary<string, string> Acting { get; init; } = new Dictionary<string, string>();

    /// <summary>Acting by a softmax of the critics' values of so many candidates.</summary>
    /// <param name="candidates">Candidates.</param>
    /// <param name="weight">Factor on the value.</param>
    /// <param name="noiseScale">Factor on the noise.</param>
    public static IReadOnlyDictionary<string, string> Softmax(int candidates, double weight = 1, double noiseScale = 1) => new Dictionary<string, string>
    {
        ["candidates"] = candidates.ToString(CultureInfo.InvariantCulture),
        ["selection"] = "softmax",
        ["softmax_weight"] = weight.ToString("R", CultureInfo.InvariantCulture),
        ["noise_scale"] = noiseScale.ToString("R", CultureInfo.InvariantCulture),
    };
}

/// <summary>How an algorithm is found by name and built from text options.</summary>
public interface IAgentFactory
{
    /// <summary>Name on the command line, such as <c>ofql</c>.</summary>
    string Name { get; }

    /// <summary>One line of what it is.</summary>
    string Title { get; }

    /// <summary>The paper that defines it.</summary>
    string Paper { get; }

    /// <summary>Whether it learns from recorded data alone; otherwise it can also begin with nothing but an environment.</summary>
    bool NeedsData => true;

    /// <summary>First steps with uniform actions that it wants where it learns online; null leaves them to the configuration.</summary>
    long? StartSteps => null;

    /// <summary>Every option with its default.</summary>
    IReadOnlyList<AgentOption> Options { get; }

    /// <summary>Values that runs were made with before an option existed, where its default is another; a configuration that a run has saved means these.</summary>
    IReadOnlyDictionary<string, string> BeforeTheyExisted => new Dictionary<string, string>();

    /// <summary>Settings published for single tasks; empty where there are none.</summary>
    IReadOnlyList<PublishedSettings> Published => [];

    /// <summary>Checks the given options and fills in the defaults; the result is what a run records.</summary>
    /// <exception cref="UsageException">An unknown name (the nearest is suggested) or a value of the wrong kind.</exception>
    IReadOnlyDictionary<string, string> Resolve(IReadOnlyDictionary<string, string> given);

    /// <summary>Whether the planned number of updates is part of every update, as where a schedule runs over it.</summary>
    /// <exception cref="UsageException">As <see cref="Resolve"/>.</exception>
    bool DependsOnLength(IReadOnlyDictionary<string, string> given) => false;

    /// <summary>All options of a run that goes on where one with the given ones has ended: constant what has run its course.</summary>
    /// <exception cref="UsageException">As <see cref="Resolve"/>.</exception>
    IReadOnlyDictionary<string, string> AfterItsCourse(IReadOnlyDictionary<string, string> given) => Resolve(given);

    /// <summary>What a user should know before a run of so many updates; null for nothing.</summary>
    /// <exception cref="UsageException">As <see cref="Resolve"/>.</exception>
    string? Caution(IReadOnlyDictionary<string, string> given, long updates) => null;

    /// <summary>Builds the agent.</summary>
    /// <exception cref="UsageException">As <see cref="Resolve"/>.</exception>
    IAgent Create(IReadOnlyDictionary<string, string> given, AgentContext context);

    /// <summary>A policy ready to act, from an artefact whose kind is this algorithm's name.</summary>
    /// <exception cref="OfqlException">The artefact is of another kind, incomplete or damaged.</exception>
    IActor CreateActor(PolicyArtefact policy, ActingOptions options, int capacity);

    /// <summary>What such a policy computes, as operations for other programs; algorithms without networks have none.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="withValue">Also the value of the action, by which several can be compared.</param>
    /// <exception cref="OfqlException">
    /// There is no such description, or no value; or the artefact is of another kind, incomplete or damaged.
    /// </exception>
    PolicyOutline Outline(PolicyArtefact policy, bool withValue) => throw new OfqlException(
        $"Policies of '{Name}' are not made of networks, so there are no operations to write them as. Use the policy file itself, in .NET or through 'ofql act'.");
}
