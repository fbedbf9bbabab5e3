namespace Ofql.Agents.Ofql;

/// <summary>One-Step Flow Q-Learning by name.</summary>
public sealed class OfqlFactory : IAgentFactory
{
    /// <inheritdoc/>
    public string Name => "ofql";

    /// <inheritdoc/>
    public string Title => "One-Step Flow Q-Learning: a policy by average velocity, acting in one network evaluation";

    /// <inheritdoc/>
    public string Paper => "Nguyen and Yoo, arXiv 2508.13904";

    /// <inheritdoc/>
    public IReadOnlyList<AgentOption> Options => OfqlOptions.Table.Options;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Resolve(IReadOnlyDictionary<string, string> given) =>
        OfqlOptions.Table.Format(OfqlOptions.Parse(given));

    /// <inheritdoc/>
    public IAgent Create(IReadOnlyDictionary<string, string> given, AgentContext context) =>
        new OfqlAgent(OfqlOptions.Parse(given), context);
}
