using Ofql.Data;
using Ofql.Kernels.Randomness;

namespace Ofql.Agents;

/// <summary>A transition where it lies.</summary>
/// <param name="Table">The table.</param>
/// <param name="Row">Its row.</param>
/// <param name="Step">Steps of its episode before it.</param>
internal readonly record struct Experience(TransitionDataset Table, long Row, int Step);

/// <summary>
/// Transitions one by one, each with its place in its episode: collected ones once each in the order of their collection, recorded ones drawn
/// uniformly with replacement.
/// </summary>
internal sealed class ExperienceSource
{
    private const long Lost = -1;

    private readonly TransitionPool _pool;
    private readonly RandomStream _rows;
    private readonly int[]? _steps;
    private long _read;
    private long _step;

    /// <param name="pool">The transitions.</param>
    /// <param name="rows">Draws rows of recorded ones.</param>
    /// <param name="withSteps">Whether the places of recorded transitions in their episodes are wanted; otherwise they are all 0.</param>
    public ExperienceSource(TransitionPool pool, RandomStream rows, bool withSteps)
    {
        _pool = pool;
        _rows = rows;
        if (withSteps && pool.Recorded is { } data)
            _steps = StepsOf(data);
    }

    /// <summary>The next collected transition; false if all have been read. What was overwritten before it was read is left out, up to the end of its episode.</summary>
    public bool TryNext(out Experience experience)
    {
        experience = default;
        if (_pool.Collected is not { } buffer)
            return false;
        if (_read < buffer.Collected - buffer.Count)
            (_read, _step) = (buffer.Collected - buffer.Count, Lost);
        while (_read < buffer.Collected)
        {
            var row = buffer.RowOf(_read++);
            var step = _step;
            if (Ends(buffer.Table, row))
                _step = 0;
            else if (step != Lost)
                _step++;
            if (step == Lost)
                continue;
            experience = new Experience(buffer.Table, row, (int)step);
            return true;
        }

        return false;
    }

    /// <summary>A recorded transition.</summary>
    public Experience Draw()
    {
        var data = _pool.Recorded!;
        var row = _rows.NextIndex(data.Count);
        return new Experience(data, row, _steps is null ? 0 : _steps[row]);
    }

    /// <summary>Where it stands.</summary>
    public void AddTo(AgentState state) => state
        .Add("rows", _rows)
        .Add("collected_read", () => _read, value => _read = value)
        .Add("collected_step", () => _step, value => _step = value);

    private static int[] StepsOf(TransitionDataset data)
    {
        var steps = new int[data.Count];
        for (var row = 1; row < steps.Length; row++)
            steps[row] = Ends(data, row - 1) ? 0 : steps[row - 1] + 1;
        return steps;
    }

    private static bool Ends(TransitionDataset data, long row) => data.Terminated[row][0] != 0 || data.Truncated[row][0] != 0;
}
