using Ofql.Environments.Maze2d;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Environments;

/// <summary>
/// The published reference returns were measured in MuJoCo over 100 episodes. That this simulator gives the same means, within
/// three standard errors of the difference, is evidence for its dynamics, contacts, resets, rewards and controller at once.
/// </summary>
public class Maze2dReferenceTests
{
    private const int PublishedEpisodes = 100;
    private const int Episodes = 400;

    public static TheoryData<string> NamesOfVersion1 =>
        [.. Maze2dTask.All.Select(task => task.Name).Where(name => name.EndsWith("-v1", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(NamesOfVersion1))]
    public void Random_actions_earn_the_published_minimum(string name)
    {
        var task = Maze2dTask.Named(name);
        var random = new RandomStream(1, name);
        AssertSameMean(
            task.Score.Minimum, task, random, _ => new PlanePoint(random.NextUniform(-1, 1), random.NextUniform(-1, 1)));
    }

    [Theory]
    [MemberData(nameof(NamesOfVersion1))]
    public void One_controller_kept_over_all_episodes_earns_the_published_maximum(string name)
    {
        var task = Maze2dTask.Named(name);
        var random = new RandomStream(2, name);
        var controller = new WaypointController(new WaypointPlanner(task.Layout), random.Split("waypoints"));
        AssertSameMean(task.Score.Maximum, task, random, ball =>
        {
            controller.Act(ball, task.Layout.Goal.Position, out var action);
            return action;
        });
    }

    private static void AssertSameMean(double published, Maze2dTask task, RandomStream random, Func<PointMass, PlanePoint> policy)
    {
        var returns = new double[Episodes];
        for (var episode = 0; episode < Episodes; episode++)
        {
            var ball = Maze2dEnvironment.DrawStart(task.Layout, random);
            for (var step = 0; step < task.MaximumSteps; step++)
            {
                ball = ball.Step(task.Layout, policy(ball));
                returns[episode] += task.RewardAt(ball.Position);
            }
        }

        // The published sample had the same spread, presumably, and a quarter of the episodes.
        var error = Statistics.StandardDeviation(returns) * Math.Sqrt((1.0 / PublishedEpisodes) + (1.0 / Episodes));
        Assert.InRange(Statistics.Mean(returns), published - (3 * error), published + (3 * error));
    }
}
