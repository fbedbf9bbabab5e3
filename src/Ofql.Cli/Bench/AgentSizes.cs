using Ofql.Agents;

namespace Ofql.Cli.Bench;

/// <summary>Agents of any kind in wanted sizes.</summary>
internal static class AgentSizes
{
    /// <summary>Builds an agent with those of the wanted options that it has; it keeps its defaults for the rest.</summary>
    public static IAgent Create(IAgentFactory factory, IReadOnlyDictionary<string, string> wanted, AgentContext context)
    {
        var known = factory.Options.Select(option => option.Name).ToHashSet();
        return factory.Create(wanted.Where(option => known.Contains(option.Key)).ToDictionary(), context);
    }
}
