using Ofql.Environments;
using Ofql.Environments.Maze2d;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Environments;

public class Maze2dTests
{
    public static TheoryData<string> LayoutNames => [.. Maze2dTask.Layouts.Keys];

    [Theory]
    [InlineData("maze2d-open-v0", 2, 3, 150, 0.01, 20.66)]
    [InlineData("maze2d-umaze-v1", 1, 1, 300, 23.85, 161.86)]
    [InlineData("maze2d-medium-v1", 6, 6, 600, 13.13, 277.39)]
    [InlineData("maze2d-large-v1", 7, 9, 800, 6.7, 273.99)]
    [InlineData("maze2d-large-dense-v1", 7, 9, 800, 30.569041, 303.4857382709002)]
    [InlineData("maze2d-eval-large-v1", 1, 9, 800, 16.4, 302.22)]
    public void Tasks_carry_the_published_goal_limit_and_reference_scores(
        string name, int line, int column, int steps, double minimum, double maximum)
    {
        var task = Maze2dTask.Named(name);
        Assert.Equal(new MazeCell(line, column), task.Layout.Goal);
        Assert.Equal(steps, task.MaximumSteps);
        Assert.Equal(new ReferenceScore(minimum, maximum), task.Score);
        Assert.Equal(name.Contains("dense", StringComparison.Ordinal), task.Reward == MazeReward.Dense);
    }

    [Theory]
    [InlineData("maze2d-umaze-v1", 1.49, 1)]
    [InlineData("maze2d-umaze-v1", 1.51, 0)]
    [InlineData("maze2d-umaze-dense-v1", 1.51, 0.6004955788122659)]
    public void Reward_is_that_of_the_state_after_the_step(string name, double column, double reward)
    {
        using var environment = new Maze2dEnvironment(Maze2dTask.Named(name));
        var observation = new float[4];
        environment.RestoreState([1, column, 0, 0, 0, 0], observation);
        Assert.Equal(reward, environment.Step([0, 0], observation).Reward, 1e-12);

        // One step of 5 m/s carries the ball over the edge of the goal: only the state after it counts.
        environment.RestoreState([1, 1.53, 0, -5, 0, 0], observation);
        var result = environment.Step([0, 0], observation);
        Assert.Equal(name.Contains("dense", StringComparison.Ordinal) ? Math.Exp(1 - 1.4801) : 1, result.Reward, 1e-3);
    }

    [Fact]
    public void Starts_are_spread_over_all_free_cells_with_small_noise()
    {
        var layout = Maze2dTask.Layouts["medium"];
        var random = new RandomStream(5, "starts");
        var seen = new HashSet<MazeCell>();
        var speeds = 0.0;
        const int Draws = 4000;
        for (var i = 0; i < Draws; i++)
        {
            var ball = Maze2dEnvironment.DrawStart(layout, random);
            var cell = MazeCell.Nearest(ball.Position);
            seen.Add(cell);
            var offset = ball.Position - cell.Position;
            Assert.True(Math.Abs(offset.X) <= 0.1 && Math.Abs(offset.Y) <= 0.1);
            speeds += (ball.Velocity.X * ball.Velocity.X) + (ball.Velocity.Y * ball.Velocity.Y);
        }

        Assert.Equal(layout.FreeCells.ToHashSet(), seen);
        Assert.Equal(0.02, speeds / Draws, 2e-3);
    }

    [Fact]
    public void A_state_inside_a_wall_is_refused()
    {
        using var environment = new Maze2dEnvironment(Maze2dTask.Named("maze2d-umaze-v1"));
        var error = Assert.Throws<OfqlException>(() => environment.RestoreState([2, 1, 0, 0, 0, 0], new float[4]));
        Assert.Contains("inside a wall", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("open border", "#####", "#OGOO", "#####")]
    [InlineData("unknown mark", "#####", "#OGx#", "#####")]
    [InlineData("no goal", "#####", "#OOO#", "#####")]
    [InlineData("two goals", "#####", "#GOG#", "#####")]
    [InlineData("ragged", "#####", "#GO#", "#####")]
    public void Malformed_layouts_are_refused(string name, params string[] lines) =>
        Assert.Throws<OfqlException>(() => MazeLayout.Parse(name, lines));

    [Theory]
    [MemberData(nameof(LayoutNames))]
    public void Planned_paths_are_shortest_paths(string name)
    {
        var layout = Maze2dTask.Layouts[name];
        var planner = new WaypointPlanner(layout);
        foreach (var target in layout.FreeCells)
        {
            var distances = BreadthFirst(layout, target);
            foreach (var start in layout.FreeCells)
            {
                var cell = start;
                for (var left = distances[start]; left > 0; left--)
                {
                    cell = planner.Next(cell, target);
                    Assert.Equal(left - 1, distances[cell]);
                }

                Assert.Equal(target, planner.Next(cell, target));
            }
        }
    }

    [Fact]
    public void Equal_paths_are_decided_by_the_order_of_moves()
    {
        var planner = new WaypointPlanner(Maze2dTask.Layouts["open"]);
        Assert.Equal(new MazeCell(1, 2), planner.Next(new MazeCell(1, 1), new MazeCell(3, 3)));
        Assert.Equal(new MazeCell(3, 4), planner.Next(new MazeCell(3, 5), new MazeCell(1, 1)));
    }

    [Theory]
    [MemberData(nameof(LayoutNames))]
    public void The_controller_reaches_every_target_from_every_start(string name)
    {
        var layout = Maze2dTask.Layouts[name];
        var planner = new WaypointPlanner(layout);
        var random = new RandomStream(11, name);
        foreach (var start in layout.FreeCells)
        {
            foreach (var target in layout.FreeCells)
            {
                var controller = new WaypointController(planner, random);
                var ball = new PointMass(start.Position, default);
                var steps = 0;
                while (!controller.Act(ball, target.Position, out var action))
                {
                    Assert.True(steps++ < 800, $"{start} to {target} not reached after 800 steps; ball at {ball}");
                    ball = ball.Step(layout, action);
                }

                Assert.True((ball.Position - target.Position).Length < 0.1);
            }
        }
    }

    private static Dictionary<MazeCell, int> BreadthFirst(MazeLayout layout, MazeCell from)
    {
        var distances = new Dictionary<MazeCell, int> { [from] = 0 };
        var queue = new Queue<MazeCell>([from]);
        while (queue.TryDequeue(out var cell))
        {
            foreach (var (line, column) in new[] { (0, 1), (0, -1), (1, 0), (-1, 0) })
            {
                var next = new MazeCell(cell.Line + line, cell.Column + column);
                if (!layout.IsWall(next.Line, next.Column) && distances.TryAdd(next, distances[cell] + 1))
                    queue.Enqueue(next);
            }
        }

        return distances;
    }
}
