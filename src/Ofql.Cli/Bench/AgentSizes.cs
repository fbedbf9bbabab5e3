using Ofql.Agents;

namespace Ofql.Cli.Bench;

/// <summary>Agents of any kind in wanted sizes.</summary>
internal static class AgentSizes
{
    /// <summary>Whether an algorithm learns networks: all but the tables of adaptive Q-learning.</summary>
    public static bool HasNetworks(IAgentFactory factory) => factory.Options.Any(option => option.Name == "hidden_width");

    /// <exception cref="UsageException">An algorithm without networks among these.</exception>
    public static void RequireNetworks(IEnumerable<IAgentFactory> factories)
    {
        if (factories.FirstOrDefault(factory => !HasNetworks(factory)) is { } table)
            throw new UsageException($"{table.Name}: its updates are no matrix products, there is no peak to compare them with.");
    }

    /// <summary>As <see cref="Create"/>, of an algorithm with networks.</summary>
    public static ProgramAgent CreateProgram(IAgentFactory factory, IReadOnlyDictionary<string, string> wanted, AgentContext context) =>
        (ProgramAgent)Create(factory, wanted, context);

    /// <summary>Builds an agent with those of the wanted options that it has; it keeps its defaults for the rest.</summary>
    public static IAgent Create(IAgentFactory factory, IReadOnlyDictionary<string, string> wanted, AgentContext context)
    {
        var known = factory.Options.Select(option => option.Name).ToHashSet();
        return factory.Create(wanted.Where(option => known.Contains(option.Key)).ToDictionary(), context);
    }
}
