using System.Globalization;
using Ofql.Formats.Files;
using Ofql.Training;

namespace Ofql.Formats.Runs;

/// <summary>
/// Checkpoints as <c>step-000020000.safetensors</c> (<see cref="CheckpointFile"/>). The bytes are a function of the state alone.
/// There is no pointer file to go stale: the newest is found by looking.
/// </summary>
public sealed class CheckpointFolder : ICheckpointStore
{
    private readonly string _folder;
    private readonly int _keep;
    private readonly Action<string> _warn;

    /// <summary>Uses a folder that exists.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="keep">Checkpoints kept besides the final one, 1 or more.</param>
    /// <param name="warn">Told about checkpoints that are skipped because they are damaged.</param>
    public CheckpointFolder(string folder, int keep, Action<string> warn)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        _folder = folder;
        _keep = keep;
        _warn = warn;
    }

    /// <summary>Steps that have a checkpoint file, newest first, damaged ones included.</summary>
    /// <exception cref="OfqlException">The folder may not be looked into.</exception>
    public IReadOnlyList<long> Steps() => StepName.StepsIn(_folder).OrderDescending().ToList();

    /// <summary>Path of the checkpoint of a step.</summary>
    public string PathOf(long step) => Path.Combine(_folder, StepName.FileOf(step));

    /// <inheritdoc/>
    public void Save(TrainingState state, bool final)
    {
        ArgumentNullException.ThrowIfNull(state);
        CheckpointFile.Write(PathOf(state.Step), state);
        ClearAway(state.Step, final ? _keep + 1 : _keep);
    }

    /// <inheritdoc/>
    /// <exception cref="OfqlException">There are checkpoints, but none can be used.</exception>
    public long? RestoreLatest(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var steps = Steps();
        OfqlException? first = null;
        foreach (var step in steps)
        {
            try
            {
                CheckpointFile.Restore(PathOf(step), state);
                return step;
            }
            catch (OfqlException error)
            {
                first ??= error;
                _warn($"Skipped the checkpoint of step {step.ToString(CultureInfo.InvariantCulture)}: {error.Message}");
            }
        }

        return first is null ? null : throw new OfqlException(
            $"None of the {steps.Count} checkpoints in '{_folder}' can be used. The newest: {first.Message} Start a new run under "
            + "another name.", first);
    }

    private void ClearAway(long newest, int keep)
    {
        foreach (var step in Steps().Where(step => step <= newest).Skip(keep))
        {
            try
            {
                File.Delete(PathOf(step));
            }
            catch (Exception cause) when (FileErrors.IsFileError(cause))
            {
                _warn($"Cannot remove the old checkpoint '{PathOf(step)}': {cause.Message}");
            }
        }
    }
}
