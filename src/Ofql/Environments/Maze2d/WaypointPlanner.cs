namespace Ofql.Environments.Maze2d;

/// <summary>
/// The next cell on the way to a target cell, by tabular Q-iteration as D4RL does it: reward 1 in the target cell, discount
/// 0.99, 50 sweeps, five moves (stay, column - 1, column + 1, line - 1, line + 1; the first of equals). Immutable, thread-safe.
/// </summary>
public sealed class WaypointPlanner
{
    private const int Sweeps = 50;
    private const double Discount = 0.99;

    // The order decides between paths of equal length, so it is part of the data's definition.
    private static readonly (int Line, int Column)[] Moves = [(0, 0), (0, -1), (0, 1), (-1, 0), (1, 0)];

    private readonly int[] _reached;
    private readonly int[][] _next;

    /// <summary>Plans for all targets of a layout.</summary>
    public WaypointPlanner(MazeLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Layout = layout;
        _reached = ReachedCells(layout);
        _next = new int[layout.CellCount][];
        foreach (var cell in layout.FreeCells)
            _next[layout.IndexOf(cell)] = Plan(layout.IndexOf(cell));
    }

    /// <summary>The maze planned for.</summary>
    public MazeLayout Layout { get; }

    /// <summary>The cell after <paramref name="from"/> on the way to <paramref name="target"/>; the target stays.</summary>
    /// <param name="from">Any cell, also a wall: a ball near one may be nearest to it.</param>
    /// <param name="target">A free cell.</param>
    public MazeCell Next(MazeCell from, MazeCell target)
    {
        if ((uint)from.Line >= (uint)Layout.Lines || (uint)from.Column >= (uint)Layout.Columns)
            throw new ArgumentOutOfRangeException(nameof(from), $"Cell {from} lies outside maze layout '{Layout.Name}'.");
        if (Layout.IsWall(target.Line, target.Column))
            throw new ArgumentException($"Target {target} is a wall of maze layout '{Layout.Name}'.", nameof(target));
        return Layout.CellAt(_next[Layout.IndexOf(target)][Layout.IndexOf(from)]);
    }

    // A move into a wall stays where it is. Leaving a wall cell is allowed, as it is in D4RL's grid.
    private static int[] ReachedCells(MazeLayout layout)
    {
        var reached = new int[layout.CellCount * Moves.Length];
        for (var index = 0; index < layout.CellCount; index++)
        {
            var cell = layout.CellAt(index);
            for (var move = 0; move < Moves.Length; move++)
            {
                var to = new MazeCell(cell.Line + Moves[move].Line, cell.Column + Moves[move].Column);
                reached[(index * Moves.Length) + move] = layout.IsWall(to.Line, to.Column) ? index : layout.IndexOf(to);
            }
        }

        return reached;
    }

    private int[] Plan(int target)
    {
        var values = new double[Layout.CellCount];
        var swept = new double[Layout.CellCount];
        for (var sweep = 1; sweep < Sweeps; sweep++)
        {
            for (var cell = 0; cell < values.Length; cell++)
                swept[cell] = (cell == target ? 1 : 0) + (Discount * values[Reached(cell, BestMove(values, cell))]);
            (values, swept) = (swept, values);
        }

        // The 50th sweep gives the action values; what is kept of them is the greedy move.
        var next = new int[values.Length];
        for (var cell = 0; cell < values.Length; cell++)
            next[cell] = Reached(cell, BestMove(values, cell));
        return next;
    }

    private int Reached(int cell, int move) => _reached[(cell * Moves.Length) + move];

    // The reward depends on the cell alone, so the best move is the one with the best successor.
    private int BestMove(double[] values, int cell)
    {
        var best = 0;
        for (var move = 1; move < Moves.Length; move++)
        {
            if (values[Reached(cell, move)] > values[Reached(cell, best)])
                best = move;
        }

        return best;
    }
}
