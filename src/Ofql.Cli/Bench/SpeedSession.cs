using Ofql.Agents;
using Ofql.Agents.Dql;
using Ofql.Agents.FmQl;
using Ofql.Agents.Ofql;
using Ofql.Data;

namespace Ofql.Cli.Bench;

/// <summary>One algorithm of the comparison, in the same sizes as the others.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="PaperHours">Hours of a million updates in the paper; null where it gives none.</param>
/// <param name="PaperActBatches">Batches of 2,500 actions per second in the paper.</param>
/// <param name="Create">Builds it.</param>
internal sealed record SpeedArm(string Name, double? PaperHours, double? PaperActBatches, Func<AgentContext, ProgramAgent> Create)
{
    private const int Steps = 5;

    /// <summary>The algorithm's own name: <see cref="Name"/> without its steps.</summary>
    public string Agent => Name.Split(',')[0];

    /// <summary>OFQL first: the others are divided by it. Diffusion and flow with as many steps as the paper's Diffusion-QL.</summary>
    public static IReadOnlyList<SpeedArm> Of(BenchShape shape) =>
    [
        new("ofql", PaperAnchors.OfqlHours, PaperAnchors.OfqlActBatches, context => new OfqlAgent(shape.Settings, context)),
        new("dql, T = 5", PaperAnchors.DqlHours, PaperAnchors.DqlActBatches, context => new DqlAgent(Sized(new DqlSettings { Steps = Steps }, shape), context)),
        new("fm_ql, K = 5", null, null, context => new FmQlAgent(Sized(new FmQlSettings { EulerSteps = Steps }, shape), context)),
    ];

    private static T Sized<T>(T settings, BenchShape shape)
        where T : RegularizedPolicySettings => settings with
        {
            HiddenWidth = shape.Hidden, HiddenLayers = shape.Layers, BatchSize = shape.Batch, EmbeddingSize = shape.Embedding, ActorAverageStart = 0,
        };
}

/// <summary>Medians over the rounds of one algorithm on one number of threads.</summary>
/// <param name="Arm">The algorithm.</param>
/// <param name="Threads">Number of threads.</param>
/// <param name="UpdatesPerSecond">Rate of complete updates.</param>
/// <param name="UpdateRatio">How many times as many updates OFQL makes in a time: the median of the rounds' ratios.</param>
/// <param name="ActBatchesPerSecond">Rate of batches of actions.</param>
/// <param name="ActBatchRatio">How many times as many of them OFQL makes.</param>
/// <param name="ActBatchShare">Their share of the float32 peak of as many threads; only where the work is counted (OFQL).</param>
/// <param name="ActMicroseconds">One action for one state; on one thread alone.</param>
/// <param name="ActRatio">How many times as long it takes as OFQL's.</param>
internal sealed record SpeedResult(
    SpeedArm Arm, int Threads, double UpdatesPerSecond, double UpdateRatio, double ActBatchesPerSecond, double ActBatchRatio, double? ActBatchShare, double? ActMicroseconds, double? ActRatio);

/// <summary>
/// Measures algorithms against each other: within a round one after the other, in turning order, so that a slow moment of the
/// machine meets all of them, and divided round by round.
/// </summary>
internal sealed class SpeedSession : IDisposable
{
    /// <summary>Timed calls for one state per round.</summary>
    public const int ActCalls = 5_000;

    private readonly BenchOptions _options;
    private readonly int _actRows;
    private readonly TransitionDataset _data;
    private readonly IReadOnlyList<SpeedArm> _arms;
    private readonly List<Meters> _meters = [];

    /// <param name="options">Sizes, rounds, time, threads.</param>
    /// <param name="actRows">States of a batch of actions.</param>
    public SpeedSession(BenchOptions options, int actRows)
    {
        (_options, _actRows) = (options, actRows);
        _data = SyntheticData.Make(options.Rows, options.Shape.State, options.Shape.Action);
        _arms = SpeedArm.Of(options.Shape);
    }

