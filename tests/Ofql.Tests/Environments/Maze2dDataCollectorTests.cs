using Ofql.Data;
using Ofql.Environments.Maze2d;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Environments;

public class Maze2dDataCollectorTests
{
    private const int Rows = 20_000;

    public static TheoryData<string> TaskNames => ["maze2d-open-v0", "maze2d-umaze-v1", "maze2d-medium-dense-v1", "maze2d-large-v1"];

    [Fact]
    public void The_same_stream_gives_the_same_rows_and_another_seed_others()
    {
        using var first = Collect("maze2d-umaze-v1", seed: 1);
        using var second = Collect("maze2d-umaze-v1", seed: 1);
        using var other = Collect("maze2d-umaze-v1", seed: 2);
        var same = 0;
        for (var row = 0; row < Rows; row++)
        {
            Assert.True(first.Observations[row].SequenceEqual(second.Observations[row]));
            Assert.True(first.Actions[row].SequenceEqual(second.Actions[row]));
            Assert.Equal(first.Timeouts![row][0], second.Timeouts![row][0]);
            same += first.Observations[row].SequenceEqual(other.Observations[row]) ? 1 : 0;
        }

        Assert.Equal(0, same);
    }

    [Theory]
    [MemberData(nameof(TaskNames))]
    public void After_a_reached_target_the_old_observation_is_shown_once_more_while_the_ball_moves_on(string name)
    {
        using var data = Collect(name);
        var task = Maze2dTask.Named(name);
        var timeouts = 0;
        for (var row = 0; row < Rows - 1; row++)
        {
            var (position, velocity) = (data.Infos["infos/qpos"], data.Infos["infos/qvel"]);
            var stepped = new PointMass(Point(position[row]), Point(velocity[row])).Step(task.Layout, Point(data.Actions[row]));
            Assert.Equal(stepped.Position.X, position[row + 1][0], 2e-6);
            Assert.Equal(stepped.Position.Y, position[row + 1][1], 2e-6);
            var goalChanged = !data.Infos["infos/goal"][row].SequenceEqual(data.Infos["infos/goal"][row + 1]);
            var timeout = data.Timeouts![row][0] == 1;
            Assert.Equal(timeout, goalChanged);
            if (timeout)
            {
                timeouts++;
                Assert.True(data.Observations[row].SequenceEqual(data.Observations[row + 1]));
            }
            else
            {
                Assert.True(data.Observations[row + 1][..2].SequenceEqual(position[row + 1]));
                Assert.True(data.Observations[row + 1][2..].SequenceEqual(velocity[row + 1]));
            }
        }

        Assert.InRange(timeouts, 50, Rows / 5);
    }

    [Theory]
    [MemberData(nameof(TaskNames))]
    public void Timeouts_are_reached_targets_or_pursuits_of_the_step_limit(string name)
    {
        using var data = Collect(name);
        var task = Maze2dTask.Named(name);
        var pursued = 0;
        for (var row = 0; row < Rows; row++)
        {
            if (data.Timeouts![row][0] == 1)
            {
                var target = MazeCell.Nearest(Point(data.Infos["infos/goal"][row])).Position;
                var distance = (Point(data.Observations[row]) - target).Length;
                Assert.True(distance < 0.1 + 1e-6 || pursued == task.MaximumSteps, $"row {row}: {distance} after {pursued} steps");
                pursued = 0;
            }
            else
            {
                pursued++;
                Assert.True(pursued <= task.MaximumSteps);
            }
        }
    }

    [Theory]
    [MemberData(nameof(TaskNames))]
    public void Rewards_are_those_of_the_rows_own_state_for_the_evaluation_goal_and_nothing_terminates(string name)
    {
        using var data = Collect(name);
        var task = Maze2dTask.Named(name);
        var rewarded = 0;
        for (var row = 0; row < Rows; row++)
        {
            Assert.Equal((float)task.RewardAt(Point(data.Observations[row])), data.Rewards[row][0]);
            Assert.Equal(0, data.Terminals[row][0]);
            Assert.InRange(data.Actions[row][0], -1f, 1f);
            Assert.InRange(data.Actions[row][1], -1f, 1f);
            rewarded += data.Rewards[row][0] > 0 ? 1 : 0;
        }

        Assert.True(rewarded > 100);
    }

