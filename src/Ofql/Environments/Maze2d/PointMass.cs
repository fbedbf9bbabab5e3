namespace Ofql.Environments.Maze2d;

/// <summary>
/// The ball of maze2d: radius 0.1 m, 4.18879 kg, damping 1 kg/s, driven by up to 100 N along each axis, one step per 0.01 s,
/// no gravity, frictionless walls. A value: copying it saves the state.
/// </summary>
/// <remarks>
/// Numbers from Farama-Foundation/D4RL, d4rl/pointmaze/maze_model.py. Away from walls a step equals MuJoCo's Euler step, in
/// which damping is implicit. At walls the models differ: MuJoCo's contact starts 2 mm early and gives way like a critically
/// damped spring with a time constant of 0.02 s, which at 5 m/s lets the ball sink in by an estimated 4 cm before it is
/// pushed back; here the overlap is removed at once together with the inward speed. The controller that makes the data
/// never touches a wall, so the data does not depend on this; policies that do hit walls see slightly other states.
/// </remarks>
/// <param name="Position">Position of the ball (m).</param>
/// <param name="Velocity">Velocity of the ball (m/s).</param>
public readonly record struct PointMass(PlanePoint Position, PlanePoint Velocity)
{
    /// <summary>Seconds per step.</summary>
    public const double TimeStep = 0.01;

    /// <summary>Radius of the ball (m).</summary>
    public const double Radius = 0.1;

    /// <summary>Speed limit per axis (m/s), applied before a step: one step may exceed it by its own gain.</summary>
    public const double SpeedLimit = 5;

    /// <summary>Mass (kg): a sphere of 1000 kg/m^3.</summary>
    public const double Mass = 4.0 / 3.0 * Math.PI * Radius * Radius * Radius * 1000;

    private const double Damping = 1;
    private const double Thrust = 100;

    /// <summary>The ball one step later.</summary>
    /// <param name="layout">Where the walls are.</param>
    /// <param name="action">Thrust per axis as a fraction of 100 N, within -1 .. 1.</param>
    public PointMass Step(MazeLayout layout, PlanePoint action)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var velocity = Velocity.Clip(SpeedLimit);
        velocity += TimeStep / (Mass + (TimeStep * Damping)) * ((Thrust * action) - (Damping * velocity));
        return PushOut(layout, Position + (TimeStep * velocity), velocity);
    }

    /// <summary>Whether the ball's centre lies within a wall: no state of an episode, and nothing pushes it out.</summary>
    public bool IsInsideWall(MazeLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var (line, column) = CellOf(Position);
        return layout.IsWall(line, column);
    }

    // The cell whose square contains the position; not the nearest index, since squares reach 0.7 down and 0.3 up.
    private static (int Line, int Column) CellOf(PlanePoint position) =>
        ((int)Math.Floor(position.X + MazeLayout.LowerReach), (int)Math.Floor(position.Y + MazeLayout.LowerReach));

    // One step moves less than 0.053 m, so the centre of a ball that did not overlap is still in a free cell and only the
    // eight cells around it matter. Faces come first and corners only where no adjoining wall covers them: otherwise the
    // seams between the boxes of one straight wall would stop a ball that slides along it.
    private static PointMass PushOut(MazeLayout layout, PlanePoint position, PlanePoint velocity)
    {
        var (line, column) = CellOf(position);
        var (x, vx) = PushOffFaces(
            position.X, velocity.X, line, layout.IsWall(line - 1, column), layout.IsWall(line + 1, column));
        var (y, vy) = PushOffFaces(
            position.Y, velocity.Y, column, layout.IsWall(line, column - 1), layout.IsWall(line, column + 1));
        var ball = new PointMass(new PlanePoint(x, y), new PlanePoint(vx, vy));

        // At most one corner can be in reach: they are a whole cell apart.
        var lineStep = x + MazeLayout.LowerReach - line < 0.5 ? -1 : 1;
        var columnStep = y + MazeLayout.LowerReach - column < 0.5 ? -1 : 1;
        var exposed = layout.IsWall(line + lineStep, column + columnStep)
            && !layout.IsWall(line + lineStep, column)
            && !layout.IsWall(line, column + columnStep);
        if (!exposed)
            return ball;
        var corner = new PlanePoint(
            lineStep < 0 ? line - MazeLayout.LowerReach : line + MazeLayout.UpperReach,
            columnStep < 0 ? column - MazeLayout.LowerReach : column + MazeLayout.UpperReach);
        return ball.PushOffCorner(corner);
    }

    private static (double Position, double Velocity) PushOffFaces(
        double position, double velocity, int index, bool wallBelow, bool wallAbove)
    {
        var lowest = index - MazeLayout.LowerReach + Radius;
        var highest = index + MazeLayout.UpperReach - Radius;
        if (wallBelow && position < lowest)
            return (lowest, Math.Max(velocity, 0));
        if (wallAbove && position > highest)
            return (highest, Math.Min(velocity, 0));
        return (position, velocity);
    }

    private PointMass PushOffCorner(PlanePoint corner)
    {
        var away = Position - corner;
        var distance = away.Length;
        if (distance >= Radius || distance == 0)
            return this;
        var normal = 1 / distance * away;
        var inward = Math.Min(0, (Velocity.X * normal.X) + (Velocity.Y * normal.Y));
        return new PointMass(corner + (Radius * normal), Velocity - (inward * normal));
    }
}
