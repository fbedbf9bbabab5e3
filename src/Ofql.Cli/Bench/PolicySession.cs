using Ofql.Agents;
using Ofql.Cli.Runs;
using Ofql.Data;
using Ofql.Kernels.Randomness;

namespace Ofql.Cli.Bench;

/// <summary>How fast a policy acts; medians over the rounds, one thread, one state a call.</summary>
/// <param name="Name">What it was named by.</param>
/// <param name="Kind">Its algorithm.</param>
/// <param name="OneMedian">Microseconds of one action, by one sample: half of the calls were faster.</param>
/// <param name="OneP99">99 of 100 calls were faster.</param>
/// <param name="Half">The same two with weights read at two bytes each, and by how much an action's numbers change: root mean square and the largest, in the task's units.</param>
/// <param name="CandidatesMedian">Microseconds of one action chosen among candidates; null where the policy draws none.</param>
/// <param name="Bytes">Managed bytes per action.</param>
internal sealed record PolicySpeed(string Name, string Kind, double OneMedian, double OneP99, (double Median, double P99, double Change, double LargestChange) Half, double? CandidatesMedian, double Bytes);

/// <summary>Measures how fast policies act, in turns within every round, on states of noise.</summary>
internal sealed class PolicySession : IDisposable
{
    private const int Rows = 1024;
    private const int OneCalls = 10_000;
    private const int CandidateCalls = 500;
    private readonly List<Meters> _meters = [];

    public PolicySession(int candidates) => Candidates = candidates;

    public int Candidates { get; }

    /// <summary>One more policy.</summary>
    public void Add(string name, string kind, Func<ActingOptions, int, IActor> create)
    {
        var chooses = ActingWay.Of(create, new ActingOptions { Candidates = Candidates }).Any(way => way.Options.Candidates > 1);
        _meters.Add(new Meters(name, kind, create, chooses ? Candidates : null));
    }

    public IReadOnlyList<PolicySpeed> Run(int rounds, Action<string> say, CancellationToken cancellation)
    {
        for (var round = 1; round <= rounds; round++)
        {
            for (var i = 0; i < _meters.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                _meters[(i + round) % _meters.Count].Measure();
            }

            say(FormattableString.Invariant($"round {round} of {rounds}"));
        }

        return _meters.Select(meters => meters.Summarize()).ToList();
    }

    public void Dispose() => _meters.ForEach(meters => meters.Dispose());

    private sealed class Meters : IDisposable
    {
        private readonly string _name;
        private readonly string _kind;
        private readonly TransitionDataset _states;
        private readonly ActMeter _one;
        private readonly ActMeter _half;
        private readonly (double RootMeanSquare, double Largest) _change;
        private readonly ActMeter? _many;
        private readonly List<(double Median, double P99, double Bytes)> _oneRounds = [];
        private readonly List<(double Median, double P99, double Bytes)> _halfRounds = [];
        private readonly List<double> _manyRounds = [];

        public Meters(string name, string kind, Func<ActingOptions, int, IActor> create, int? candidates)
        {
            (_name, _kind) = (name, kind);
            var one = create(new ActingOptions(), 1);
            _states = SyntheticData.Make(Rows, one.StateSize, one.ActionSize);
            _one = new ActMeter(one, _states);
            var half = create(new ActingOptions { HalfWeights = true }, 1);
            _half = new ActMeter(half, _states);
            _change = Change(one, half);
            _many = candidates is { } count ? new ActMeter(create(new ActingOptions { Candidates = count }, 1), _states) : null;
        }

        public void Measure()
        {
            _oneRounds.Add(_one.Measure(OneCalls));
            _halfRounds.Add(_half.Measure(OneCalls));
            if (_many is not null)
                _manyRounds.Add(_many.Measure(CandidateCalls).Median);
        }

        public PolicySpeed Summarize() => new(
            _name,
            _kind,
            BenchSession.Median(_oneRounds.Select(round => round.Median)),
            BenchSession.Median(_oneRounds.Select(round => round.P99)),
            (BenchSession.Median(_halfRounds.Select(round => round.Median)), BenchSession.Median(_halfRounds.Select(round => round.P99)), _change.RootMeanSquare, _change.Largest),
            _many is null ? null : BenchSession.Median(_manyRounds),
            _oneRounds.Min(round => round.Bytes));

        public void Dispose()
        {
            _one.Dispose();
            _half.Dispose();
            _many?.Dispose();
            _states.Dispose();
        }

        private (double RootMeanSquare, double Largest) Change(IActor one, IActor half)
        {
            float[] noise = new float[one.NoisePerState], action = new float[one.ActionSize], other = new float[one.ActionSize];
            var stream = new RandomStream(0, "bench policy");
            double squares = 0, largest = 0;
            for (var row = 0; row < Rows; row++)
            {
                Noise.FillNormal(stream, noise);
                one.Act(1, _states.Observations[row], noise, [0.5f], action);
                half.Act(1, _states.Observations[row], noise, [0.5f], other);
                for (var i = 0; i < action.Length; i++)
                {
                    var change = Math.Abs((double)action[i] - other[i]);
                    squares += change * change;
                    largest = Math.Max(largest, change);
                }
            }

            return (Math.Sqrt(squares / (Rows * action.Length)), largest);
        }
    }
}
