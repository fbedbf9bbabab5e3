using Ofql.Agents.Aql;
using Ofql.Agents.Bc;
using Ofql.Agents.Cpql;
using Ofql.Agents.Cql;
using Ofql.Agents.Dql;
using Ofql.Agents.Dtql;
using Ofql.Agents.Edp;
using Ofql.Agents.FmQl;
using Ofql.Agents.Fql;
using Ofql.Agents.Idql;
using Ofql.Agents.Iql;
using Ofql.Agents.IqlTdmpc;
using Ofql.Agents.MeanFlowQl;
using Ofql.Agents.Ofql;
using Ofql.Agents.Sac;
using Ofql.Agents.Spaql;
using Ofql.Agents.Td3Bc;

namespace Ofql.Agents;

/// <summary>The algorithms by name.</summary>
public static class AgentCatalog
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<IAgentFactory> All { get; } =
    [
        new OfqlFactory(), new DqlFactory(), new FmQlFactory(), new EdpFactory(), new IdqlFactory(),
        new FqlFactory(), new MeanFlowQlFactory(), new DtqlFactory(), new CpqlFactory(),
        new BcFactory(), new Td3BcFactory(), new IqlFactory(), new IqlTdmpcFactory(), new CqlFactory(), new SacFactory(),
        new SpaqlFactory(), new AqlFactory(),
    ];

    /// <summary>Finds an algorithm.</summary>
    /// <exception cref="UsageException">There is none of that name; the nearest is suggested.</exception>
    public static IAgentFactory Find(string name) =>
        All.FirstOrDefault(factory => factory.Name == name)
        ?? throw new UsageException(
            $"Unknown agent '{name}'.{NearestName.Question(name, All.Select(factory => factory.Name))} Known: {string.Join(", ", All.Select(factory => factory.Name))}.");

    /// <summary>A policy ready to act, by the algorithm that its kind names.</summary>
    /// <exception cref="OfqlException">No algorithm is of that kind, or the artefact is incomplete or damaged.</exception>
    public static IActor CreateActor(PolicyArtefact policy, ActingOptions options, int capacity) => CreateActor(All, policy, options, capacity);

    /// <summary>The same among given algorithms.</summary>
    /// <exception cref="OfqlException">No algorithm is of that kind, or the artefact is incomplete or damaged.</exception>
    public static IActor CreateActor(IReadOnlyList<IAgentFactory> factories, PolicyArtefact policy, ActingOptions options, int capacity) =>
        FactoryOf(factories, policy).CreateActor(policy, options, capacity);

    /// <summary>What a policy computes, as operations for other programs, by the algorithm that its kind names.</summary>
    /// <exception cref="OfqlException">No algorithm is of that kind, the artefact is damaged, or the algorithm has no such operations or no value.</exception>
    public static PolicyOutline Outline(IReadOnlyList<IAgentFactory> factories, PolicyArtefact policy, bool withValue = false) =>
        FactoryOf(factories, policy).Outline(policy, withValue);

    private static IAgentFactory FactoryOf(IReadOnlyList<IAgentFactory> factories, PolicyArtefact policy)
    {
        var kind = policy.Metadata.GetValueOrDefault("kind");
        return factories.FirstOrDefault(factory => factory.Name == kind) ?? throw new OfqlException(
            $"The policy is of kind '{kind ?? "(not stated)"}'; this program can act with: {string.Join(", ", factories.Select(factory => factory.Name))}. "
            + "Was it exported by a later version?");
    }
}
