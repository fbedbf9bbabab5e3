using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;

namespace Ofql.Agents;

/// <summary>
/// The networks of an algorithm with their parameter blocks, for states of size S and actions of size A. An algorithm's model
/// describes its networks, asks for a block for each and says how they act.
/// </summary>
public abstract class AgentModel : IDisposable
{
    private readonly List<ParameterBlock> _blocks = [];
    private readonly List<(ParameterBlock Target, ParameterBlock Online)> _targets = [];

    /// <summary>A model without blocks yet.</summary>
    protected AgentModel(int stateSize, int actionSize)
    {
        StateSize = stateSize;
        ActionSize = actionSize;
    }

    /// <summary>S.</summary>
    public int StateSize { get; }

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>All blocks, in the order they were asked for: their names are those of checkpoints.</summary>
    public IReadOnlyList<ParameterBlock> Blocks => _blocks;

    /// <summary>How it acts, and with which of its blocks.</summary>
    public abstract ActingRule Acting { get; }

    /// <summary>How it acts while it collects: the same, unless it is scored by less than its whole policy.</summary>
    public virtual ActingRule Exploring => Acting;

    /// <summary>Draws every block from the stream <c>initialize NAME</c>; targets begin as copies.</summary>
    public void Initialize(ulong seed)
    {
        foreach (var block in _blocks.Where(block => _targets.TrueForAll(pair => pair.Target != block)))
            Draw(block, new RandomStream(seed, "initialize " + block.Name));
        foreach (var (target, online) in _targets)
            target.CopyFrom(online);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var block in _blocks)
            block.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Draws the first parameters of a block; PyTorch's defaults unless a model knows better.</summary>
    protected virtual void Draw(ParameterBlock block, RandomStream random) => block.Initialize(random);

    /// <summary>A block of this model.</summary>
    protected ParameterBlock Block(string name, ParameterLayout layout)
    {
        var block = new ParameterBlock(name, layout);
        _blocks.Add(block);
        return block;
    }

    /// <summary>A block that follows another, named <c>NAME_target</c>.</summary>
    protected ParameterBlock Target(ParameterBlock online)
    {
        var block = Block(online.Name + "_target", online.Layout);
        _targets.Add((block, online));
        return block;
    }
}

/// <summary>
/// The action for states s [R, S] (normalised) and noise [R, <see cref="ActingRule.NoiseSize"/>] (null where that is 0): [R, A]
/// within [-1, 1].
/// </summary>
public delegate Node ActionOfState(Node s, Node? noise);

/// <summary>The value [R, 1] by which candidate actions a [R, A] in states s [R, S] are compared.</summary>
public delegate Node ValueOfAction(Node s, Node a);

/// <summary>The action as <see cref="ActionOfState"/>, and ln pi(a|s) [R, 1].</summary>
public delegate (Node Action, Node LogProbability) SampleOfState(Node s, Node noise);

/// <summary>How a model acts: (state, noise) to an action, and what its candidates are judged by.</summary>
public sealed record ActingRule
{
    /// <summary>The blocks that acting reads, by their names in policy files.</summary>
    public required IReadOnlyList<(string Name, ParameterBlock Block)> Blocks { get; init; }

    /// <summary>The action.</summary>
    public required ActionOfState Action { get; init; }

    /// <summary>The action with its log-density; null for a policy without a density.</summary>
    public SampleOfState? Sample { get; init; }

    /// <summary>Standard normal numbers per candidate: 0 for a deterministic policy, A for one sample, k A for a chain of k draws.</summary>
    public int NoiseSize { get; init; }

    /// <summary>Value of a candidate; null where there is nothing to choose by.</summary>
    public ValueOfAction? Value { get; init; }
}
