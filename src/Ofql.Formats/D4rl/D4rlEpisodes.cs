using Ofql.Formats.Datasets;

namespace Ofql.Formats.D4rl;

/// <summary>One recorded episode of a D4RL file.</summary>
/// <param name="FirstRow">First row in the file, from 0.</param>
/// <param name="Length">Number of rows.</param>
/// <param name="Return">Sum of the rewards, undiscounted.</param>
/// <param name="Terminated">The last row is a terminal.</param>
/// <param name="TimedOut">The last row is a timeout. Neither: the file ends within the episode.</param>
public readonly record struct D4rlEpisode(long FirstRow, long Length, double Return, bool Terminated, bool TimedOut)
{
    /// <summary>True if the episode was recorded to its end.</summary>
    public bool Complete => Terminated || TimedOut;
}

/// <summary>
/// The episodes of a D4RL file as recorded, before any row is dropped, so that returns are exact. An episode ends at a terminal
/// or a timeout. In antmaze sets terminals mark the goal and the recording goes on after them: there every terminal of a run
/// ends an episode of one row.
/// </summary>
public static class D4rlEpisodes
{
    /// <summary>Reads the rewards and the marks, and nothing else.</summary>
    /// <exception cref="OfqlException">As for reading the transitions.</exception>
    public static IReadOnlyList<D4rlEpisode> Read(string path, DatasetReaderOptions? options = null)
    {
        options ??= new DatasetReaderOptions();
        using var file = D4rlFile.Open(path, out var rows);
        using var marks = D4rlMarks.Read(file, options);
        using var rewards = file.ReadSingles("rewards");
        if (!options.AllowNonFinite)
            ColumnChecks.RequireFinite(rewards, "rewards", path);
        var episodes = new List<D4rlEpisode>();
        var (first, sum) = (0L, 0.0);
        for (var row = 0L; row < rows; row++)
        {
            sum += rewards[row][0];
            var (terminated, timedOut) = (marks.Terminals[row][0] == 1, marks.Finals[row][0] == 1);
            if (!terminated && !timedOut && row + 1 < rows)
                continue;
            episodes.Add(new D4rlEpisode(first, row + 1 - first, sum, terminated, timedOut));
            (first, sum) = (row + 1, 0.0);
        }

        return episodes;
    }
}
