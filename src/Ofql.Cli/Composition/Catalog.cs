using Ofql.Agents;
using Ofql.Cli.Configuration;
using Ofql.Environments;
using Ofql.Mujoco.Tasks;

namespace Ofql.Cli.Composition;

/// <summary>
/// What this program is composed of: the one place where agents, environments, data generators and policies are wired to the
/// command line. Tests compose their own.
/// </summary>
internal sealed record Catalog
{
    /// <summary>The algorithms.</summary>
    public required IReadOnlyList<IAgentFactory> Agents { get; init; }

    /// <summary>The environments.</summary>
    public required EnvironmentCatalog Environments { get; init; }

    /// <summary>Tasks whose data can be generated.</summary>
    public required IReadOnlyList<DatasetGenerator> Generators { get; init; }

    /// <summary>The presets.</summary>
    public required PresetCatalog Presets { get; init; }

    /// <summary>The program as shipped. An agent is wired by its factory in <see cref="AgentCatalog"/>.</summary>
    public static Catalog Shipped { get; } = new()
    {
        Agents = AgentCatalog.All,
        Environments = EnvironmentCatalog.BuiltIn.With(MujocoCatalog.Entries),
        Generators = [.. DatasetGenerator.BuiltIn, .. BehaviourGenerators.Shipped],
        Presets = PresetCatalog.Embedded,
    };

    /// <summary>Names that 'train' takes: presets first, then tasks that can be generated.</summary>
    public IReadOnlyList<string> TaskNames =>
        Presets.All.Select(preset => preset.Name).Union(Generators.Select(generator => generator.Name)).ToList();

    /// <summary>The environment of a name; the version may be left out when there is one alone.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public EnvironmentEntry Environment(string name)
    {
        if (Environments.Find(name) is { } exact)
            return exact;
        var unversioned = Environments.Entries.Where(entry => VersionedName.Of(entry.Name).Stem == name).ToList();
        if (unversioned.Count == 1)
            return unversioned[0];
        // A misspelt name without its version is nearer to one without.
        var nearest = NearestName.Of(name, Environments.Entries.Select(entry => VersionedName.Of(entry.Name).Stem));
        var meant = NearestName.Of(name, Environments.Entries.Select(entry => entry.Name))
            ?? Environments.Entries.FirstOrDefault(entry => nearest is not null && VersionedName.Of(entry.Name).Stem == nearest)?.Name;
        throw new UsageException(
            $"There is no environment '{name}'.{(meant is null ? "" : $" Did you mean '{meant}'?")} "
            + $"Known: {string.Join(", ", Environments.Entries.Select(entry => entry.Name))}.");
    }
}
