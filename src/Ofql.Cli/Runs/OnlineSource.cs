using Ofql.Agents;
using Ofql.Cli.Configuration;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Formats.Runs;
using Ofql.Training;

namespace Ofql.Cli.Runs;

/// <summary>What an online run collects from and into: environment, replay buffer and the file that keeps it.</summary>
internal sealed class OnlineSource(EnvironmentEntry environment, ResolvedConfiguration configuration) : IDisposable
{
    private readonly IEnvironment _environment = environment.Create();
    private readonly OnlineOptions _options = OptionsOf(configuration);

    private CollectionFile? _file;

    // No more than the run can fill; resuming for longer finds nothing overwritten that would not have been before.
    private readonly ReplayBuffer _buffer = new(
        Math.Min(configuration.Integer("online.buffer_size"), configuration.Steps), environment.Specification.StateSize, environment.Specification.ActionSize);

    // What schedules run over: the updates of the offline run where one came before, else those that the environment steps come to.
    private long PlannedUpdates => configuration.From.Length > 0 ? configuration.Integer("training.updates") : _options.UpdatesOf(configuration.Steps);

    /// <summary>How a configuration collects and learns.</summary>
    public static OnlineOptions OptionsOf(ResolvedConfiguration configuration) => new()
    {
        StartSteps = configuration.Integer("online.start_steps"),
        RoundSteps = (int)configuration.Integer("online.round_steps"),
        UniformStart = configuration.From.Length == 0,
        Candidates = (int)configuration.Integer("online.candidates"),
        ExplorationNoise = configuration.Number("online.exploration_noise"),
        UpdatesPerStep = (int)configuration.Integer("online.updates_per_step"),
        Seed = (ulong)configuration.Integer("training.seed"),
    };

    /// <summary>The context of an agent that learns from the buffer, and from recorded data where there is some.</summary>
    public AgentContext Context(OpenedDataset? recorded, ulong seed, int threads) => new(
        recorded?.Data ?? _buffer.Table, environment.Specification.Actions.Low, environment.Specification.Actions.High, seed, threads, PlannedUpdates)
    {
        StateLow = environment.Specification.Observations.Low,
        StateHigh = environment.Specification.Observations.High,
        Pool = recorded is null
            ? TransitionPool.Of(_buffer)
            : TransitionPool.Of(recorded.Data, _buffer, configuration.Number("online.recorded_share")),
    };

    /// <summary>The agent as one that collects.</summary>
    public OnlineLearner Learner(IAgent agent, RunFolder folder)
    {
        _file = new CollectionFile(folder.In("collected.bin"));
        return new OnlineLearner(agent, _environment, _buffer, _options, _file);
    }

    public void Dispose()
    {
        _file?.Dispose();
        _environment.Dispose();
        _buffer.Dispose();
    }
}
