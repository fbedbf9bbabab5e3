using Ofql.Environments;
using Ofql.Evaluation;
using Xunit;

namespace Ofql.Tests.Evaluation;

public class EvaluatorTests
{
    private static readonly EvaluationOptions Options = new() { Episodes = 37, Seed = 5 };

    [Fact]
    public void The_test_environment_keeps_the_contract() => Assert.Empty(EnvironmentContract.Violations(() => new FakeWalk()));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(1, 7)]
    [InlineData(1, 64)]
    [InlineData(2, 5)]
    [InlineData(3, 1)]
    [InlineData(8, 64)]
    [InlineData(64, 64)]
    public void Results_depend_neither_on_width_nor_on_threads(int threads, int width)
    {
        var expected = Run(Options);
        var found = Run(Options with { Threads = threads, Width = width });
        Assert.Equal(expected.Episodes, found.Episodes);
        Assert.True(expected.Episodes.Select(episode => episode.Length).Distinct().Count() > 5, "episodes must differ in length");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void An_environment_that_cannot_be_made_is_reported_and_the_others_are_given_back(int made)
    {
        var count = 0;
        var actor = new FakeActor(8);
        var error = Assert.Throws<OfqlException>(() => Evaluator.Run(
            () => count++ < made ? new FakeWalk() : throw new OfqlException("no simulator"), _ => actor, Options with { Width = 8 }));
        Assert.Equal("no simulator", error.Message);
        Assert.True(actor.IsDisposed);
    }

    [Fact]
    public void The_first_episodes_are_the_same_whatever_their_number() =>
        Assert.Equal(Run(Options).Episodes.Take(10), Run(Options with { Episodes = 10 }).Episodes);

    [Fact]
    public void Another_seed_gives_other_episodes() =>
        Assert.NotEqual(Run(Options).Episodes, Run(Options with { Seed = 6 }).Episodes);

    [Fact]
    public void Endings_lengths_and_scores_are_told_apart_and_summed_up()
    {
        var result = Run(Options with { Episodes = 200 });
        Assert.Equal("fake-walk", result.Task);
        Assert.All(result.Episodes, episode =>
            Assert.Equal(episode.Length < 200 ? EpisodeEnding.Terminated : episode.Ending, episode.Ending));
        Assert.InRange(result.TerminatedCount, 1, 200);
        var truncated = Evaluator.Run(() => new FakeWalk { NeverTerminates = true }, capacity => new FakeActor(capacity), Options);
        Assert.Equal(0, truncated.TerminatedCount);
        Assert.Equal(200, truncated.MeanLength);

        var returns = result.Episodes.Select(episode => episode.Return).ToArray();
        Assert.Equal(returns.Average(), result.MeanReturn, 1e-12);
        Assert.Equal((returns.Min(), returns.Max()), (result.MinimumReturn, result.MaximumReturn));
        Assert.Equal(100 * (result.MeanReturn + 10) / 20, result.NormalizedMean!.Value, 1e-12);
        Assert.Equal(5 * result.StandardError, result.NormalizedStandardError!.Value, 1e-12);
        Assert.Equal(result.StandardDeviation / Math.Sqrt(200), result.StandardError, 1e-12);
    }

    [Fact]
    public void No_score_is_claimed_where_none_is_published_and_no_error_from_one_episode()
    {
        var result = Evaluator.Run(() => new Pendulum(), capacity => new FakeActor(capacity, 3), new EvaluationOptions { Episodes = 1 });
        Assert.Null(result.NormalizedMean);
        Assert.Null(result.NormalizedStandardError);
        Assert.True(double.IsNaN(result.StandardError));
        Assert.InRange(result.MeanReturn, -2000, -1);
    }

    [Fact]
    public void Several_environments_share_a_call_and_everything_is_disposed_of()
    {
        var actors = new List<FakeActor>();
        Evaluator.Run(
            () => new FakeWalk(),
            capacity =>
            {
                actors.Add(new FakeActor(capacity));
                return actors[^1];
            },
            Options with { Threads = 2, Width = 10 });
        Assert.Equal(2, actors.Count);
        Assert.All(actors, actor => Assert.Equal((10, true), (actor.Capacity, actor.IsDisposed)));
        Assert.Contains(actors, actor => actor.LargestCount == 10);
    }

    [Theory]
    [InlineData(10, 1, 1, 10)]
    [InlineData(100, 1, 1, 25)]
    [InlineData(100, 2, 1, 25)]
    [InlineData(100, 1, 10, 6)]
    [InlineData(100, 1, 50, 1)]
    [InlineData(100, 2, 20, 3)]
    [InlineData(3, 2, 5000, 1)]
    public void Few_enough_environments_share_a_call_and_no_round_is_much_smaller(int episodes, int threads, int candidates, int expected)
    {
        var capacities = new List<int>();
        Evaluator.Run(
            () => new FakeWalk(),
            capacity =>
            {
                capacities.Add(capacity);
                return new FakeActor(capacity);
            },
            new EvaluationOptions { Episodes = episodes, Threads = threads, Candidates = candidates });
        Assert.Equal(Enumerable.Repeat(expected, threads), capacities);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        Allocated(10);
        var few = Allocated(10);
        Assert.Equal(few, Allocated(5_000));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_diverged_policy_is_reported_with_episode_and_step(int threads)
    {
        var error = Assert.Throws<OfqlException>(() => Evaluator.Run(
            () => new FakeWalk(),
            capacity => new FakeActor(capacity) { FailAfterCalls = 2 },
            Options with { Threads = threads }));
        Assert.Matches("^Evaluation episode \\d+, step 2: .*NaN", error.Message);
    }

    [Fact]
    public void A_policy_of_another_task_is_refused()
    {
        var error = Assert.Throws<OfqlException>(
            () => Evaluator.Run(() => new FakeWalk(), capacity => new FakeActor(capacity, 4, 2), Options));
        Assert.Contains("takes 4 numbers and gives 2; fake-walk observes 2 and takes 1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Cancelling_stops_between_steps(int threads)
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => Evaluator.Run(
            () => new FakeWalk(), capacity => new FakeActor(capacity), Options with { Threads = threads }, stop.Token));
    }

    [Fact]
    public void Options_out_of_range_are_named_together()
    {
        var error = Assert.Throws<UsageException>(() => Run(new EvaluationOptions { Episodes = 0, Width = -1 }));
        Assert.Contains("Episodes is 0, Width is -1", error.Message, StringComparison.Ordinal);
    }

    private static EvaluationResult Run(EvaluationOptions options) =>
        Evaluator.Run(() => new FakeWalk(), capacity => new FakeActor(capacity), options);

    private static long Allocated(int steps)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Evaluator.Run(
            () => new FakeWalk(steps) { NeverTerminates = true },
            capacity => new FakeActor(capacity),
            new EvaluationOptions { Episodes = 6, Width = 4 });
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Gymnasiums_starts_count_up_from_the_seed_and_are_refused_where_there_are_none(int threads)
    {
        var options = new EvaluationOptions { Episodes = 3, Seed = 5, Threads = threads, Starts = EpisodeStarts.Gymnasium };
        var shifted = Evaluator.Run(() => new Pendulum(), capacity => new FakeActor(capacity, 3), options with { Seed = 6 });
        var result = Evaluator.Run(() => new Pendulum(), capacity => new FakeActor(capacity, 3), options);
        Assert.Equal(3, result.Episodes.Select(episode => episode.Return).Distinct().Count());
        Assert.NotEqual(result.Episodes[0].Return, shifted.Episodes[0].Return);
        var error = Assert.Throws<UsageException>(() => Evaluator.Run(() => new FakeWalk(), capacity => new FakeActor(capacity), options));
        Assert.Contains("evaluation.starts: streams", error.Message, StringComparison.Ordinal);
    }
}
