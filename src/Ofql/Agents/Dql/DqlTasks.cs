namespace Ofql.Agents.Dql;

/// <summary>The settings of single tasks: the authors' table, and CleanDiffuser's, as a recipe of its own where both have a task.</summary>
internal static class DqlTasks
{
    private const string Recipe = "clean_diffuser";

    // Its weight of the softmax that chooses among candidates belongs to its critics, which learn from normalised rewards.
    private static readonly (string Task, double Eta, double Weight)[] _mazes =
    [
        ("antmaze-medium-play-v2", 2, 10), ("antmaze-medium-diverse-v2", 3, 5), ("antmaze-large-play-v2", 4.5, 5), ("antmaze-large-diverse-v2", 3.5, 10),
    ];

    private static readonly (string Task, double Weight)[] _locomotion =
    [
        ("halfcheetah-medium-v2", 50), ("halfcheetah-medium-replay-v2", 50), ("halfcheetah-medium-expert-v2", 50),
        ("hopper-medium-v2", 100), ("hopper-medium-replay-v2", 100), ("hopper-medium-expert-v2", 8),
        ("walker2d-medium-v2", 300), ("walker2d-medium-replay-v2", 300), ("walker2d-medium-expert-v2", 300),
    ];

    public static IReadOnlyList<PublishedSettings> All { get; } =
    [
        .. DiffusionQlTask.All.Select(task => new PublishedSettings(task.Name, task.Options(), "Diffusion-QL's code") { Updates = task.Updates, Acting = PublishedSettings.Softmax(50) }),
        .. _mazes.Select(row => CleanDiffuser(row.Task, null, row.Weight, ("eta", DiffusionQlTask.Text(row.Eta)), ("max_q_backup", "true"), ("normalize_rewards", "none"), ("reward_shift", "-1"))),
        .. _locomotion.Select(row => CleanDiffuser(row.Task, Recipe, row.Weight)),
        .. D4rlTasks.Kitchen.Skip(1).Select(task => CleanDiffuser(task, Recipe, weight: 3, ("eta", "0.005"), ("normalize_rewards", "none"))),
    ];

    private static PublishedSettings CleanDiffuser(string task, string? recipe, double weight, params (string Name, string Value)[] options) => new(
        task, options.Prepend(("protocol", Recipe)).ToDictionary(option => option.Item1, option => option.Item2), "CleanDiffuser's code")
        {
            Recipe = recipe, Updates = 2_000_000, Acting = PublishedSettings.Softmax(50, weight, 0.5),
        };
}