    [Fact]
    public void Transitions_drop_timeout_rows_and_the_last_row_and_mark_the_rows_before_them()
    {
        using var raw = Collect("maze2d-medium-v1");
        using var data = raw.ToTransitions();
        long row = 0;
        for (var source = 0; source < Rows - 1; source++)
        {
            if (raw.Timeouts![source][0] == 1)
                continue;
            Assert.True(raw.Observations[source].SequenceEqual(data.Observations[row]));
            Assert.True(raw.Observations[source + 1].SequenceEqual(data.NextObservations[row]));
            Assert.True(raw.Actions[source].SequenceEqual(data.Actions[row]));
            Assert.Equal(raw.Rewards[source][0], data.Rewards[row][0]);
            Assert.Equal(0, data.Terminated[row][0]);
            var breaksOff = source == Rows - 2 || raw.Timeouts[source + 1][0] == 1;
            Assert.Equal(breaksOff ? 1 : 0, data.Truncated[row][0]);
            row++;
        }

        Assert.Equal(row, data.Count);
        Assert.Equal("maze2d-medium-v1", data.Metadata["environment"]);
    }

    [Theory]
    [MemberData(nameof(TaskNames))]
    public void The_data_never_touches_a_wall_so_that_it_does_not_depend_on_the_contact_model(string name)
    {
        using var data = Collect(name);
        var layout = Maze2dTask.Named(name).Layout;
        var border = new string('#', 20);
        var open = $"#{new string('O', 18)}#";
        var field = MazeLayout.Parse(
            "field", [border, $"#G{new string('O', 17)}#", .. Enumerable.Repeat(open, 17), border]);
        var shift = new PlanePoint(4, 4);
        for (var row = 0; row < Rows; row++)
        {
            var ball = new PointMass(Point(data.Infos["infos/qpos"][row]), Point(data.Infos["infos/qvel"][row]));
            var confined = ball.Step(layout, Point(data.Actions[row]));
            var free = (ball with { Position = ball.Position + shift }).Step(field, Point(data.Actions[row]));
            Assert.Equal(free.Velocity, confined.Velocity);
        }
    }

    [Fact]
    public void Action_noise_changes_actions_and_keeps_them_in_range()
    {
        using var data = Maze2dDataCollector.Collect(
            Maze2dTask.Named("maze2d-umaze-v1"), 5000, new RandomStream(1, "collect"), actionNoise: 0.5);
        var saturated = 0;
        for (var row = 0; row < 5000; row++)
        {
            Assert.InRange(data.Actions[row][0], -1f, 1f);
            saturated += Math.Abs(data.Actions[row][0]) == 1 ? 1 : 0;
        }

        Assert.InRange(saturated, 100, 4900);
    }

    [Fact]
    public void Senseless_requests_are_usage_errors()
    {
        var task = Maze2dTask.Named("maze2d-umaze-v1");
        var random = new RandomStream(1, "collect");
        Assert.Throws<UsageException>(() => Maze2dDataCollector.Collect(task, 1, random));
        Assert.Throws<UsageException>(() => Maze2dDataCollector.Collect(task, 10, random, double.NaN));
        Assert.Throws<OperationCanceledException>(
            () => Maze2dDataCollector.Collect(task, 10, random, cancellation: new CancellationToken(true)));
    }

    private static PlanePoint Point(ReadOnlySpan<float> values) => new(values[0], values[1]);

    private static RawTrajectory Collect(string name, ulong seed = 1) =>
        Maze2dDataCollector.Collect(Maze2dTask.Named(name), Rows, new RandomStream(seed, "collect"));
}
