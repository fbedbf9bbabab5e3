using Ofql.Agents;
using Ofql.Environments;
using Ofql.Kernels.Randomness;

namespace Ofql.Training;

/// <summary>
/// Tries an agent's policy out between two steps of an online run, in the same environment: its state is put back afterwards, so that the
/// episode under way goes on. Nothing is allocated per trial.
/// </summary>
internal sealed class EpisodeTrials : IDisposable
{
    private readonly ITrialAgent _agent;
    private readonly IEnvironment _environment;
    private readonly IActor _actor;
    private readonly RandomStream _starts;
    private readonly RandomStream _exploration;
    private readonly RandomStream _choices;
    private readonly double[] _saved;
    private readonly float[] _observation;
    private readonly float[] _action;
    private readonly float[] _noise;
    private readonly float[] _uniform = new float[1];

    public EpisodeTrials(ITrialAgent agent, IEnvironment environment, ulong seed)
    {
        _agent = agent;
        _environment = environment;
        _actor = agent.CreateTrialActor();
        _starts = new RandomStream(seed, "trial starts");
        _exploration = new RandomStream(seed, "trial exploration");
        _choices = new RandomStream(seed, "trial choices");
        _saved = new double[environment.StateLength];
        _observation = new float[environment.Specification.StateSize];
        _action = new float[environment.Specification.ActionSize];
        _noise = new float[_actor.NoisePerState];
    }

    /// <summary>Trials done.</summary>
    public long Count { get; private set; }

    /// <summary>Where it stands, by the names of checkpoints.</summary>
    public IEnumerable<StateInteger> Integers()
    {
        yield return new("online/trials", () => Count, value => Count = value);
        foreach (var (name, stream) in ((string, RandomStream)[])[("trial_starts", _starts), ("trial_exploration", _exploration), ("trial_choices", _choices)])
            yield return new($"online/stream.{name}", () => (long)stream.Position, value => stream.Position = (ulong)value);
    }

    /// <summary>Rolls the policy out and tells the agent the mean return.</summary>
    public void Run()
    {
        _environment.SaveState(_saved);
        double sum = 0;
        for (var episode = 0; episode < _agent.TrialEpisodes; episode++)
            sum += Episode();
        _environment.RestoreState(_saved, _observation);
        Count++;
        _agent.EndTrial(sum / _agent.TrialEpisodes);
    }

    /// <inheritdoc/>
    public void Dispose() => _actor.Dispose();

    private double Episode()
    {
        _environment.Reset(_starts, _observation);
        double sum = 0;
        StepResult result;
        var step = 0;
        do
        {
            if (_actor.Steps is [_, ..] steps)
                steps[0] = step++;
            Noise.FillNormal(_exploration, _noise);
            Noise.FillUniform(_choices, _uniform);
            _actor.Act(1, _observation, _noise, _uniform, _action);
            result = _environment.Step(_action, _observation);
            sum += result.Reward;
        }
        while (!result.Done);
        return sum;
    }
}
