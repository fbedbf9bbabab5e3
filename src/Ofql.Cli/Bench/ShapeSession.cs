using System.Globalization;
using Ofql.Agents;

namespace Ofql.Cli.Bench;

/// <summary>One cell of the table of shapes.</summary>
/// <param name="Agent">Algorithm.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Threads">Threads.</param>
internal sealed record ShapeCell(string Agent, BenchShape Shape, int Threads);

/// <summary>What a cell reached.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="UpdatesPerSecond">Median over the rounds.</param>
/// <param name="GigaFlop">Work of one update: executed products of unpadded shapes, a multiply-add counting two.</param>
/// <param name="ShareOfPeak">Median over the rounds of work / time / peak, the peak measured right before.</param>
internal sealed record ShapeResult(ShapeCell Cell, double UpdatesPerSecond, double GigaFlop, double ShareOfPeak);

/// <summary>
/// Update rates of algorithms over widths, batches and states. Cells are measured one after the other, each beside the peak of its own
/// moment, so that a slow moment of the machine is in both.
/// </summary>
internal sealed class ShapeSession(BenchOptions options)
{
    private const int Rows = 100_000;

    /// <summary>The algorithms of the table: one of each family, with the steps of the paper's comparison.</summary>
    public static IReadOnlyList<string> DefaultAgents { get; } = ["ofql", "dql", "iql", "td3_bc", "cql"];

    /// <exception cref="UsageException">An algorithm without networks.</exception>
    public IReadOnlyList<ShapeResult> Run(IReadOnlyList<ShapeCell> cells, Action<ShapeResult> say, CancellationToken cancellation)
    {
        AgentSizes.RequireNetworks(cells.Select(cell => AgentCatalog.Find(cell.Agent)));
        var results = new List<ShapeResult>();
        foreach (var ofState in cells.GroupBy(cell => (cell.Shape.State, cell.Shape.Action)))
        {
            using var data = SyntheticData.Make(Rows, ofState.Key.State, ofState.Key.Action);
            foreach (var cell in ofState)
            {
                cancellation.ThrowIfCancellationRequested();
                using var meter = new UpdateMeter(context => Create(cell, context), data, cell.Threads);
                var rounds = Enumerable.Range(0, options.Rounds).Select(_ =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    return meter.Round(options);
                }).ToList();
                var result = new ShapeResult(
                    cell,
                    BenchSession.Median(rounds.Select(round => round.Rate)),
                    BenchSession.Median(rounds.Select(round => round.GigaFlop)),
                    BenchSession.Median(rounds.Select(round => round.Share)));
                say(result);
                results.Add(result);
            }
        }

        return results;
    }

    /// <summary>The algorithm at its defaults in these sizes; diffusion in 5 steps, averages that move from the start.</summary>
    private static ProgramAgent Create(ShapeCell cell, AgentContext context)
    {
        var factory = AgentCatalog.Find(cell.Agent);
        var wanted = new Dictionary<string, string>
        {
            ["hidden_width"] = Text(cell.Shape.Hidden), ["batch_size"] = Text(cell.Shape.Batch), ["actor_average_start"] = "0",
            ["embedding_size"] = Text(cell.Shape.Embedding), ["steps"] = "5",
        };
        return AgentSizes.CreateProgram(factory, wanted, context);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