    /// <summary>One thread and the largest number.</summary>
    public IReadOnlyList<int> ThreadCounts => _options.Threads == 1 ? [1] : [1, _options.Threads];

    /// <summary>Runs all rounds; algorithm by algorithm within each number of threads.</summary>
    public IReadOnlyList<SpeedResult> Run(Action<string> say, CancellationToken cancellation)
    {
        foreach (var threads in ThreadCounts)
        {
            foreach (var arm in _arms)
                _meters.Add(new Meters(arm, threads, _data, _actRows));
        }

        for (var round = 0; round < _options.Rounds; round++)
        {
            foreach (var threads in ThreadCounts)
            {
                var turn = _meters.Where(meters => meters.Threads == threads).ToList();
                for (var i = 0; i < turn.Count; i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    turn[(i + round) % turn.Count].Measure(_options);
                }
            }

            var rates = string.Join("; ", _meters.Select(meters => FormattableString.Invariant($"{meters.Arm.Name} on {meters.Threads}: {meters.Updates[^1]:F1} updates/s")));
            say(FormattableString.Invariant($"round {round + 1} of {_options.Rounds}: {rates}"));
        }

        _meters.ForEach(meters => meters.Update.CheckHealth());
        return _meters.Select(meters => meters.Summarize(_meters.First(first => first.Threads == meters.Threads), _options.Shape.ActGigaFlop(_actRows))).ToList();
    }

    public void Dispose()
    {
        _meters.ForEach(meters => meters.Dispose());
        _data.Dispose();
    }

    /// <summary>What is measured of one algorithm on one number of threads, and what came out, round by round.</summary>
    private sealed class Meters : IDisposable
    {
        private readonly ActBatchMeter _actBatch;
        private readonly ActMeter? _act;

        public Meters(SpeedArm arm, int threads, TransitionDataset data, int actRows)
        {
            (Arm, Threads) = (arm, threads);
            Update = new UpdateMeter(arm.Create, data, threads);
            _actBatch = new ActBatchMeter(rows => Update.CreateActor(new ActingOptions(), rows), data, actRows, threads);
            _act = threads == 1 ? new ActMeter(Update.CreateActor(new ActingOptions()), data) : null;
        }

        public SpeedArm Arm { get; }

        public int Threads { get; }

        public UpdateMeter Update { get; }

        public List<double> Updates { get; } = [];

        private List<double> ActBatches { get; } = [];

        private List<double> Peaks { get; } = [];

        private List<double> Acts { get; } = [];

        public void Measure(BenchOptions options)
        {
            Updates.Add(Update.Rate(options.Seconds));
            ActBatches.Add(_actBatch.Rate(options.Seconds));
            Peaks.Add(PeakMeter.Measure(Threads, options.PeakSeconds));
            if (_act is not null)
                Acts.Add(_act.Measure(ActCalls).Median);
        }

        /// <param name="ofql">What it is divided by.</param>
        /// <param name="gigaFlop">Work of a batch of OFQL's actions.</param>
        public SpeedResult Summarize(Meters ofql, double gigaFlop) => new(
            Arm,
            Threads,
            BenchSession.Median(Updates),
            BenchSession.Median(ofql.Updates.Zip(Updates, (first, own) => first / own)),
            BenchSession.Median(ActBatches),
            BenchSession.Median(ofql.ActBatches.Zip(ActBatches, (first, own) => first / own)),
            this == ofql ? BenchSession.Median(ActBatches.Zip(Peaks, (rate, peak) => gigaFlop * rate / peak)) : null,
            _act is null ? null : BenchSession.Median(Acts),
            _act is null ? null : BenchSession.Median(ofql.Acts.Zip(Acts, (first, own) => own / first)));

        public void Dispose()
        {
            _act?.Dispose();
            _actBatch.Dispose();
            Update.Dispose();
        }
    }
}
