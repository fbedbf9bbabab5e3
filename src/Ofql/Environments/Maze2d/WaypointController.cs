using Ofql.Kernels.Randomness;

namespace Ofql.Environments.Maze2d;

/// <summary>
/// The behaviour policy of D4RL's maze2d data: a proportional-derivative controller that follows planned waypoints. It remembers
/// its path and the last position it was shown. Not thread-safe.
/// </summary>
/// <remarks>Gains and thresholds from Farama-Foundation/D4RL, d4rl/pointmaze/waypoint_controller.py.</remarks>
public sealed class WaypointController
{
    private const double ProportionalGain = 10;
    private const double DerivativeGain = 1;
    private const double WaypointNoise = 0.2;
    private const int LongestPath = 100;

    // One threshold (m) for the distance to a waypoint, one for the change of position since the last call.
    private const double ReachedDistance = 0.1;
    private const double ReachedChange = 0.1;

    private readonly WaypointPlanner _planner;
    private readonly RandomStream _noise;
    private readonly PlanePoint[] _waypoints = new PlanePoint[LongestPath];
    private int _waypointCount;
    private int _waypoint;
    private MazeCell? _target;
    private PlanePoint _lastPosition;

    /// <summary>Creates a controller without a target.</summary>
    /// <param name="planner">Paths of the maze.</param>
    /// <param name="noise">Where the waypoints' noise comes from.</param>
    public WaypointController(WaypointPlanner planner, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(planner);
        ArgumentNullException.ThrowIfNull(noise);
        _planner = planner;
        _noise = noise;
    }

    /// <summary>Chooses the thrust for the state shown.</summary>
    /// <param name="ball">The state shown: position and velocity.</param>
    /// <param name="goal">Where to go; what counts is the cell nearest to it. Another cell starts a new path.</param>
    /// <param name="action">The thrust, each entry within -1 .. 1.</param>
    /// <returns>Whether the target cell is reached: within 0.1 m of it and moved less than 0.1 m since the last call.</returns>
    public bool Act(PointMass ball, PlanePoint goal, out PlanePoint action)
    {
        var cell = MazeCell.Nearest(goal);
        if (_target != cell)
            StartPath(ball.Position, cell);
        var target = cell.Position;
        var change = (_lastPosition - ball.Position).Length;
        var solved = (ball.Position - target).Length < ReachedDistance && change < ReachedChange;
        var waypoint = solved ? target : _waypoints[_waypoint];
        action = ((ProportionalGain * (waypoint - ball.Position)) - (DerivativeGain * ball.Velocity)).Clip(1);

        // The waypoint changes only for the next call: this call's action still aims at the one just reached.
        var waypointReached = (ball.Position - waypoint).Length < ReachedDistance && change < ReachedChange;
        if (!solved && waypointReached && _waypoint < _waypointCount - 1)
            _waypoint++;
        _lastPosition = ball.Position;
        return solved;
    }

    // The change of position after a new target is counted from the start cell, not from the position: D4RL does so, and it
    // decides whether the first call may already count as having reached something.
    private void StartPath(PlanePoint position, MazeCell target)
    {
        var cell = MazeCell.Nearest(position);
        _target = target;
        _lastPosition = cell.Position;
        _waypoint = 0;
        _waypointCount = 0;
        do
        {
            cell = _planner.Next(cell, target);
            _waypoints[_waypointCount++] = cell == target ? cell.Position : cell.Position - DrawNoise();
        }
        while (cell != target && _waypointCount < LongestPath);
    }

    private PlanePoint DrawNoise() => new(_noise.NextUniform(0, WaypointNoise), _noise.NextUniform(0, WaypointNoise));
}
