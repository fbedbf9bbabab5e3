using Ofql.Agents;
using Ofql.Tests.Shared;
using Ofql.Training;
using Xunit;

namespace Ofql.Tests.Training;

public class TrainingLoopTests
{
    [Fact]
    public void Logs_window_means_and_last_values_at_every_interval()
    {
        var sink = new Sink();
        using var run = new Run(options: new TrainingOptions { Updates = 25, LogEvery = 10 }, sink: sink);
        var result = run.Loop.Run(CancellationToken.None);
        Assert.Equal(TrainingOutcome.Completed, result.Outcome);
        Assert.Equal([10, 20, 25], sink.Rows.Select(row => row.Step));
        // The second metric counts the steps, so its mean is known.
        Assert.Equal([5.5, 15.5, 23], sink.Rows.Select(row => row.Means[1]));
        Assert.Equal([10f, 20f, 25f], sink.Rows.Select(row => row.Last[1]));
    }

    [Fact]
    public void Order_within_a_step_is_log_evaluate_flush_save()
    {
        var sink = new Sink();
        var store = new Store { Events = sink.Events };
        using var run = new Run(new TrainingOptions { Updates = 10, LogEvery = 10, CheckpointEvery = 10 }, sink, store, (_, _) => [new NamedValue("a/return", 1)]);
        run.Loop.Run(CancellationToken.None);
        Assert.Equal(["log 10", "evaluation 10", "flush", "save 10 final", "flush"], sink.Events);
    }

    [Fact]
    public void Evaluates_at_intervals_and_at_the_end_once_each()
    {
        var steps = new List<long>();
        using var run = new Run(new TrainingOptions { Updates = 25, EvaluateEvery = 10 }, evaluate: (step, _) =>
        {
            steps.Add(step);
            return [new NamedValue("a/return", step)];
        });
        var result = run.Loop.Run(CancellationToken.None);
        Assert.Equal([10L, 20L, 25L], steps);
        Assert.Equal(25, result.Evaluation.Single().Value);
    }

    [Fact]
    public void An_evaluation_beside_the_training_is_recorded_before_the_next_checkpoint_and_the_last_one_is_waited_for()
    {
        var sink = new Sink();
        var store = new Store { Events = sink.Events };
        var options = new TrainingOptions { Updates = 30, LogEvery = 30, EvaluateEvery = 10, CheckpointEvery = 15 };
        using var passed = new ManualResetEventSlim();
        using var run = new Run(options, sink, store, (_, _) => [new NamedValue("a/return", 30)], beside: step => stop =>
        {
            // Fails by its own limit if the training stood still meanwhile.
            Assert.True(step != 10 || passed.Wait(TimeSpan.FromSeconds(60), stop));
            return [new NamedValue("a/return", step)];
        });
        run.Agent.Updated = step =>
        {
            if (step == 13)
                passed.Set();
        };
        var result = run.Loop.Run(CancellationToken.None);
        Assert.Equal([(10L, 10.0), (20, 20), (30, 30)], sink.Evaluations.Select(row => (row.Step, row.Values.Single().Value)));
        Assert.Equal(30, result.Evaluation.Single().Value);
        Assert.True(sink.Events.IndexOf("evaluation 10") < sink.Events.IndexOf("save 15"), string.Join(", ", sink.Events));
    }

    [Fact]
    public void Where_no_core_is_free_at_the_moment_the_training_waits_for_the_evaluation()
    {
        var sink = new Sink();
        List<long> waited = [], beside = [];
        using var run = new Run(new TrainingOptions { Updates = 40, EvaluateEvery = 10 }, sink, evaluate: (step, _) => Note(waited, step), beside: step =>
            step == 20 ? _ => Note(beside, step) : null);
        run.Loop.Run(CancellationToken.None);
        Assert.Equal([10L, 30L, 40L], waited);
        Assert.Equal([20L], beside);
        Assert.Equal([10L, 20L, 30L, 40L], sink.Evaluations.Select(row => row.Step));

        static IReadOnlyList<NamedValue> Note(List<long> where, long step)
        {
            where.Add(step);
            return [new NamedValue("a/return", step)];
        }
    }

