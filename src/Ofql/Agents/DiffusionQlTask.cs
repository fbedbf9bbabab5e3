using System.Globalization;

namespace Ofql.Agents;

/// <summary>A row of the table in Diffusion-QL's code (arXiv 2208.06193, its main.py), which its descendants take over in part.</summary>
/// <param name="Name">D4RL's name.</param>
/// <param name="LearningRate">Of the actor.</param>
/// <param name="Eta">Weight of the Q term.</param>
/// <param name="MaxQBackup">Best of several target actions in the backup.</param>
/// <param name="MaximumNorm">Global-norm clip of actor and critics, each.</param>
/// <param name="Epochs">Epochs of 1000 updates.</param>
internal sealed record DiffusionQlTask(string Name, double LearningRate, double Eta, bool MaxQBackup, double MaximumNorm, int Epochs)
{
    /// <summary>The whole table.</summary>
    public static IReadOnlyList<DiffusionQlTask> All { get; } =
    [
        new("halfcheetah-medium-v2", 3e-4, 1, false, 9, 2000),
        new("hopper-medium-v2", 3e-4, 1, false, 9, 2000),
        new("walker2d-medium-v2", 3e-4, 1, false, 1, 2000),
        new("halfcheetah-medium-replay-v2", 3e-4, 1, false, 2, 2000),
        new("hopper-medium-replay-v2", 3e-4, 1, false, 4, 2000),
        new("walker2d-medium-replay-v2", 3e-4, 1, false, 4, 2000),
        new("halfcheetah-medium-expert-v2", 3e-4, 1, false, 7, 2000),
        new("hopper-medium-expert-v2", 3e-4, 1, false, 5, 2000),
        new("walker2d-medium-expert-v2", 3e-4, 1, false, 5, 2000),
        new("antmaze-umaze-v0", 3e-4, 0.5, false, 2, 1000),
        new("antmaze-umaze-diverse-v0", 3e-4, 2, true, 3, 1000),
        new("antmaze-medium-play-v0", 1e-3, 2, true, 2, 1000),
        new("antmaze-medium-diverse-v0", 3e-4, 3, true, 1, 1000),
        new("antmaze-large-play-v0", 3e-4, 4.5, true, 10, 1000),
        new("antmaze-large-diverse-v0", 3e-4, 3.5, true, 7, 1000),
        new("pen-human-v1", 3e-5, 0.15, false, 7, 1000),
        new("pen-cloned-v1", 3e-5, 0.1, false, 8, 1000),
        new("kitchen-complete-v0", 3e-4, 0.005, false, 9, 250),
        new("kitchen-partial-v0", 3e-4, 0.005, false, 10, 1000),
        new("kitchen-mixed-v0", 3e-4, 0.005, false, 10, 1000),
    ];

    /// <summary>Epochs as updates.</summary>
    public long Updates => Epochs * 1000L;

    /// <summary>Whether it is one of the mazes.</summary>
    public bool IsAntMaze => Name.StartsWith("antmaze", StringComparison.Ordinal);

    /// <summary>All that the table states.</summary>
    public Dictionary<string, string> Options()
    {
        var options = ClippingAndRewards();
        (options["learning_rate"], options["eta"], options["max_q_backup"]) = (Text(LearningRate), Text(Eta), MaxQBackup ? "true" : "false");
        return options;
    }

    /// <summary>The clip of gradients, and the transform of rewards: (r - 0.5) 4 in the mazes, standardised in Adroit.</summary>
    public Dictionary<string, string> ClippingAndRewards()
    {
        var options = new Dictionary<string, string> { ["actor_max_norm"] = Text(MaximumNorm), ["critic_max_norm"] = Text(MaximumNorm) };
        if (IsAntMaze)
            (options["reward_shift"], options["reward_scale"]) = ("-0.5", "4");
        if (Name.StartsWith("pen", StringComparison.Ordinal))
            options["normalize_rewards"] = "standardize";
        return options;
    }

    /// <summary>A number as option tables write it.</summary>
    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
