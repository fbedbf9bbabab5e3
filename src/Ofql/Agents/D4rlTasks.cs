namespace Ofql.Agents;

/// <summary>Names of D4RL's tasks (arXiv 2004.07219), for settings published for groups of them.</summary>
internal static class D4rlTasks
{
    /// <summary>The nine locomotion tasks of most tables.</summary>
    public static IReadOnlyList<string> Locomotion { get; } =
        [.. from data in (string[])["medium", "medium-replay", "medium-expert"] from robot in (string[])["halfcheetah", "hopper", "walker2d"] select $"{robot}-{data}-v2"];

    /// <summary>The three kitchen tasks.</summary>
    public static IReadOnlyList<string> Kitchen { get; } = ["kitchen-complete-v0", "kitchen-partial-v0", "kitchen-mixed-v0"];

    /// <summary>The two pen tasks of most tables.</summary>
    public static IReadOnlyList<string> Pen { get; } = ["pen-human-v1", "pen-cloned-v1"];

    /// <summary>The six AntMaze tasks of a version.</summary>
    public static IReadOnlyList<string> AntMaze(string version) =>
        [.. ((string[])["umaze", "umaze-diverse", "medium-play", "medium-diverse", "large-play", "large-diverse"]).Select(maze => $"antmaze-{maze}-{version}")];

    /// <summary>The same settings for all of some tasks.</summary>
    public static IEnumerable<PublishedSettings> With(this IEnumerable<string> tasks, string source, long updates, params (string Name, string Value)[] options) =>
        tasks.Select(task => new PublishedSettings(task, options.ToDictionary(option => option.Name, option => option.Value), source) { Updates = updates });
}
