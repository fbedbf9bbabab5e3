using Ofql.Kernels.Randomness;

namespace Ofql.Environments;

/// <summary>One environment with its streams and buffers, as the rules of <see cref="EnvironmentContract"/> use it.</summary>
internal sealed class ContractTrial(Func<IEnvironment> create, ulong seed) : IDisposable
{
    private IEnvironment? _environment;
    private float[]? _observation;

    public IEnvironment Environment => _environment ??= create();

    public EnvironmentSpecification Facts => Environment.Specification;

    public float[] Observation => _observation ??= new float[Facts.StateSize];

    public RandomStream ResetStream { get; private set; } = new(seed, "contract-reset");

    public RandomStream ActionStream { get; } = new(seed, "contract-actions");

    public ContractTrial Another() => new(create, seed);

    public void Reset() => Environment.Reset(ResetStream, Observation);

    public StepResult Step(float[] action) => Environment.Step(action, Observation);

    public float[] DrawAction()
    {
        var bounds = Facts.Actions;
        var action = new float[bounds.Size];
        for (var i = 0; i < action.Length; i++)
            action[i] = (float)ActionStream.NextUniform(bounds.Low[i], bounds.High[i]);
        return action;
    }

    public double[] Save()
    {
        var state = new double[Environment.StateLength];
        Environment.SaveState(state);
        return state;
    }

    public void Restore(double[] state) => Environment.RestoreState(state, Observation);

    /// <summary>A whole episode from the start of both streams.</summary>
    public double[] Episode()
    {
        ResetStream = new RandomStream(seed, "contract-reset");
        ActionStream.Position = 0;
        Reset();
        return RestOfEpisode();
    }

    /// <summary>Observations, rewards and flags up to the end, in one list.</summary>
    public double[] RestOfEpisode()
    {
        var record = new List<double>(Array.ConvertAll(Observation, value => (double)value));
        for (var done = false; !done;)
        {
            var result = Step(DrawAction());
            done = result.Done;
            record.AddRange(Array.ConvertAll(Observation, value => (double)value));
            record.AddRange([result.Reward, result.Terminated ? 1 : 0, result.Truncated ? 1 : 0]);
        }

        return [.. record];
    }

    public void Dispose() => _environment?.Dispose();
}
