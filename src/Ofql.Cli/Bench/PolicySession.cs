using Ofql.Agents;
using Ofql.Cli.Runs;
using Ofql.Data;

namespace Ofql.Cli.Bench;

/// <summary>How fast a policy acts; medians over the rounds, one thread, one state a call.</summary>
/// <param name="Name">What it was named by.</param>
/// <param name="Kind">Its algorithm.</param>
/// <param name="OneMedian">Microseconds of one action, by one sample: half of the calls were faster.</param>
/// <param name="OneP99">99 of 100 calls were faster.</param>
/// <param name="CandidatesMedian">Microseconds of one action chosen among candidates; null where the policy draws none.</param>
/// <param name="Bytes">Managed bytes per action.</param>
internal sealed record PolicySpeed(string Name, string Kind, double OneMedian, double OneP99, double? CandidatesMedian, double Bytes);

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
        private readonly ActMeter? _many;
        private readonly List<(double Median, double P99, double Bytes)> _oneRounds = [];
        private readonly List<double> _manyRounds = [];

        public Meters(string name, string kind, Func<ActingOptions, int, IActor> create, int? candidates)
        {
            (_name, _kind) = (name, kind);
            var one = create(new ActingOptions(), 1);
            _states = SyntheticData.Make(Rows, one.StateSize, one.ActionSize);
            _one = new ActMeter(one, _states);
            _many = candidates is { } count ? new ActMeter(create(new ActingOptions { Candidates = count }, 1), _states) : null;
        }

        public void Measure()
        {
            _oneRounds.Add(_one.Measure(OneCalls));
            if (_many is not null)
                _manyRounds.Add(_many.Measure(CandidateCalls).Median);
        }

        public PolicySpeed Summarize() => new(
            _name,
            _kind,
            BenchSession.Median(_oneRounds.Select(round => round.Median)),
            BenchSession.Median(_oneRounds.Select(round => round.P99)),
            _many is null ? null : BenchSession.Median(_manyRounds),
            _oneRounds.Min(round => round.Bytes));

        public void Dispose()
        {
            _one.Dispose();
            _many?.Dispose();
            _states.Dispose();
        }
    }
}
