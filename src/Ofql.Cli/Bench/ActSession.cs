using Ofql.Agents;
using Ofql.Data;

namespace Ofql.Cli.Bench;

/// <summary>Medians over the rounds of one algorithm's acting, on one thread where nothing else is said.</summary>
/// <param name="Arm">The algorithm.</param>
/// <param name="OneMedian">Microseconds of one action for one state, by one sample: half of the calls were faster.</param>
/// <param name="OneP99">99 of 100 calls were faster.</param>
/// <param name="HalfMedian">As <paramref name="OneMedian"/>, weights read at two bytes each.</param>
/// <param name="HalfP99">99 of 100 of those calls were faster.</param>
/// <param name="CandidatesMedian">Microseconds of one action chosen among candidates by the critics.</param>
/// <param name="SharedMedian">The same on two threads.</param>
/// <param name="BatchPerSecond">Batches of actions per second, one sample per state.</param>
/// <param name="BatchShare">Their share of the float32 peak; only where the work is counted (OFQL).</param>
/// <param name="Cost">How many times OFQL's time each takes: the median of the rounds' ratios.</param>
/// <param name="Bytes">Managed memory allocated per call, in the worst of the ways of acting and the best of the rounds.</param>
internal sealed record ActingResult(
    SpeedArm Arm, double OneMedian, double OneP99, double HalfMedian, double HalfP99, double CandidatesMedian, double SharedMedian, double BatchPerSecond, double? BatchShare, (double One, double OneP99, double Candidates, double Batch) Cost, double Bytes);

/// <summary>Measures how algorithms act: one state, one state with many candidates, a batch; in turns within every round.</summary>
internal sealed class ActSession : IDisposable
{
    private const int OneCalls = 20_000;
    private const int CandidateCalls = 1_000;
    private readonly BenchOptions _options;
    private readonly TransitionDataset _data;
    private readonly List<Meters> _meters = [];

    /// <param name="options">Sizes, rounds, time.</param>
    /// <param name="candidates">Candidates to choose among.</param>
    /// <param name="batch">States of a batch.</param>
    public ActSession(BenchOptions options, int candidates, int batch)
    {
        (_options, Candidates, Batch) = (options, candidates, batch);
        _data = SyntheticData.Make(options.Rows, options.Shape.State, options.Shape.Action);
        foreach (var arm in SpeedArm.Of(options.Shape))
            _meters.Add(new Meters(arm, _data, candidates, batch));
    }

    public int Candidates { get; }

    public int Batch { get; }

    /// <summary>GFLOP of a batch of OFQL's actions.</summary>
    public double GigaFlop => _options.Shape.ActGigaFlop(Batch);

    public IReadOnlyList<ActingResult> Run(Action<string> say, CancellationToken cancellation)
    {
        for (var round = 0; round < _options.Rounds; round++)
        {
            for (var i = 0; i < _meters.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                _meters[(i + round) % _meters.Count].Measure(_options);
            }

            var first = _meters[0];
            say(FormattableString.Invariant($"round {round + 1} of {_options.Rounds}: {first.One[^1].Median:F2} us each ({first.Half[^1].Median:F2} with half weights), {first.Many[^1]:F1} us among {Candidates} ({first.Shared[^1]:F1} on two threads), {first.Batches[^1].Rate:F1} batches/s"));
        }

        return _meters.Select(meters => Summarize(meters)).ToList();
    }

    public void Dispose()
    {
        _meters.ForEach(meters => meters.Dispose());
        _data.Dispose();
    }

    private ActingResult Summarize(Meters own)
    {
        var ofql = _meters[0];
        return new ActingResult(
            own.Arm,
            BenchSession.Median(own.One.Select(one => one.Median)),
            BenchSession.Median(own.One.Select(one => one.P99)),
            BenchSession.Median(own.Half.Select(half => half.Median)),
            BenchSession.Median(own.Half.Select(half => half.P99)),
            BenchSession.Median(own.Many),
            BenchSession.Median(own.Shared),
            BenchSession.Median(own.Batches.Select(batch => batch.Rate)),
            own == ofql ? BenchSession.Median(own.Batches.Select(batch => GigaFlop * batch.Rate / batch.Peak)) : null,
            (BenchSession.Median(own.One.Zip(ofql.One, (a, b) => a.Median / b.Median)),
                BenchSession.Median(own.One.Zip(ofql.One, (a, b) => a.P99 / b.P99)),
                BenchSession.Median(own.Many.Zip(ofql.Many, (a, b) => a / b)),
                BenchSession.Median(own.Batches.Zip(ofql.Batches, (a, b) => b.Rate / a.Rate))),
            own.Bytes);
    }

    /// <summary>One algorithm's actors and what was measured of them, round by round.</summary>
    private sealed class Meters : IDisposable
    {
        private readonly UpdateMeter _agent;
        private readonly ActMeter _one;
        private readonly ActMeter _half;
        private readonly ActMeter _many;
        private readonly ActMeter _shared;
        private readonly ActBatchMeter _batch;

        public Meters(SpeedArm arm, TransitionDataset data, int candidates, int batch)
        {
            Arm = arm;
            // Some updates, so that the policy is none that never learned: saturated or tiny activations take other times.
            _agent = new UpdateMeter(arm.Create, data, threads: 1);
            _one = new ActMeter(_agent.CreateActor(new ActingOptions()), data);
            _half = new ActMeter(_agent.CreateActor(new ActingOptions { HalfWeights = true }), data);
            _many = new ActMeter(_agent.CreateActor(new ActingOptions { Candidates = candidates }), data);
            _shared = new ActMeter(_agent.CreateActor(new ActingOptions { Candidates = candidates, Threads = 2 }), data);
            _batch = new ActBatchMeter(rows => _agent.CreateActor(new ActingOptions(), rows), data, batch, threads: 1);
        }

        public SpeedArm Arm { get; }

        public List<(double Median, double P99)> One { get; } = [];

        public List<(double Median, double P99)> Half { get; } = [];

        public List<double> Many { get; } = [];

        public List<double> Shared { get; } = [];

        public List<(double Rate, double Peak)> Batches { get; } = [];

        // Least of the rounds: what acting allocates is in every one of them, what the runtime does beside it is not.
        public double Bytes { get; private set; } = double.PositiveInfinity;

        public void Measure(BenchOptions options)
        {
            var (one, half, many, shared) = (_one.Measure(OneCalls), _half.Measure(OneCalls), _many.Measure(CandidateCalls), _shared.Measure(CandidateCalls));
            One.Add((one.Median, one.P99));
            Half.Add((half.Median, half.P99));
            Many.Add(many.Median);
            Shared.Add(shared.Median);
            // Beside each other, so that a slow moment of the machine is in both.
            Batches.Add((_batch.Rate(options.Seconds), PeakMeter.Measure(1, options.PeakSeconds)));
            Bytes = Math.Min(Bytes, new[] { one.Bytes, half.Bytes, many.Bytes, shared.Bytes, _batch.AllocatedBytes() }.Max());
        }

        public void Dispose()
        {
            _one.Dispose();
            _half.Dispose();
            _many.Dispose();
            _shared.Dispose();
            _batch.Dispose();
            _agent.Dispose();
        }
    }
}
