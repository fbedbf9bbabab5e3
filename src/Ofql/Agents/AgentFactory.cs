using Ofql.Agents.Options;

namespace Ofql.Agents;

/// <summary>An algorithm by name: what its factory has to say, everything else follows from its settings record and its policy format.</summary>
/// <typeparam name="TSettings">Settings record of the algorithm.</typeparam>
public abstract class AgentFactory<TSettings> : IAgentFactory
    where TSettings : AgentSettings
{
    /// <inheritdoc/>
    public string Name => Policies.Kind;

    /// <inheritdoc/>
    public abstract string Title { get; }

    /// <inheritdoc/>
    public abstract string Paper { get; }

    /// <inheritdoc/>
    public virtual bool NeedsData => true;

    /// <inheritdoc/>
    public IReadOnlyList<AgentOption> Options => Table.Options;

    /// <inheritdoc/>
    public virtual IReadOnlyDictionary<string, string> BeforeTheyExisted { get; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public virtual IReadOnlyList<PublishedSettings> Published => [];

    /// <summary>Its name, options, networks and policy files.</summary>
    protected abstract PolicyFormat<TSettings> Policies { get; }

    private OptionTable<TSettings> Table => Policies.Options;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Resolve(IReadOnlyDictionary<string, string> given) => Table.Format(Parse(given));

    /// <inheritdoc/>
    public bool DependsOnLength(IReadOnlyDictionary<string, string> given) => Parse(given).DependsOnLength;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> AfterItsCourse(IReadOnlyDictionary<string, string> given) => Table.Format((TSettings)Parse(given).AfterItsCourse());

    /// <inheritdoc/>
    public string? Caution(IReadOnlyDictionary<string, string> given, long updates) => Parse(given).Caution(updates);

    /// <inheritdoc/>
    public IAgent Create(IReadOnlyDictionary<string, string> given, AgentContext context) => Create(Parse(given), context);

    /// <inheritdoc/>
    public IActor CreateActor(PolicyArtefact policy, ActingOptions options, int capacity) => Policies.CreateActor(policy, options, capacity);

    /// <inheritdoc/>
    public PolicyOutline Outline(PolicyArtefact policy, bool withValue) => Policies.Outline(policy, withValue);

    /// <summary>Builds the agent.</summary>
    protected abstract IAgent Create(TSettings settings, AgentContext context);

    private TSettings Parse(IReadOnlyDictionary<string, string> given) => Policies.Parse is { } parse ? parse(given) : Table.Parse(given);
}
