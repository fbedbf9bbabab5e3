namespace Ofql.Agents.Dql;

/// <summary>The settings of single tasks: the authors' table, and CleanDiffuser's mazes, which are of another version.</summary>
internal static class DqlTasks
{
    private static readonly (string Task, double Eta, double Weight)[] _cleanDiffuser =
    [
        ("antmaze-medium-play-v2", 2, 10), ("antmaze-medium-diverse-v2", 3, 5), ("antmaze-large-play-v2", 4.5, 5), ("antmaze-large-diverse-v2", 3.5, 10),
    ];

    public static IReadOnlyList<PublishedSettings> All { get; } =
    [
        .. DiffusionQlTask.All.Select(task => new PublishedSettings(task.Name, task.Options(), "Diffusion-QL's code") { Updates = task.Updates, Acting = PublishedSettings.Softmax(50) }),
        .. _cleanDiffuser.Select(row => new PublishedSettings(row.Task, CleanDiffuser(row.Eta), "CleanDiffuser's code") { Updates = 2_000_000, Acting = PublishedSettings.Softmax(50, row.Weight, 0.5) }),
    ];

    private static Dictionary<string, string> CleanDiffuser(double eta) => new()
    {
        ["protocol"] = "clean_diffuser", ["eta"] = DiffusionQlTask.Text(eta), ["max_q_backup"] = "true", ["normalize_rewards"] = "none", ["reward_shift"] = "-1",
    };
}
