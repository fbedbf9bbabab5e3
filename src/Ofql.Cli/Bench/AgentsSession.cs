using Ofql.Agents;
using Ofql.Data;
using Ofql.Graph.Execution;

namespace Ofql.Cli.Bench;

/// <summary>What an algorithm costs, on one thread; medians over the rounds.</summary>
/// <param name="Agent">Algorithm.</param>
/// <param name="UpdatesPerSecond">Updates per second.</param>
/// <param name="GigaFlop">Work of one update: executed products of unpadded shapes, a multiply-add counting two.</param>
/// <param name="ShareOfPeak">Work / time / peak, the peak measured right before.</param>
/// <param name="PeakGflops">That peak.</param>
/// <param name="ActMicroseconds">One action by one sample: half of the calls were faster.</param>
/// <param name="CandidatesMicroseconds">One action chosen among candidates by the critics; null where the policy draws none.</param>
/// <param name="BytesPerUpdate">Managed bytes allocated per update, the least of the rounds.</param>
/// <param name="Instructions">Time of every instruction of an update; empty where not asked for.</param>
internal sealed record AgentCost(
    string Agent, double UpdatesPerSecond, double GigaFlop, double ShareOfPeak, double PeakGflops, double ActMicroseconds, double? CandidatesMicroseconds, double BytesPerUpdate, IReadOnlyList<InstructionTiming> Instructions);

/// <summary>
/// Updates and actions of algorithms at their defaults, one after the other, each beside the peak of its own moment, so that a slow
/// moment of the machine is in both.
/// </summary>
internal sealed class AgentsSession(BenchOptions options, IReadOnlyDictionary<string, string> wanted, int candidates, bool profile)
{
    private const int Rows = 100_000;
    private const int ActCalls = 5000;
    private const int CandidateCalls = 250;
    private const int AllocationUpdates = 5;
    private const int ProfileRepeats = 20;

    /// <summary>The algorithms with networks: all but the tables of adaptive Q-learning.</summary>
    public static IReadOnlyList<string> Agents { get; } = AgentCatalog.All.Where(AgentSizes.HasNetworks).Select(factory => factory.Name).ToList();

    /// <exception cref="UsageException">An algorithm without networks, an option that none of the algorithms has, or a value that it cannot have.</exception>
    public IReadOnlyList<AgentCost> Run(IReadOnlyList<string> names, Action<string> say, CancellationToken cancellation)
    {
        var factories = names.Select(AgentCatalog.Find).ToList();
        AgentSizes.RequireNetworks(factories);
        foreach (var option in wanted.Keys.Where(key => !factories.Exists(factory => factory.Options.Any(option => option.Name == key))))
            throw new UsageException($"--set {option}: none of {string.Join(", ", names)} has this option (ofql list agents shows them).");
        using var data = SyntheticData.Make(Rows, options.Shape.State, options.Shape.Action);
        var costs = new List<AgentCost>();
        foreach (var factory in factories)
        {
            costs.Add(Measure(factory, data, cancellation));
            say(FormattableString.Invariant($"{factory.Name}: {costs[^1].UpdatesPerSecond:F1} updates/s, {costs[^1].ShareOfPeak:P1} of peak"));
        }

        return costs;
    }

    private AgentCost Measure(IAgentFactory factory, TransitionDataset data, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var meter = new UpdateMeter(context => AgentSizes.CreateProgram(factory, wanted, context), data, threads: 1);
        var one = meter.CreateActor(new ActingOptions());
        using var actor = new ActMeter(one, data);
        var choosing = meter.CreateActor(new ActingOptions { Candidates = candidates });
        // What draws no candidates would act as above.
        using var many = choosing.NoisePerState > one.NoisePerState ? new ActMeter(choosing, data) : null;
        if (many is null)
            choosing.Dispose();
        var rounds = new List<(UpdateRound Update, double Act, double? Many, double Bytes)>();
        for (var round = 0; round < options.Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            rounds.Add((meter.Round(options), actor.Measure(ActCalls).Median, many?.Measure(CandidateCalls).Median, meter.AllocatedBytes(AllocationUpdates)));
        }

        return new AgentCost(
            factory.Name,
            BenchSession.Median(rounds.Select(round => round.Update.Rate)),
            BenchSession.Median(rounds.Select(round => round.Update.GigaFlop)),
            BenchSession.Median(rounds.Select(round => round.Update.Share)),
            BenchSession.Median(rounds.Select(round => round.Update.Peak)),
            BenchSession.Median(rounds.Select(round => round.Act)),
            many is null ? null : BenchSession.Median(rounds.Select(round => round.Many!.Value)),
            rounds.Min(round => round.Bytes),
            profile ? meter.Profile(ProfileRepeats) : []);
    }
}
