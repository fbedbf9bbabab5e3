using Ofql.Agents;
using Ofql.Agents.Sac;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Kernels.Randomness;
using Ofql.Tests.Agents;
using Ofql.Training;
using Xunit;

namespace Ofql.Tests.Training;

/// <summary>Collecting while learning: what is recorded, when is learned, and resuming bit for bit.</summary>
public sealed class OnlineLearnerTests
{
    private static readonly OnlineOptions _options = new() { StartSteps = 30, Seed = 3 };

    [Theory]
    [InlineData(30, 1, 1)]
    [InlineData(0, 1, 2)]
    [InlineData(45, 20, 1)]
    public void Updates_follow_the_steps(int start, int round, int perStep)
    {
        using var run = new Run(_options with { StartSteps = start, RoundSteps = round, UpdatesPerStep = perStep });
        for (var step = 1; step <= 130; step++)
        {
            run.Learner.Update();
            Assert.Equal(step, run.Learner.Step);
            Assert.Equal(step, run.Buffer.Collected);
            Assert.Equal(Math.Max(0, (step - start) / round * round * perStep), run.Agent.Step);
            Assert.Equal(run.Agent.Step, (_options with { StartSteps = start, RoundSteps = round, UpdatesPerStep = perStep }).UpdatesOf(step));
        }
    }

    [Fact]
    public void Transitions_join_up_and_ends_are_kept_apart()
    {
        using var run = new Run(_options);
        run.Advance(450);
        using var data = run.Buffer.Snapshot();
        for (long row = 0; row < data.Count; row++)
        {
            Assert.Equal(0, data.Terminated[row][0]);
            Assert.Equal(row % 200 == 199 || row == 449 ? 1 : 0, data.Truncated[row][0]);
            // A new episode begins elsewhere.
            if (row + 1 < data.Count)
                Assert.Equal(row % 200 != 199, data.NextObservations[row].SequenceEqual(data.Observations[row + 1]));
        }

        var metrics = new float[run.Learner.MetricNames.Count];
        run.Learner.ReadMetrics(metrics);
        double sum = 0;
        for (var row = 200; row < 400; row++)
            sum += data.Rewards[row][0];
        Assert.Equal(sum, metrics[0], 1e-2);
        Assert.Equal([200f, 2f], metrics[1..3]);
    }

    [Fact]
    public void The_first_actions_are_uniform()
    {
        using var run = new Run(_options with { StartSteps = 1000 });
        run.Advance(1000);
        var actions = Enumerable.Range(0, 1000).Select(row => run.Buffer.Table.Actions[row][0]).ToArray();
        Assert.All(actions, action => Assert.InRange(action, -1, 1));
        Assert.InRange(actions.Average(), -0.1, 0.1);
        Assert.InRange(actions.Average(action => action * action), 0.29, 0.38);
    }

    [Theory]
    [InlineData(7, 400, 1)]
    [InlineData(31, 400, 1)]
    [InlineData(230, 400, 1)]
    // The ring is overwritten between two checkpoints.
    [InlineData(230, 50, 1)]
    // Within a round, whose updates are to come.
    [InlineData(97, 400, 40)]
    public void A_run_restored_from_its_checkpoint_goes_on_as_if_nothing_had_happened(int stopAt, int capacity, int round)
    {
        var options = _options with { RoundSteps = round };
        using var whole = new Run(options, capacity);
        whole.Advance(300);

        var store = new Memory();
        var saved = new List<float[]>();
        var integers = new List<long>();
        using (var first = new Run(options, capacity, store))
        {
            first.Advance(stopAt);
            first.Learner.Store();
            integers.AddRange(first.Learner.StateIntegers.Select(integer => integer.Read()));
            foreach (var tensor in first.Learner.StateTensors)
            {
                saved.Add(new float[tensor.Length]);
                tensor.Read(saved[^1]);
            }

            // Killed some steps later, with some of them already stored.
            first.Advance(20);
            first.Learner.Store();
        }

        using var second = new Run(options, capacity, store);
        second.Advance(3);
        foreach (var (tensor, values) in second.Learner.StateTensors.Zip(saved))
            tensor.Write(values);
        foreach (var (integer, value) in second.Learner.StateIntegers.Zip(integers))
            integer.Write(value);
        second.Learner.Restore();
        // Where every step is a round the next one brings them anew.
        if (round > 1)
        {
            using var atStop = new Run(options, capacity);
            atStop.Advance(stopAt);
            Assert.Equal(Metrics(atStop), Metrics(second));
        }

        second.Advance(300 - stopAt);
        Assert.Empty(OfqlBench.Differences(OfqlBench.State(whole.Learner), OfqlBench.State(second.Learner)));
        Assert.Equal(whole.Buffer.Digest, second.Buffer.Digest);
    }

    private static float[] Metrics(Run run)
    {
        var metrics = new float[run.Learner.MetricNames.Count];
        run.Learner.ReadMetrics(metrics);
        return metrics;
    }

