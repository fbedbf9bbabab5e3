using Ofql.Agents;

namespace Ofql.Training;

/// <summary>Where the complete state of a run is kept.</summary>
public interface ICheckpointStore
{
    /// <summary>Writes the state so that it is either complete or not there. The bytes are a function of the state alone.</summary>
    /// <param name="state">Everything the next update depends on.</param>
    /// <param name="final">The run's last step: a checkpoint that is never cleared away.</param>
    void Save(TrainingState state, bool final);

    /// <summary>Restores the newest complete checkpoint and returns its step; null when there is none.</summary>
    long? RestoreLatest(TrainingState state);
}

/// <summary>Everything that the rest of a run depends on: the agent's state and the loop's own.</summary>
/// <param name="Agent">The agent, for its step.</param>
/// <param name="Tensors">Named tensors.</param>
/// <param name="Integers">Named integers.</param>
public sealed record TrainingState(IAgent Agent, IReadOnlyList<StateTensor> Tensors, IReadOnlyList<StateInteger> Integers)
{
    /// <summary>Updates done.</summary>
    public long Step => Agent.Step;
}
