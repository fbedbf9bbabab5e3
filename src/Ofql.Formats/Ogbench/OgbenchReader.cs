using Ofql.Data;
using Ofql.Formats.Datasets;
using Ofql.Formats.Npz;

namespace Ofql.Formats.Ogbench;

/// <summary>
/// OGBench's NPZ files as transitions, in each of their three forms, which all give the same:
/// <list type="bullet">
/// <item>as published: a trajectory of L transitions has L + 1 rows, <c>terminals</c> is 1 on the last, which has no successor;</item>
/// <item>compact: the same rows with <c>valids</c>, 0 on the rows without a successor;</item>
/// <item>regular: <c>next_observations</c> are given, <c>terminals</c> is 1 on the last transition of a trajectory.</item>
/// </list>
/// <c>terminals</c> only say where a recording ends, so they become <c>truncated</c>. What ends the task are the <c>masks</c>
/// (0: no bootstrapping), which a single task brings along with its rewards: <c>terminated</c> is 1 - mask. Trajectories go on
/// after it.
/// </summary>
internal static class OgbenchReader
{
    /// <exception cref="OfqlException">Not of these forms; no rewards and no task; arrays that the task needs are missing.</exception>
    public static TransitionDataset Read(NpzColumns columns, DatasetReaderOptions options)
    {
        var task = options.Task is null ? null : OgbenchTask.Parse(options.Task);
        if (task is null && !columns.File.Contains("rewards"))
        {
            throw new OfqlException(
                $"'{columns.File.FilePath}' has no rewards: it is an OGBench set for reaching many goals. Name the task that shall reward its rows, such as "
                + $"antmaze-large-navigate-singletask-task1-v0 (without -task1: the default one): {DatasetReaderOptions.TaskAdvice}.");
        }

        if (columns.File.Contains("next_observations"))
            return ReadRegular(columns, task, options);
        using var rows = columns.Collect(take =>
        {
            var (rewards, terminated) = Rewards(columns, task, take);
            var last = columns.File.Contains("valids") ? Negate(take.Flags("valids")) : take.Flags("terminals");
            // The last row's action was never played, whatever its mask says.
            for (var row = 0L; row < last.Rows; row++)
                terminated.Writable(row)[0] &= (byte)(1 - (row + 1 == last.Rows ? 1 : last[row][0]));
            return new RecordedRows(take.Values("observations"), take.Values("actions"), rewards, terminated, last);
        });
        return rows.ToTransitions(columns.File.FilePath, Facts(columns, task, options));
    }

    private static TransitionDataset ReadRegular(NpzColumns columns, OgbenchTask? task, DatasetReaderOptions options) => columns.Collect(take =>
    {
        var (rewards, terminated) = Rewards(columns, task, take);
        var truncated = take.Flags("terminals");
        for (var row = 0L; row < truncated.Rows; row++)
            truncated.Writable(row)[0] &= (byte)(1 - terminated[row][0]);
        return new TransitionDataset(
            take.Values("observations"), take.Values("actions"), rewards, take.Values("next_observations"), terminated, truncated,
            Facts(columns, task, options));
    });

    private static (Column<float> Rewards, Column<byte> Terminated) Rewards(NpzColumns columns, OgbenchTask? task, NpzColumns.Taker take)
    {
        if (task is not null)
            return Relabel(columns, task, take);
        var masks = columns.File.Contains("masks") ? Negate(take.Flags("masks")) : take.Zeros();
        return (take.Values("rewards"), masks);
    }

    private static Column<byte> Negate(Column<byte> flags)
    {
        for (var row = 0L; row < flags.Rows; row++)
            flags.Writable(row)[0] ^= 1;
        return flags;
    }

    // Reward = sub-goals met - their number, looked at in the row itself; the task is done when all are met.
    private static (Column<float> Rewards, Column<byte> Terminated) Relabel(NpzColumns columns, OgbenchTask task, NpzColumns.Taker take)
    {
        var goal = task.Goal;
        using var positions = Needed(columns, task, "qpos", goal.PositionsNeeded);
        using var buttons = Needed(columns, task, "button_states", goal.ButtonsNeeded);
        var (rewards, terminated) = (take.ZeroValues(), take.Zeros());
        for (var row = 0L; row < rewards.Rows; row++)
        {
            var met = goal.Met(positions is null ? [] : positions[row], buttons is null ? [] : buttons[row]);
            rewards.Writable(row)[0] = met - goal.Parts;
            terminated.Writable(row)[0] = met == goal.Parts ? (byte)1 : (byte)0;
        }

        return (rewards, terminated);
    }

    private static Column<float>? Needed(NpzColumns columns, OgbenchTask task, string name, int width)
    {
        if (width == 0)
            return null;
        columns.Require(name);
        var found = columns.File.Shape(name)[1];
        if (found < width || (name == "button_states" && found != width))
        {
            throw new OfqlException(
                $"'{columns.File.FilePath}', array '{name}': {task.Name} looks at {width} numbers a row, found {found}. Is the file of this task?");
        }

        return columns.File.ReadSingles(name);
    }

    private static Dictionary<string, string> Facts(NpzColumns columns, OgbenchTask? task, DatasetReaderOptions options)
    {
        var facts = columns.Facts("ogbench", options);
        facts["episode_ends"] = "terminals end recordings (truncated); masks of 0 end the task (terminated) while the recording goes on";
        facts["rewards"] = task is null ? "as in the file" : $"computed for {task.Name}";
        return facts;
    }
}
