using System.Globalization;
using Ofql.Data;
using Ofql.Kernels.Randomness;

namespace Ofql.Environments.Maze2d;

/// <summary>
/// Makes maze2d data the way D4RL made its own: <see cref="WaypointController"/> pursues one random target after the other in a
/// single endless trajectory, and the rewards are written for the goal of evaluation, of which the controller knows nothing.
/// </summary>
/// <remarks>
/// Follows Farama-Foundation/D4RL, scripts/generation/generate_maze2d_datasets.py and relabel_maze2d_rewards.py, including this:
/// when a target is reached (or pursued for the task's step limit), the script draws a new one and does not take over the
/// state of that step. The next row therefore repeats the old observation while the ball is already one step further, as
/// <c>infos/qpos</c> and <c>infos/qvel</c> show. Collection is sequential: a million rows take a fraction of a second.
/// </remarks>
public static class Maze2dDataCollector
{
    private const long RowsBetweenCancellationChecks = 8192;

    /// <summary>Collects rows.</summary>
    /// <param name="task">Maze, reward and the longest pursuit of one target.</param>
    /// <param name="rows">Number of rows N; D4RL's umaze file has 1,000,000.</param>
    /// <param name="random">Start, targets, waypoints and action noise are drawn from streams split from it.</param>
    /// <param name="actionNoise">Standard deviation of noise on the action: 0 as published, 0.5 in D4RL's noisy option.</param>
    /// <param name="cancellation">Stops the collection.</param>
    /// <returns>
    /// The raw columns with <c>infos/goal</c>, <c>infos/qpos</c> and <c>infos/qvel</c> [N, 2]. Timeouts mark the rows at which the
    /// target of the moment was reached or given up; terminals are all 0.
    /// </returns>
    public static RawTrajectory Collect(
        Maze2dTask task, long rows, RandomStream random, double actionNoise = 0, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(random);
        if (rows < 2)
            throw new UsageException($"Cannot collect {rows} rows of {task.Name}: a transition needs at least 2.");
        if (!(actionNoise >= 0 && double.IsFinite(actionNoise)))
            throw new UsageException($"The action noise is {actionNoise}; expected a finite standard deviation of at least 0.");
        var trajectory = Allocate(task, rows, random, actionNoise);
        try
        {
            Fill(trajectory, task, random, actionNoise, cancellation);
            return trajectory;
        }
        catch
        {
            trajectory.Dispose();
            throw;
        }
    }

    private static RawTrajectory Allocate(Maze2dTask task, long rows, RandomStream random, double actionNoise) => new()
    {
        Observations = Column<float>.Allocate(rows, 4),
        Actions = Column<float>.Allocate(rows, 2),
        Rewards = Column<float>.Allocate(rows, 1),
        Terminals = Column<byte>.Allocate(rows, 1),
        Timeouts = Column<byte>.Allocate(rows, 1),
        Infos = new Dictionary<string, Column<float>>
        {
            ["infos/goal"] = Column<float>.Allocate(rows, 2),
            ["infos/qpos"] = Column<float>.Allocate(rows, 2),
            ["infos/qvel"] = Column<float>.Allocate(rows, 2),
        },
        Metadata = new Dictionary<string, string>
        {
            ["generated"] = "true",
            ["environment"] = task.Name,
            ["algorithm"] = "waypoint controller",
            ["source"] = "collected in Ofql's own maze2d by D4RL's published procedure; not D4RL's file",
            ["random_key"] = random.Key.ToString("x16", CultureInfo.InvariantCulture),
            ["action_noise"] = actionNoise.ToString("R", CultureInfo.InvariantCulture),
        },
    };

    private static void Fill(
        RawTrajectory trajectory, Maze2dTask task, RandomStream random, double actionNoise, CancellationToken cancellation)
    {
        var targets = random.Split("targets");
        var noise = random.Split("action-noise");
        var controller = new WaypointController(new WaypointPlanner(task.Layout), random.Split("waypoints"));
        var target = task.Layout.DrawPlace(targets);
        var ball = Maze2dEnvironment.DrawStart(task.Layout, random.Split("start"));
        var shown = ball;
        var pursued = 0;
        for (long row = 0; row < trajectory.Rows; row++)
        {
            if (row % RowsBetweenCancellationChecks == 0)
                cancellation.ThrowIfCancellationRequested();
            var done = controller.Act(shown, target, out var action);
            if (actionNoise > 0)
                action = (action + (actionNoise * new PlanePoint(noise.NextNormal(), noise.NextNormal()))).Clip(1);
            done |= pursued >= task.MaximumSteps;
            Write(trajectory, row, task, new Row(shown, ball, action, target, done));
            ball = ball.Step(task.Layout, action);
            pursued++;
            if (done)
            {
                target = task.Layout.DrawPlace(targets);
                pursued = 0;
            }
            else
            {
                shown = ball;
            }
        }
    }

    private static void Write(RawTrajectory trajectory, long index, Maze2dTask task, in Row row)
    {
        var observation = trajectory.Observations.Writable(index);
        Put(observation, row.Shown.Position);
        Put(observation[2..], row.Shown.Velocity);
        Put(trajectory.Actions.Writable(index), row.Action);

        // Relabelling reads the stored observation, so the reward is that of the position rounded to float.
        trajectory.Rewards.Writable(index)[0] = (float)task.RewardAt(new PlanePoint(observation[0], observation[1]));
        trajectory.Timeouts!.Writable(index)[0] = row.Done ? (byte)1 : (byte)0;
        Put(trajectory.Infos["infos/goal"].Writable(index), row.Target);
        Put(trajectory.Infos["infos/qpos"].Writable(index), row.Ball.Position);
        Put(trajectory.Infos["infos/qvel"].Writable(index), row.Ball.Velocity);
    }

    private static void Put(Span<float> to, PlanePoint point)
    {
        to[0] = (float)point.X;
        to[1] = (float)point.Y;
    }

    private readonly record struct Row(PointMass Shown, PointMass Ball, PlanePoint Action, PlanePoint Target, bool Done);
}
