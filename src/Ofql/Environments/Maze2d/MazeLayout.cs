using Ofql.Kernels.Randomness;

namespace Ofql.Environments.Maze2d;

/// <summary>
/// A maze of unit cells. Cell (line, column) is reached near position (line, column); because the ball's own frame is shifted
/// by 0.2 from the walls', a wall cell covers [line - 0.7, line + 0.3] x [column - 0.7, column + 0.3] in ball positions.
/// Immutable and thread-safe.
/// </summary>
public sealed class MazeLayout
{
    /// <summary>How far the lower edge of a cell lies below its index (D4RL: body at 1.2, walls at index + 1, half size 0.5).</summary>
    public const double LowerReach = 0.7;

    /// <summary>How far the upper edge of a cell lies above its index.</summary>
    public const double UpperReach = 0.3;

    private readonly bool[] _walls;

    private MazeLayout(string name, string[] lines)
    {
        Name = name;
        Lines = lines.Length;
        Columns = lines[0].Length;
        _walls = new bool[Lines * Columns];
        var empty = new List<MazeCell>();
        MazeCell? goal = null;
        for (var line = 0; line < Lines; line++)
        {
            for (var column = 0; column < Columns; column++)
            {
                var cell = new MazeCell(line, column);
                var mark = lines[line][column];
                _walls[IndexOf(cell)] = mark == '#';
                if (mark == 'G')
                    goal = cell;
                else if (mark == 'O')
                    empty.Add(cell);
            }
        }

        Goal = goal ?? throw new OfqlException($"Maze layout '{name}' has no goal: mark one free cell with G.");

        // D4RL numbers the empty cells in reading order and puts the goal last.
        FreeCells = [.. empty, Goal];
    }

    /// <summary>Name, such as <c>umaze</c>.</summary>
    public string Name { get; }

    /// <summary>Number of lines: cells along X.</summary>
    public int Lines { get; }

    /// <summary>Number of columns: cells along Y.</summary>
    public int Columns { get; }

    /// <summary>Number of cells, walls included.</summary>
    public int CellCount => Lines * Columns;

    /// <summary>The goal of evaluation; its position is exactly (line, column).</summary>
    public MazeCell Goal { get; }

    /// <summary>All cells that are not walls: empty ones in reading order, then the goal.</summary>
    public IReadOnlyList<MazeCell> FreeCells { get; }

    /// <summary>Reads a layout drawn with <c>#</c> wall, <c>O</c> free and one <c>G</c> goal, bordered by walls.</summary>
    /// <exception cref="OfqlException">Lines of different lengths, an unknown mark, an open border, or no single goal.</exception>
    public static MazeLayout Parse(string name, params string[] lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        if (lines.Length < 3 || lines[0].Length < 3)
            throw new OfqlException($"Maze layout '{name}' must be at least 3 x 3 cells: a border of walls around a free cell.");
        for (var line = 0; line < lines.Length; line++)
        {
            if (lines[line].Length != lines[0].Length)
            {
                throw new OfqlException(
                    $"Line {line} of maze layout '{name}' has {lines[line].Length} cells; expected {lines[0].Length} as in line 0.");
            }

            for (var column = 0; column < lines[line].Length; column++)
                CheckMark(name, lines, line, column);
        }

        if (lines.Sum(text => text.Count(mark => mark == 'G')) != 1)
            throw new OfqlException($"Maze layout '{name}' must mark exactly one free cell with G, the goal of evaluation.");
        return new MazeLayout(name, lines);
    }

    /// <summary>Number of a cell: line by line.</summary>
    public int IndexOf(MazeCell cell) => (cell.Line * Columns) + cell.Column;

    /// <summary>The cell of a number.</summary>
    public MazeCell CellAt(int index) => new(index / Columns, index % Columns);

    /// <summary>Whether the cell is a wall. Everything outside the layout is.</summary>
    public bool IsWall(int line, int column) =>
        (uint)line >= (uint)Lines || (uint)column >= (uint)Columns || _walls[(line * Columns) + column];

    /// <summary>Where a uniformly drawn free cell, moved by U(-0.1, 0.1) in both directions, puts a start or a goal.</summary>
    public PlanePoint DrawPlace(RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var cell = FreeCells[(int)random.NextIndex(FreeCells.Count)];
        return cell.Position + new PlanePoint(random.NextUniform(-0.1, 0.1), random.NextUniform(-0.1, 0.1));
    }

    private static void CheckMark(string name, string[] lines, int line, int column)
    {
        var mark = lines[line][column];
        if (mark is not ('#' or 'O' or 'G'))
        {
            throw new OfqlException(
                $"Maze layout '{name}' has '{mark}' at line {line}, column {column}; expected # (wall), O (free) or G (goal).");
        }

        var border = line == 0 || column == 0 || line == lines.Length - 1 || column == lines[line].Length - 1;
        if (border && mark != '#')
            throw new OfqlException($"Maze layout '{name}' is open at line {line}, column {column}: the border must be walls.");
    }
}

/// <summary>A cell of a maze.</summary>
/// <param name="Line">Line in the drawing, from 0; the X direction.</param>
/// <param name="Column">Column in the drawing, from 0; the Y direction.</param>
public readonly record struct MazeCell(int Line, int Column)
{
    /// <summary>The ball position that stands for the cell (not its centre: see <see cref="MazeLayout"/>).</summary>
    public PlanePoint Position => new(Line, Column);

    /// <summary>The cell a position is nearest to, halves to even as Python rounds. May be a wall: cells reach 0.7 down.</summary>
    public static MazeCell Nearest(PlanePoint position) => new((int)Math.Round(position.X), (int)Math.Round(position.Y));
}
