using Ofql.Agents.Options;

namespace Ofql.Agents;

/// <summary>An adaptive Q-learning agent by name. Such agents learn while they act, from the first step on.</summary>
/// <typeparam name="TSettings">Settings record of the algorithm.</typeparam>
public abstract class AdaptiveQFactory<TSettings> : IAgentFactory
    where TSettings : AdaptiveQSettings
{
    /// <inheritdoc/>
    public string Name => Policies.Kind;

    /// <inheritdoc/>
    public abstract string Title { get; }

    /// <inheritdoc/>
    public abstract string Paper { get; }

    /// <inheritdoc/>
    public bool NeedsData => false;

    /// <inheritdoc/>
    public long? StartSteps => 0;

    /// <inheritdoc/>
    public IReadOnlyList<AgentOption> Options => Table.Options;

    /// <inheritdoc/>
    public abstract IReadOnlyList<PublishedSettings> Published { get; }

    private protected abstract AdaptiveQFormat Policies { get; }

    private protected abstract OptionTable<TSettings> Table { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Resolve(IReadOnlyDictionary<string, string> given) => Table.Format(Table.Parse(given));

    /// <inheritdoc/>
    public IAgent Create(IReadOnlyDictionary<string, string> given, AgentContext context) => Create(Table.Parse(given), context);

    /// <inheritdoc/>
    public IActor CreateActor(PolicyArtefact policy, ActingOptions options, int capacity) => Policies.CreateActor(policy, options, capacity);

    private protected abstract IAgent Create(TSettings settings, AgentContext context);
}