    [Fact]
    public void What_was_collected_must_be_what_the_checkpoint_was_made_of()
    {
        var store = new Memory();
        using var run = new Run(_options, 400, store);
        run.Advance(40);
        run.Learner.Store();
        foreach (var integer in run.Learner.StateIntegers)
            integer.Write(integer.Read());
        store.Rows[17] = store.Rows[17] with { Reward = 0 };
        var error = Assert.Throws<OfqlException>(run.Learner.Restore);
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(17, false)]
    [InlineData(63, false)]
    [InlineData(200, false)]
    // The start of the second episode.
    [InlineData(200, true)]
    public void A_step_that_fails_leaves_no_trace_and_can_be_made_again(int step, bool inReset)
    {
        using var whole = new Run(_options);
        whole.Advance(step - 1);
        var before = OfqlBench.State(whole.Learner);
        whole.Advance(30);

        var pendulum = new Fragile(inReset ? null : step, inReset ? 2 : null);
        using var run = new Run(_options, environment: pendulum);
        run.Advance(step - 1);
        for (var again = 0; again < 2; again++)
        {
            pendulum.Rearm();
            var error = Assert.Throws<CollectingException>(run.Learner.Update);
            Assert.Equal($"Environment step {step} (step {step} of its episode) failed: The cable came loose.", error.Message);
            Assert.Empty(OfqlBench.Differences(before, OfqlBench.State(run.Learner)));
            Assert.Equal(step - 1, run.Buffer.Collected);
        }

        run.Advance(30);
        Assert.Empty(OfqlBench.Differences(OfqlBench.State(whole.Learner), OfqlBench.State(run.Learner)));
    }

    [Fact]
    public void A_simulator_that_fails_does_not_cost_the_steps_since_the_last_checkpoint()
    {
        using var run = new Run(_options, environment: new Fragile(57, null));
        var saved = new Saved();
        var loop = new TrainingLoop(run.Learner, new TrainingOptions { Updates = 300, CheckpointEvery = 50 }, new TrainingHooks { Checkpoints = saved });
        Assert.Contains("step 57", Assert.Throws<CollectingException>(() => loop.Run(CancellationToken.None)).Message, StringComparison.Ordinal);
        Assert.Equal([50L, 56L], saved.Steps);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<UsageException>(() => new Run(_options with { StartSteps = -1 }));
        Assert.Throws<UsageException>(() => new Run(_options with { RoundSteps = 0 }));
        Assert.Throws<UsageException>(() => new Run(_options with { UpdatesPerStep = 0 }));
    }

    /// <summary>A small agent on the pendulum.</summary>
    private sealed class Run : IDisposable
    {
        private readonly IEnvironment _environment;

        public Run(OnlineOptions options, int capacity = 1000, ICollectionStore? store = null, IEnvironment? environment = null)
        {
            _environment = environment ?? new Pendulum();
            Buffer = new ReplayBuffer(capacity, 3, 1);
            Agent = new SacAgent(
                new SacSettings { HiddenWidth = 16, BatchSize = 8, HiddenLayers = 1 },
                new AgentContext(Buffer.Table, [-1f], [1f], Seed: 3, Threads: 1, PlannedUpdates: 300) { Pool = TransitionPool.Of(Buffer) });
            Learner = new OnlineLearner(Agent, _environment, Buffer, options, store);
        }

        public ReplayBuffer Buffer { get; }

        public SacAgent Agent { get; }

        public OnlineLearner Learner { get; }

        public void Advance(int steps)
        {
            for (var i = 0; i < steps; i++)
                Learner.Update();
        }

        public void Dispose()
        {
            Learner.Dispose();
            Agent.Dispose();
            Buffer.Dispose();
            _environment.Dispose();
        }
    }

    /// <summary>A pendulum that fails once it has made a certain step, or begun a certain episode.</summary>
    private sealed class Fragile(int? step, int? episode) : IEnvironment
    {
        private readonly Pendulum _inner = new();
        private int _steps;
        private int _episodes;
        private bool _holds;

        public EnvironmentSpecification Specification => _inner.Specification;

        public int StateLength => _inner.StateLength;

        public void Rearm()
        {
            if (!_holds)
                return;
            _holds = false;
            (_steps, _episodes) = (_steps - 1, _episodes - (episode is null ? 0 : 1));
        }

        public void Reset(RandomStream random, Span<float> observation)
        {
            _inner.Reset(random, observation);
            FailAt(++_episodes == episode);
        }

        public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
        {
            var result = _inner.Step(action, observation);
            FailAt(++_steps == step);
            return result;
        }

        public void SaveState(Span<double> state) => _inner.SaveState(state);

        public void RestoreState(ReadOnlySpan<double> state, Span<float> observation) => _inner.RestoreState(state, observation);

        public void Dispose() => _inner.Dispose();

        private void FailAt(bool isTime)
        {
            if (!isTime || _holds)
                return;
            _holds = true;
            throw new IOException("The cable came loose.");
        }
    }

    private sealed class Saved : ICheckpointStore
    {
        public List<long> Steps { get; } = [];

        public void Save(TrainingState state, bool final) => Steps.Add(state.Step);

        public long? RestoreLatest(TrainingState state) => null;
    }

    internal sealed class Memory : ICollectionStore
    {
        public List<Row> Rows { get; } = [];

        public void Append(ReplayBuffer buffer)
        {
            for (var number = (long)Rows.Count; number < buffer.Collected; number++)
            {
                var (row, table) = (buffer.RowOf(number), buffer.Table);
                Rows.Add(new Row(table.Observations[row].ToArray(), table.Actions[row].ToArray(), table.Rewards[row][0], table.NextObservations[row].ToArray(), table.Terminated[row][0] != 0, table.Truncated[row][0] != 0));
            }
        }

        public void Restore(ReplayBuffer buffer, long collected)
        {
            Rows.RemoveRange((int)collected, Rows.Count - (int)collected);
            buffer.Clear();
            Rows.ForEach(row => buffer.Add(row.State, row.Action, row.Reward, row.Next, row.Terminated, row.Truncated));
        }

        public sealed record Row(float[] State, float[] Action, float Reward, float[] Next, bool Terminated, bool Truncated);
    }
}