    [Fact]
    public void Stopped_while_one_runs_beside_it_is_still_recorded_and_not_repeated()
    {
        var options = new TrainingOptions { Updates = 40, LogEvery = 8, EvaluateEvery = 20, CheckpointEvery = 10 };
        var (sink, store) = (new Sink(), new Store());
        using (var stop = new CancellationTokenSource())
        using (var run = new Run(options, sink, store, Evaluation, beside: Slow))
        {
            run.Agent.Updated = step => Cancel(stop, step == 22);
            Assert.Equal(TrainingOutcome.Cancelled, run.Loop.Run(stop.Token).Outcome);
        }

        Assert.Equal([20L], sink.Evaluations.Select(row => row.Step));
        using (var run = new Run(options, sink, store, Evaluation, beside: Slow))
        {
            Assert.Equal(22, run.Loop.Resume());
            run.Loop.Run(CancellationToken.None);
        }

        Assert.Equal([20L, 40L], sink.Evaluations.Select(row => row.Step));

        static Func<CancellationToken, IReadOnlyList<NamedValue>> Slow(long step) => _ =>
        {
            Thread.Sleep(100);
            return [new NamedValue("a/return", step)];
        };
    }

    [Fact]
    public void A_failure_of_an_evaluation_beside_the_training_ends_it_with_that_error()
    {
        using var run = new Run(new TrainingOptions { Updates = 30, EvaluateEvery = 10 }, evaluate: (_, _) => [], beside: _ => _ => throw new OfqlException("no simulator"));
        Assert.Contains("no simulator", Assert.Throws<OfqlException>(() => run.Loop.Run(CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_has_learned_before_is_evaluated_and_saved_first()
    {
        var sink = new Sink();
        var store = new Store { Events = sink.Events };
        var options = new TrainingOptions { Updates = 10, LogEvery = 10, CheckpointEvery = 10, BeginsTrained = true };
        using (var run = new Run(options, sink, store, (_, _) => [new NamedValue("a/return", 1)]))
            run.Loop.Run(CancellationToken.None);
        Assert.Equal(["evaluation 0", "flush", "save 0", "log 10", "evaluation 10", "flush", "save 10 final", "flush"], sink.Events);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(20)]
    [InlineData(1)]
    public void Stopped_anywhere_and_resumed_equals_uninterrupted(int stopAt)
    {
        var options = new TrainingOptions { Updates = 40, LogEvery = 8, EvaluateEvery = 20, CheckpointEvery = 10 };
        var whole = new Sink();
        var wholeStore = new Store();
        using (var run = new Run(options, whole, wholeStore, Evaluation))
            run.Loop.Run(CancellationToken.None);

        var parts = new Sink();
        var store = new Store();
        using (var stop = new CancellationTokenSource())
        using (var run = new Run(options, parts, store, Evaluation))
        {
            run.Agent.Updated = step => Cancel(stop, step == stopAt);
            Assert.Equal(TrainingOutcome.Cancelled, run.Loop.Run(stop.Token).Outcome);
            Assert.Equal(stopAt, run.Agent.Step);
        }

        using (var run = new Run(options, parts, store, Evaluation))
        {
            Assert.Equal(stopAt, run.Loop.Resume());
            Assert.Equal(TrainingOutcome.Completed, run.Loop.Run(CancellationToken.None).Outcome);
        }

        Assert.Equal(whole.Texts, parts.Texts);
        Assert.Equal(wholeStore.Text(40), store.Text(40));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_evaluation_that_fails_does_not_cost_the_updates_before_it(bool isBeside)
    {
        var options = new TrainingOptions { Updates = 40, LogEvery = 8, EvaluateEvery = 20 };
        var (whole, wholeStore) = (new Sink(), new Store());
        using (var run = new Run(options, whole, wholeStore, Evaluation))
            run.Loop.Run(CancellationToken.None);

        var (parts, store) = (new Sink(), new Store());
        EvaluateAgent broken = (_, _) => throw new OfqlException("The simulator broke down.");
        using (var run = new Run(options, parts, store, broken, beside: isBeside ? _ => _ => throw new OfqlException("The simulator broke down.") : null))
            Assert.Equal("The simulator broke down.", Assert.Throws<OfqlException>(() => run.Loop.Run(CancellationToken.None)).Message);
        using (var run = new Run(options, parts, store, Evaluation))
        {
            Assert.InRange(run.Loop.Resume(), 20, 40);
            Assert.Equal(TrainingOutcome.Completed, run.Loop.Run(CancellationToken.None).Outcome);
        }

        Assert.Equal(whole.Texts.Count, parts.Texts.Count + (isBeside ? 1 : 0));
        Assert.Equal(wholeStore.Text(40), store.Text(40));
    }

    [Fact]
    public void After_a_last_evaluation_that_failed_the_resumed_run_ends_as_an_undisturbed_one()
    {
        var options = new TrainingOptions { Updates = 40, LogEvery = 8, EvaluateEvery = 20 };
        var (whole, wholeStore, parts, store) = (new Sink(), new Store(), new Sink(), new Store());
        using (var run = new Run(options, whole, wholeStore, Evaluation))
            run.Loop.Run(CancellationToken.None);
        using (var run = new Run(options, parts, store, (step, stop) => step == 40 ? throw new OfqlException("The simulator broke down.") : Evaluation(step, stop)))
            Assert.Throws<OfqlException>(() => run.Loop.Run(CancellationToken.None));
        for (var again = 0; again < 2; again++)
        {
            using var run = new Run(options, parts, store, Evaluation);
            Assert.Equal(40, run.Loop.Resume());
            Assert.Equal(TrainingOutcome.Completed, run.Loop.Run(CancellationToken.None).Outcome);
        }

        Assert.Equal(whole.Texts, parts.Texts);
        Assert.Equal(wholeStore.Text(40), store.Text(40));
    }

    [Fact]
    public void An_evaluation_of_a_step_that_is_saved_runs_beside_the_steps_after_it_and_is_repeated_by_a_run_resumed_there()
    {
        var options = new TrainingOptions { Updates = 40, LogEvery = 8, EvaluateEvery = 20, CheckpointEvery = 20 };
        var (whole, wholeStore, sink) = (new Sink(), new Store(), new Sink());
        using (var run = new Run(options, whole, wholeStore, Evaluation))
            run.Loop.Run(CancellationToken.None);
        var store = new Store { Events = sink.Events };
        using var advanced = new ManualResetEventSlim();
        using (var run = new Run(options, sink, store, Evaluation, beside: step => stop =>
        {
            Assert.True(advanced.Wait(TimeSpan.FromSeconds(60), stop));
            return Evaluation(step, stop);
        }))
        {
            run.Agent.Updated = step =>
            {
                if (step > 25)
                    advanced.Set();
            };
            Assert.Equal(TrainingOutcome.Completed, run.Loop.Run(CancellationToken.None).Outcome);
        }

        Assert.True(sink.Events.IndexOf("save 20") < sink.Events.IndexOf("evaluation 20"));
        Assert.Equal(wholeStore.Text(20), store.Text(20));
        Assert.Equal(whole.Evaluations.Select(entry => entry.Step), sink.Evaluations.Select(entry => entry.Step));
        Assert.Equal(wholeStore.Text(40), store.Text(40));

        store.Saved.Remove(40);
        var after = new Sink();
        using (var run = new Run(options, after, store, Evaluation))
        {
            Assert.Equal(20, run.Loop.Resume());
            run.Loop.Run(CancellationToken.None);
        }

        Assert.Equal([20L, 40L], after.Evaluations.Select(entry => entry.Step));
        Assert.Equal(wholeStore.Text(40), store.Text(40));
    }

    [Fact]
    public void A_wish_to_stop_reaches_the_evaluation_of_the_step_that_the_training_stands_at()
    {
        var options = new TrainingOptions { Updates = 40, LogEvery = 8, EvaluateEvery = 20, CheckpointEvery = 20 };
        var (sink, store) = (new Sink(), new Store());
        using var stop = new CancellationTokenSource();
        using (var run = new Run(options, sink, store, Evaluation, beside: _ => stopped =>
        {
            Assert.True(stopped.WaitHandle.WaitOne(TimeSpan.FromSeconds(60)));
            throw new OperationCanceledException(stopped);
        }))
        {
            run.Agent.Updated = step => Cancel(stop, step == 20);
            Assert.Equal(TrainingOutcome.Cancelled, run.Loop.Run(stop.Token).Outcome);
        }

        Assert.Empty(sink.Evaluations);
        using (var run = new Run(options, sink, store, Evaluation))
        {
            Assert.Equal(20, run.Loop.Resume());
            run.Loop.Run(CancellationToken.None);
        }

        Assert.Equal([20L, 40L], sink.Evaluations.Select(entry => entry.Step));
    }

    [Fact]
    public void Divergence_is_told_even_if_the_evaluation_beside_fails_too()
    {
        var store = new Store();
        var options = new TrainingOptions { Updates = 40, LogEvery = 8, EvaluateEvery = 20, ValueLimit = 30 };
        using var diverged = new ManualResetEventSlim();
        using var run = new Run(options, new Sink(), store, Evaluation, beside: _ => stop =>
        {
            diverged.Wait(TimeSpan.FromSeconds(60), stop);
            throw new OfqlException("The simulator broke down.");
        });
        // Its value is the number of its steps.
        run.Agent.Updated = step =>
        {
            if (step > 30)
                diverged.Set();
        };
        Assert.Equal(TrainingOutcome.Diverged, run.Loop.Run(CancellationToken.None).Outcome);
        Assert.Empty(store.Saved);
    }

    [Fact]
    public void A_policy_that_diverged_and_broke_its_evaluation_has_diverged()
    {
        var store = new Store();
        var options = new TrainingOptions { Updates = 40, EvaluateEvery = 20, CheckpointEvery = 0 };
        using var run = new Run(options, new Sink(), store, (_, _) => throw new OfqlException("The simulator broke down."));
        run.Agent.Updated = step => run.Agent.Weights[0] = step == 20 ? float.NaN : run.Agent.Weights[0];
        var result = run.Loop.Run(CancellationToken.None);
        Assert.Equal(TrainingOutcome.Diverged, result.Outcome);
        Assert.Contains("NaN", result.Reason, StringComparison.Ordinal);
        Assert.Empty(store.Saved);
    }

    [Fact]
    public void Killed_between_checkpoints_repeats_exactly_what_it_lost()
    {
        var options = new TrainingOptions { Updates = 40, LogEvery = 8, CheckpointEvery = 10 };
        var whole = new Sink();
        using (var run = new Run(options, whole, new Store()))
            run.Loop.Run(CancellationToken.None);
        var store = new Store();
        using (var run = new Run(options, new Sink(), store))
        {
            run.Agent.Updated = step => ThrowAt(step, 27);
            Assert.Throws<InvalidOperationException>(() => run.Loop.Run(CancellationToken.None));
        }

        var after = new Sink();
        using (var run = new Run(options, after, store))
        {
            Assert.Equal(20, run.Loop.Resume());
            run.Loop.Run(CancellationToken.None);
        }

        Assert.Equal(whole.Texts.Skip(2), after.Texts);
    }

    [Fact]
    public void An_evaluation_that_was_stopped_is_made_up_for_after_resuming()
    {
        var options = new TrainingOptions { Updates = 20, EvaluateEvery = 10, CheckpointEvery = 0, SnapshotEvery = 5 };
        var store = new Store();
        var sink = new Sink();
        var snapshots = new List<long>();
        using var stop = new CancellationTokenSource();
        using (var run = new Run(options, sink, store, snapshots: snapshots, evaluate: (_, token) =>
        {
            stop.Cancel();
            token.ThrowIfCancellationRequested();
            return [];
        }))
        {
            Assert.Equal(TrainingOutcome.Cancelled, run.Loop.Run(stop.Token).Outcome);
        }

        Assert.Empty(sink.Texts);
        using (var run = new Run(options, sink, store, Evaluation, snapshots: snapshots))
        {
            run.Loop.Resume();
            run.Loop.Run(CancellationToken.None);
        }

        Assert.Equal([10L, 20L], sink.Evaluations.Select(entry => entry.Step));
        Assert.Equal([5L, 10, 15, 20], snapshots);
    }

    [Theory]
    [InlineData(17, "actor/loss is NaN")]
    [InlineData(-17, "critic/q_mean is 1E+09, beyond the limit of 1E+06")]
    public void Divergence_stops_says_why_and_leaves_the_last_checkpoint(long divergeAt, string reason)
    {
        var sink = new Sink();
        var store = new Store();
        using var run = new Run(new TrainingOptions { Updates = 40, LogEvery = 100, CheckpointEvery = 10 }, sink, store, divergeAt: divergeAt);
        var result = run.Loop.Run(CancellationToken.None);
        Assert.Equal(TrainingOutcome.Diverged, result.Outcome);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
        Assert.Contains("step 10", result.Reason, StringComparison.Ordinal);
        Assert.Contains("learning rate", result.Reason, StringComparison.Ordinal);
        Assert.Equal([10L], store.Saved.Keys);
        Assert.Equal(17, sink.Rows.Single().Step);
    }

    [Fact]
    public void A_state_that_is_not_finite_is_never_saved()
    {
        var store = new Store();
        using var run = new Run(new TrainingOptions { Updates = 20, CheckpointEvery = 10 }, store: store);
        run.Agent.Updated = step => run.Agent.Weights[0] = step == 20 ? float.PositiveInfinity : run.Agent.Weights[0];
        Assert.Equal(TrainingOutcome.Diverged, run.Loop.Run(CancellationToken.None).Outcome);
        Assert.Equal([10L], store.Saved.Keys);
    }

    [Fact]
    public void Allocates_nothing_per_update()
    {
        using var run = new Run(
            new TrainingOptions { Updates = 100_000, LogEvery = 1_000_000, CheckpointEvery = 1_000_000, ProgressInterval = TimeSpan.FromHours(1) },
            evaluate: Evaluation);
        long before = 0;
        long after = 0;
        run.Agent.Updated = step =>
        {
            if (step == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
            if (step == 99_000)
                after = GC.GetAllocatedBytesForCurrentThread();
        };
        run.Loop.Run(CancellationToken.None);
        Assert.NotEqual(0, before);
        Assert.Equal(before, after);
    }

    [Fact]
    public void Reports_step_rate_and_remaining_time()
    {
        var seen = new List<TrainingProgress>();
        using var run = new Run(new TrainingOptions { Updates = 2000, LogEvery = 100, ProgressInterval = TimeSpan.Zero }, progress: new Collector(seen));
        run.Loop.Run(CancellationToken.None);
        Assert.True(seen.Count > 205);
        Assert.Equal(TrainingPhase.Ended, seen[^1].Phase);
        Assert.Equal(2000, seen[^1].Step);
        Assert.All(seen.Skip(200).Take(5), progress => Assert.True(progress.UpdatesPerSecond > 0 && progress.Remaining >= TimeSpan.Zero));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        var error = Assert.Throws<UsageException>(() => new Run(new TrainingOptions { Updates = 0 }));
        Assert.Contains("training.updates is 0", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("critic/q_mean", true)]
    [InlineData("q", true)]
    [InlineData("critic/target_value", true)]
    [InlineData("critic/target_mean", true)]
    [InlineData("actor/q_scale", false)]
    [InlineData("critic/loss", false)]
    [InlineData("actor/q_loss", false)]
    [InlineData("actor/sequence", false)]
    public void Knows_which_metrics_are_values(string name, bool expected) => Assert.Equal(expected, DivergenceGuard.IsValueName(name));

    private static IReadOnlyList<NamedValue> Evaluation(long step, CancellationToken cancellation) => [new NamedValue("a/return", step * 2)];

    private static void Cancel(CancellationTokenSource stop, bool now)
    {
        if (now)
            stop.Cancel();
    }

    private static void ThrowAt(long step, long at)
    {
        if (step == at)
            throw new InvalidOperationException("killed");
    }

    private sealed class Collector(List<TrainingProgress> seen) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => seen.Add(value);
    }

    private sealed class Run : IDisposable
    {
        private readonly Ofql.Data.TransitionDataset _data = SmallData.Make();

        public Run(
            TrainingOptions options, Sink? sink = null, Store? store = null, EvaluateAgent? evaluate = null, long divergeAt = 0,
            IProgress<TrainingProgress>? progress = null, Func<long, Func<CancellationToken, IReadOnlyList<NamedValue>>?>? beside = null, List<long>? snapshots = null)
        {
            Agent = new LinearAgent(new AgentContext(_data, [-1], [1], Seed: 3, Threads: 1, options.Updates), 0.01f, divergeAt);
            Loop = new TrainingLoop(Agent, options, new TrainingHooks { Metrics = sink, Checkpoints = store, Evaluate = evaluate, EvaluateBeside = beside, Progress = progress, Snapshot = agent => snapshots?.Add(agent.Step) });
        }

        public LinearAgent Agent { get; }

        public TrainingLoop Loop { get; }

        public void Dispose() => _data.Dispose();
    }

    private sealed class Sink : IMetricSink
    {
        public List<string> Events { get; } = [];

        public List<(long Step, double[] Means, float[] Last)> Rows { get; } = [];

        public List<(long Step, IReadOnlyList<NamedValue> Values)> Evaluations { get; } = [];

        public List<string> Texts { get; } = [];

        public void WriteMetrics(in MetricRow row)
        {
            Rows.Add((row.Step, row.Means.ToArray(), row.Last.ToArray()));
            Events.Add($"log {row.Step}");
            Texts.Add($"{row.Step}: {string.Join(' ', row.Means.ToArray())} {string.Join(' ', row.Last.ToArray())}");
        }

        public void WriteEvaluation(long step, IReadOnlyList<NamedValue> values)
        {
            // As the table of a run: a step that is evaluated again takes its own place.
            Evaluations.RemoveAll(entry => entry.Step >= step);
            Evaluations.Add((step, values));
            Events.Add($"evaluation {step}");
            Texts.Remove($"{step}: {string.Join(' ', values)}");
            Texts.Add($"{step}: {string.Join(' ', values)}");
        }

        public void Flush() => Events.Add("flush");
    }

    private sealed class Store : ICheckpointStore
    {
        public List<string> Events { get; init; } = [];

        public Dictionary<long, (Dictionary<string, float[]> Tensors, Dictionary<string, long> Integers)> Saved { get; } = [];

        public void Save(TrainingState state, bool final)
        {
            Events.Add($"save {state.Step}{(final ? " final" : "")}");
            Saved[state.Step] = (
                state.Tensors.ToDictionary(tensor => tensor.Name, tensor =>
                {
                    var values = new float[tensor.Length];
                    tensor.Read(values);
                    return values;
                }),
                state.Integers.ToDictionary(integer => integer.Name, integer => integer.Read()));
        }

        public long? RestoreLatest(TrainingState state)
        {
            if (Saved.Count == 0)
                return null;
            var (tensors, integers) = Saved[Saved.Keys.Max()];
            foreach (var tensor in state.Tensors)
                tensor.Write(tensors[tensor.Name]);
            foreach (var integer in state.Integers)
                integer.Write(integers[integer.Name]);
            return state.Step;
        }

        public string Text(long step) => string.Join('\n', Saved[step].Tensors.Select(pair => $"{pair.Key} {string.Join(' ', pair.Value)}")
            .Concat(Saved[step].Integers.Select(pair => $"{pair.Key} {pair.Value}")));
    }
}
