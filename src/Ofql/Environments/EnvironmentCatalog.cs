using Ofql.Environments.Maze2d;

namespace Ofql.Environments;

/// <summary>An environment that can be made by name.</summary>
/// <param name="Specification">Its facts, without making it.</param>
/// <param name="Summary">What it is, in one line.</param>
/// <param name="Create">Makes one; the caller disposes of it. Safe to call from any thread.</param>
public sealed record EnvironmentEntry(EnvironmentSpecification Specification, string Summary, Func<IEnvironment> Create)
{
    /// <summary>The name it is made by.</summary>
    public string Name => Specification.Name;

    /// <summary>Other names it answers to, such as those of datasets recorded in it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];
}

/// <summary>Environments by name. Immutable: <see cref="With"/> gives a larger catalog.</summary>
public sealed class EnvironmentCatalog
{
    private readonly Dictionary<string, EnvironmentEntry> _byName;

    /// <summary>Creates a catalog.</summary>
    /// <exception cref="ArgumentException">Two entries with one name or alias.</exception>
    public EnvironmentCatalog(IEnumerable<EnvironmentEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Entries = [.. entries];
        _byName = Entries.SelectMany(entry => entry.Aliases.Prepend(entry.Name).Select(name => (name, entry))).ToDictionary();
    }

    /// <summary>The environments written in pure C#: nothing needs to be installed for them.</summary>
    public static EnvironmentCatalog BuiltIn { get; } = new(
    [
        new EnvironmentEntry(Pendulum.Task, "Swing a pendulum up and hold it; torque / 2 as the action", () => new Pendulum()),
        new EnvironmentEntry(CartPole.Task, "Balance a pole on a cart; force / 10 N as the action", () => new CartPole()),
        .. Maze2dTask.All.Select(task => new EnvironmentEntry(
            task.Specification,
            $"Push a ball through the {task.Layout.Name} maze, {(task.Reward == MazeReward.Sparse ? "sparse" : "dense")} reward",
            () => new Maze2dEnvironment(task))),
    ]);

    /// <summary>All environments, in the order listed to users.</summary>
    public IReadOnlyList<EnvironmentEntry> Entries { get; }

    /// <summary>A catalog with further environments (of another assembly, or the caller's own).</summary>
    public EnvironmentCatalog With(IEnumerable<EnvironmentEntry> entries) => new(Entries.Concat(entries));

    /// <summary>The entry of a name or alias, or null.</summary>
    public EnvironmentEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The entry of a name or alias.</summary>
    /// <exception cref="UsageException">No such environment; the message suggests the nearest name.</exception>
    public EnvironmentEntry Get(string name) => Find(name) ?? throw new UsageException(
        $"There is no environment '{name}'.{NearestName.Question(name, _byName.Keys)} "
        + $"Known: {string.Join(", ", Entries.Select(entry => entry.Name))}.");

    /// <summary>Makes the environment of a name.</summary>
    /// <exception cref="UsageException">No such environment; the message suggests the nearest name.</exception>
    public IEnvironment Create(string name) => Get(name).Create();
}
