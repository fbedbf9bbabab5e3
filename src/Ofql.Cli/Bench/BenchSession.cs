using Ofql.Agents;
using Ofql.Data;
using Ofql.Graph.Execution;

namespace Ofql.Cli.Bench;

/// <summary>
/// Measures peak, updates and actions in rounds that interleave them: on a machine that others use as well, numbers taken
/// minutes apart cannot be divided by one another.
/// </summary>
internal sealed class BenchSession : IDisposable
{
    /// <summary>Timed calls of the policy per round.</summary>
    public const int ActCalls = 20_000;

    private const int AllocationUpdates = 20;
    private const int ProfileRepeats = 100;

    private readonly TransitionDataset _data;
    private readonly SpeedArm _arm;
    private readonly Dictionary<int, UpdateMeter> _meters = [];

    /// <param name="options">Sizes, rounds, time, threads.</param>
    /// <param name="agent">The algorithm: another than OFQL has no <see cref="Work"/>, and is measured on request only.</param>
    /// <exception cref="UsageException">None of the comparison's algorithms.</exception>
    public BenchSession(BenchOptions options, string agent = "ofql")
    {
        Options = options;
        var arms = SpeedArm.Of(options.Shape);
        _arm = arms.FirstOrDefault(arm => arm.Agent == agent)
            ?? throw new UsageException($"--serve {agent}: expected one of {string.Join(", ", arms.Select(arm => arm.Agent))}.");
        Work = new WorkCount(options.Shape);
        _data = SyntheticData.Make(options.Rows, options.Shape.State, options.Shape.Action);
    }

    public BenchOptions Options { get; }

    public WorkCount Work { get; }

    /// <summary>The meter of a number of threads, warm. Made at the first call.</summary>
    public UpdateMeter Meter(int threads)
    {
        if (!_meters.TryGetValue(threads, out var meter))
            _meters[threads] = meter = new UpdateMeter(_arm.Create, _data, threads);
        return meter;
    }

    /// <summary>Runs all rounds.</summary>
    /// <param name="say">Takes a line after every round.</param>
    /// <param name="cancellation">Ends the measurement after the one under way.</param>
    public BenchResult Run(Action<string> say, CancellationToken cancellation)
    {
        var counts = Options.ThreadCounts;
        foreach (var count in counts)
            Meter(count);
        using var actor = new ActMeter(Meter(1).CreateActor(new ActingOptions()), _data);
        var rounds = counts.ToDictionary(count => count, _ => new List<(double Peak, double Rate, double Bytes)>());
        var acts = new List<(double Median, double P99, double Bytes)>();
        using var tile = new TileMeter();
        var tiles = new List<(double Product, double Gradient)>();
        for (var round = 1; round <= Options.Rounds; round++)
        {
            foreach (var count in counts)
            {
                cancellation.ThrowIfCancellationRequested();
                var peak = PeakMeter.Measure(count, Options.PeakSeconds);
                cancellation.ThrowIfCancellationRequested();
                var rate = Meter(count).Rate(Options.Seconds);
                rounds[count].Add((peak, rate, Meter(count).AllocatedBytes(AllocationUpdates)));
                // Straight after the measurement on one thread, while no other worker of ours spins.
                if (count != 1)
                    continue;
                acts.Add(actor.Measure(ActCalls));
                var (product, gradient) = tile.Measure(Options.PeakSeconds);
                tiles.Add((product / peak, gradient / peak));
            }

            var rates = string.Join(", ", counts.Select(count => FormattableString.Invariant($"{rounds[count][^1].Rate:F1} updates/s on {count}")));
            say(FormattableString.Invariant($"round {round} of {Options.Rounds}: {rates}; {acts[^1].Median:F2} us per action"));
        }

        foreach (var meter in _meters.Values)
            meter.CheckHealth();
        var act = new ActResult(
            Median(acts.Select(one => one.Median)), Median(acts.Select(one => one.P99)), acts.Min(one => one.Bytes), ActCalls * Options.Rounds);
        return new BenchResult(Options, Work, counts.Select(count => Summarize(count, rounds[count])).ToList(), act, (Median(tiles.Select(one => one.Product)), Median(tiles.Select(one => one.Gradient))));
    }

    /// <summary>Time of every instruction of an update on one thread.</summary>
    public IReadOnlyList<InstructionTiming> Profile() => Meter(1).Profile(ProfileRepeats);

    public void Dispose()
    {
        foreach (var meter in _meters.Values)
            meter.Dispose();
        _data.Dispose();
    }

    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    // The least of the rounds' bytes: what the updates themselves allocate is in every round, what the runtime does beside them is not.
    private ThreadResult Summarize(int threads, List<(double Peak, double Rate, double Bytes)> rounds) => new(
        threads,
        Median(rounds.Select(round => round.Peak)),
        Median(rounds.Select(round => round.Rate)),
        Median(rounds.Select(round => Work.GigaFlop * round.Rate / round.Peak)),
        rounds.Max(round => round.Rate),
        rounds.Min(round => round.Bytes));
}
