using Ofql.Environments;

namespace Ofql.Formats.Published;

/// <summary>
/// D4RL's files, step limits and reference returns. Source of all names and numbers: d4rl/infos.py and the registration files
/// of Farama-Foundation/D4RL; of the licence: its README.
/// </summary>
internal static class D4rlCollection
{
    private const string Root = "http://rail.eecs.berkeley.edu/datasets/offline_rl/";
    private const string Licence = "CC BY 4.0 (stated by D4RL for its datasets unless otherwise noted)";

    public static IReadOnlyList<PublishedDataset> Datasets { get; } = [.. Locomotion(), .. Maze2d(), .. AntMaze(), .. Kitchen(), .. Adroit()];

    private static PublishedDataset Make(string name, string location, int? steps, double minimum, double maximum) =>
        new(name, Root, location, Licence) { MaximumSteps = steps, Score = new ReferenceScore(minimum, maximum) };

    private static IEnumerable<PublishedDataset> Locomotion()
    {
        (string Name, double Minimum, double Maximum)[] robots =
        [
            ("halfcheetah", -280.178953, 12135.0), ("hopper", -20.272305, 3234.3), ("walker2d", 1.629008, 4592.3), ("ant", -325.6, 3879.7),
        ];
        foreach (var (robot, minimum, maximum) in robots)
        {
            foreach (var kind in (string[])["random", "medium", "expert", "medium-replay", "full-replay", "medium-expert"])
            {
                foreach (var version in (int[])[2, 1])
                {
                    var file = $"gym_mujoco_v{version}/{robot}_{kind.Replace('-', '_')}-v{version}.hdf5";
                    yield return Make($"{robot}-{kind}-v{version}", file, 1000, minimum, maximum);
                }
            }

            foreach (var kind in (string[])["random", "medium", "expert", "medium-replay", "medium-expert"])
            {
                // Version 0 called the replay buffers mixed, and walker2d's file walker.
                var file = kind == "medium-replay" ? (robot == "walker2d" ? "walker_mixed" : $"{robot}_mixed") : $"{robot}_{kind.Replace('-', '_')}";
                yield return Make($"{robot}-{kind}-v0", $"gym_mujoco/{file}.hdf5", 1000, minimum, maximum);
            }
        }
    }

    private static IEnumerable<PublishedDataset> Maze2d()
    {
        (string Maze, int Steps, double Minimum, double Maximum, double DenseMinimum, double DenseMaximum)[] mazes =
        [
            ("umaze", 300, 23.85, 161.86, 68.537689, 193.66285642381482),
            ("medium", 600, 13.13, 277.39, 44.264742, 297.4552547777125),
            ("large", 800, 6.7, 273.99, 30.569041, 303.4857382709002),
        ];
        foreach (var maze in mazes)
        {
            yield return Make($"maze2d-{maze.Maze}-v1", $"maze2d/maze2d-{maze.Maze}-sparse-v1.hdf5", maze.Steps, maze.Minimum, maze.Maximum);
            yield return Make($"maze2d-{maze.Maze}-dense-v1", $"maze2d/maze2d-{maze.Maze}-dense-v1.hdf5", maze.Steps, maze.DenseMinimum, maze.DenseMaximum);
        }

        (string Maze, int Steps, double Minimum, double Maximum)[] held = [("umaze", 300, 36.63, 141.4), ("medium", 600, 13.07, 204.93), ("large", 800, 16.4, 302.22)];
        foreach (var maze in held)
            yield return Make($"maze2d-eval-{maze.Maze}-v1", $"maze2d/maze2d-eval-{maze.Maze}-sparse-v1.hdf5", maze.Steps, maze.Minimum, maze.Maximum);
        yield return Make("maze2d-open-v0", "maze2d/maze2d-open-sparse.hdf5", 150, 0.01, 20.66);
        yield return Make("maze2d-open-dense-v0", "maze2d/maze2d-open-dense.hdf5", 150, 11.17817, 27.166538620695782);
    }

    private static IEnumerable<PublishedDataset> AntMaze()
    {
        (string Task, string Maze, bool ManyStarts, bool ManyGoals, int Steps)[] tasks =
        [
            ("umaze", "u-maze", false, false, 700), ("umaze-diverse", "u-maze", true, true, 700),
            ("medium-play", "big-maze", true, false, 1000), ("medium-diverse", "big-maze", true, true, 1000),
            ("large-play", "hardest-maze", true, false, 1000), ("large-diverse", "hardest-maze", true, true, 1000),
        ];
        foreach (var task in tasks)
        {
            var file = $"Ant_maze_{task.Maze}_noisy_multistart_{task.ManyStarts}_multigoal_{task.ManyGoals}_sparse";
            yield return Make($"antmaze-{task.Task}-v2", $"ant_maze_v2/{file}_fixed.hdf5", task.Steps, 0, 1);
            yield return Make($"antmaze-{task.Task}-v0", $"ant_maze_new/{file}.hdf5", task.Steps, 0, 1);
        }
    }

    private static IEnumerable<PublishedDataset> Kitchen() =>
    [
        Make("kitchen-complete-v0", "kitchen/mini_kitchen_microwave_kettle_light_slider-v0.hdf5", 280, 0, 4),
        Make("kitchen-partial-v0", "kitchen/kitchen_microwave_kettle_light_slider-v0.hdf5", 280, 0, 4),
        Make("kitchen-mixed-v0", "kitchen/kitchen_microwave_kettle_bottomburner_light-v0.hdf5", 280, 0, 4),
    ];

    private static IEnumerable<PublishedDataset> Adroit()
    {
        (string Task, int Steps, double Minimum, double Maximum)[] tasks =
        [
            ("pen", 100, 96.262799, 3076.8331017826877), ("hammer", 200, -274.856578, 12794.134825156867),
            ("door", 200, -56.512833, 2880.5693087298737), ("relocate", 200, -6.425911, 4233.877797728884),
        ];
        foreach (var (task, steps, minimum, maximum) in tasks)
        {
            foreach (var kind in (string[])["human", "cloned", "expert"])
                yield return Make($"{task}-{kind}-v1", $"hand_dapg_v1/{task}-{kind}-v1.hdf5", steps, minimum, maximum);
            yield return Make($"{task}-human-v0", $"hand_dapg/{task}-v0_demos_clipped.hdf5", steps, minimum, maximum);
            yield return Make($"{task}-cloned-v0", $"hand_dapg/{task}-demos-v0-bc-combined.hdf5", steps, minimum, maximum);
            yield return Make($"{task}-expert-v0", $"hand_dapg/{task}-v0_expert_clipped.hdf5", steps, minimum, maximum);
        }
    }
}
