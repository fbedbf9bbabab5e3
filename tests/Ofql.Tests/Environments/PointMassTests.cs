using Ofql.Environments.Maze2d;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Environments;

public class PointMassTests
{
    private const double H = PointMass.TimeStep;
    private const double M = PointMass.Mass;

    public static TheoryData<string> LayoutNames => [.. Maze2dTask.Layouts.Keys];

    [Fact]
    public void Free_flight_follows_the_closed_form_of_constant_thrust_with_damping()
    {
        var field = Field(24);
        var action = new PlanePoint(0.02, -0.01);
        var ball = new PointMass(new PlanePoint(12, 12), new PlanePoint(0.3, 0.4));
        var start = ball;
        for (var step = 1; step <= 200; step++)
        {
            ball = ball.Step(field, action);
            var (x, vx) = ClosedForm(start.Position.X, start.Velocity.X, action.X, step);
            var (y, vy) = ClosedForm(start.Position.Y, start.Velocity.Y, action.Y, step);
            Assert.Equal(x, ball.Position.X, 1e-11);
            Assert.Equal(y, ball.Position.Y, 1e-11);
            Assert.Equal(vx, ball.Velocity.X, 1e-11);
            Assert.Equal(vy, ball.Velocity.Y, 1e-11);
        }
    }

    [Fact]
    public void Mass_and_thrust_are_those_of_the_reference()
    {
        Assert.Equal(4.18879, M, 1e-5);
        var pushed = new PointMass(new PlanePoint(3, 3), default).Step(Field(8), new PlanePoint(1, 0));
        Assert.Equal(0.238, pushed.Velocity.X, 5e-4);
    }

    [Fact]
    public void Velocity_is_clipped_before_the_step_so_that_one_step_may_exceed_the_limit()
    {
        var ball = new PointMass(new PlanePoint(5, 5), new PlanePoint(8, -8)).Step(Field(12), new PlanePoint(1, 0));
        Assert.Equal(5 + (H * 95 / (M + H)), ball.Velocity.X, 1e-13);
        Assert.Equal(-5 + (H * 5 / (M + H)), ball.Velocity.Y, 1e-13);
    }

    [Theory]
    [MemberData(nameof(LayoutNames))]
    public void Walls_are_never_penetrated(string name)
    {
        var layout = Maze2dTask.Layouts[name];
        var random = new RandomStream(3, name);
        var ball = Maze2dEnvironment.DrawStart(layout, random);
        var action = default(PlanePoint);
        for (var step = 0; step < 100_000; step++)
        {
            // Thrust held for a while gathers the speed that jitter would not.
            if (step % 15 == 0)
                action = new PlanePoint(random.NextUniform(-1, 1), random.NextUniform(-1, 1));
            ball = ball.Step(layout, action);
            var overlap = PointMass.Radius - DistanceToWalls(layout, ball.Position);
            Assert.True(overlap < 1e-12, $"overlap {overlap} at {ball.Position}, step {step}");
            Assert.False(ball.IsInsideWall(layout));
        }
    }

    [Fact]
    public void A_ball_pressed_along_a_straight_wall_slides_over_its_seams_without_losing_speed()
    {
        var corridor = Maze2dTask.Layouts["open"];
        var pressed = new PointMass(new PlanePoint(0.4, 0.5), default);
        var free = new PointMass(new PlanePoint(2, 0.5), default);
        for (var step = 0; step < 60; step++)
        {
            pressed = pressed.Step(corridor, new PlanePoint(-1, 0.3));
            free = free.Step(corridor, new PlanePoint(0, 0.3));
            Assert.Equal(free.Position.Y, pressed.Position.Y, 1e-12);
            Assert.Equal(0.4, pressed.Position.X, 1e-12);
            Assert.Equal(0, pressed.Velocity.X);
        }

        Assert.True(pressed.Position.Y > 1.4, "the slide must have crossed a seam");
    }

    [Fact]
    public void An_exposed_corner_pushes_along_the_line_from_corner_to_ball_and_takes_the_inward_speed()
    {
        // The wall (2, 1) of this layout has its corner at (1.3, 1.3), free cells beside it.
        var layout = MazeLayout.Parse("corner", "#####", "#OOO#", "##OO#", "#OOG#", "#####");
        var away = new PlanePoint(-0.06, 0.06);
        var ball = new PointMass(new PlanePoint(1.3, 1.3) + away, new PlanePoint(0.5, -0.5)).Step(layout, default);
        var fromCorner = ball.Position - new PlanePoint(1.3, 1.3);
        Assert.Equal(PointMass.Radius, fromCorner.Length, 1e-12);
        Assert.Equal(-fromCorner.X, fromCorner.Y, 1e-12);
        Assert.Equal(0, ball.Velocity.X, 1e-12);
        Assert.Equal(0, ball.Velocity.Y, 1e-12);

        var past = new PointMass(new PlanePoint(1.3, 1.3) + away, new PlanePoint(0.5, 0.5)).Step(layout, default);
        Assert.Equal(past.Velocity.X, past.Velocity.Y, 1e-12);
        Assert.True(past.Velocity.X > 0.49, "speed across the normal stays");
    }

    private static (double Position, double Velocity) ClosedForm(double position, double velocity, double action, int steps)
    {
        var keep = 1 - (H / (M + H));
        var terminal = 100 * action;
        var power = Math.Pow(keep, steps);
        var travelled = (steps * terminal) + ((velocity - terminal) * keep * (1 - power) / (1 - keep));
        return (position + (H * travelled), terminal + ((velocity - terminal) * power));
    }

    private static MazeLayout Field(int size)
    {
        var lines = new string[size];
        for (var i = 0; i < size; i++)
            lines[i] = i == 0 || i == size - 1 ? new string('#', size) : "#" + new string('O', size - 2) + "#";
        lines[1] = "#G" + lines[1][2..];
        return MazeLayout.Parse("field", lines);
    }

    // Slow twin of the push-out: every box of the layout, no notion of neighbours.
    private static double DistanceToWalls(MazeLayout layout, PlanePoint position)
    {
        var nearest = double.PositiveInfinity;
        for (var line = 0; line < layout.Lines; line++)
        {
            for (var column = 0; column < layout.Columns; column++)
            {
                if (!layout.IsWall(line, column))
                    continue;
                var x = Math.Clamp(position.X, line - 0.7, line + 0.3);
                var y = Math.Clamp(position.Y, column - 0.7, column + 0.3);
                nearest = Math.Min(nearest, (position - new PlanePoint(x, y)).Length);
            }
        }

        return nearest;
    }
}
