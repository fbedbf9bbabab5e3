using Ofql.Data;

namespace Ofql.Agents;

/// <summary>What lies between the dataset's units and the networks': fitted once, used by every model, written with every policy.</summary>
/// <param name="States">To normalised states.</param>
/// <param name="Actions">From the task's action bounds to [-1, 1].</param>
/// <param name="Rewards">To the rewards that are learned from.</param>
/// <param name="ActionLow">Smallest action per entry [A].</param>
/// <param name="ActionHigh">Largest action per entry [A].</param>
public sealed record DataTransforms(Normalizer States, Normalizer Actions, RewardTransform Rewards, float[] ActionLow, float[] ActionHigh)
{
    /// <summary>Largest size of an action of the dataset in [-1, 1] units; infinite for none.</summary>
    public float ActionLimit { get; init; } = float.PositiveInfinity;

    /// <summary>S.</summary>
    public int StateSize => States.Shift.Length;

    /// <summary>A.</summary>
    public int ActionSize => ActionLow.Length;

    /// <summary>Transforms fitted to the dataset as the settings say.</summary>
    /// <exception cref="UsageException">A normalisation without recorded data to fit it to.</exception>
    /// <exception cref="OfqlException">Dataset and action bounds do not fit, or a normalisation has nothing to divide by.</exception>
    public static DataTransforms Of(AgentSettings settings, AgentContext context)
    {
        var data = context.Data;
        if (context.ActionLow.Length != data.ActionSize)
            throw new OfqlException($"The environment has {context.ActionLow.Length} action entries, the dataset {data.ActionSize}. They do not belong together.");
        if (!context.Pool.HasRecorded && (settings.NormalizeStates != StateNormalization.None || settings.NormalizeRewards != RewardNormalization.None))
            throw new UsageException("normalize_states and normalize_rewards are fitted to recorded data, and there is none. Leave them at 'none', or give data with --data.");
        return new DataTransforms(
            settings.NormalizeStates == StateNormalization.Standardize
                ? Normalizer.Standardize(data.Observations, settings.StateEpsilon)
                : Normalizer.Identity(data.StateSize),
            Normalizer.ToUnitBox(context.ActionLow, context.ActionHigh),
            RewardTransform.Of(data, settings.NormalizeRewards, settings.RewardShift, settings.RewardScale),
            context.ActionLow,
            context.ActionHigh)
        {
            ActionLimit = settings.ActionLimit < 1 ? (float)settings.ActionLimit : float.PositiveInfinity,
        };
    }

    /// <summary>No change to states, actions within [-1, 1].</summary>
    public static DataTransforms Identity(int stateSize, int actionSize) => new(
        Normalizer.Identity(stateSize),
        Normalizer.Identity(actionSize),
        new RewardTransform(0f, 1f),
        Enumerable.Repeat(-1f, actionSize).ToArray(),
        Enumerable.Repeat(1f, actionSize).ToArray());
}
