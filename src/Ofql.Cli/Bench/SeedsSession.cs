using Ofql.Agents.Ofql;
using Ofql.Data;

namespace Ofql.Cli.Bench;

/// <summary>Medians over the rounds.</summary>
/// <param name="Seeds">Runs side by side, one thread each.</param>
/// <param name="AloneRate">Updates per second of one of them alone.</param>
/// <param name="TotalRate">Updates per second of all together.</param>
/// <param name="Ratio">The second over the first: the median of the rounds' ratios.</param>
internal sealed record SeedsResult(int Seeds, double AloneRate, double TotalRate, double Ratio);

/// <summary>What several seeds at once make together, against one alone: as <c>ofql train --seeds</c> runs them, one thread each.</summary>
internal sealed class SeedsSession : IDisposable
{
    private readonly BenchOptions _options;
    private readonly TransitionDataset _data;
    private readonly List<UpdateMeter> _meters = [];

    public SeedsSession(BenchOptions options)
    {
        _options = options;
        _data = SyntheticData.Make(options.Rows, options.Shape.State, options.Shape.Action);
        for (var seed = 0; seed < options.Threads; seed++)
            _meters.Add(new UpdateMeter(context => new OfqlAgent(options.Shape.Settings, context), _data, threads: 1));
    }

    public SeedsResult Run(Action<string> say, CancellationToken cancellation)
    {
        var rounds = new List<(double Alone, double Total)>();
        for (var round = 1; round <= _options.Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            var alone = _meters[(round - 1) % _meters.Count].Rate(_options.Seconds);
            cancellation.ThrowIfCancellationRequested();
            rounds.Add((alone, SideBySide.Sum(_meters.Count, member => _meters[member].Rate(_options.Seconds))));
            say(FormattableString.Invariant($"round {round} of {_options.Rounds}: {alone:F1} updates/s alone, {rounds[^1].Total:F1} of {_meters.Count} at once"));
        }

        _meters.ForEach(meter => meter.CheckHealth());
        return new SeedsResult(
            _meters.Count,
            BenchSession.Median(rounds.Select(round => round.Alone)),
            BenchSession.Median(rounds.Select(round => round.Total)),
            BenchSession.Median(rounds.Select(round => round.Total / round.Alone)));
    }

    public void Dispose()
    {
        _meters.ForEach(meter => meter.Dispose());
        _data.Dispose();
    }
}
