using System.Text.Json.Nodes;
using Ofql.Cli.Runs;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Rendering;

/// <summary>One way of acting over the seeds.</summary>
internal sealed record SeedRow(string Way, IReadOnlyList<double?> BySeed, double Mean, double StandardError, double Low, double High);

/// <summary>
/// The last evaluations of several seeds: mean, standard error and 95 % interval over seeds (Student's t). The seeds are the
/// sample, not their episodes: episodes of one policy say nothing about how the algorithm varies.
/// </summary>
internal sealed record SeedTable(IReadOnlyList<ulong> Seeds, IReadOnlyList<SeedRow> Rows)
{
    /// <summary>The step of each seed's evaluation; null where it has none.</summary>
    public required IReadOnlyList<long?> Steps { get; init; }

    /// <summary>What is to be known where the seeds were not evaluated at one step, since one diverged or all were stopped; null where they were.</summary>
    public string? Caution => Steps.Distinct().Count() <= 1 ? null
        : "The seeds were not evaluated at one step: " + string.Join(", ", Seeds.Zip(Steps, (seed, step) => step is { } at ? FormattableString.Invariant($"seed {seed} at {at}") : $"seed {seed} not at all"))
            + ". Mean and interval are of what is there, and say little.";

    public static SeedTable Of(IReadOnlyList<SessionResult> results, string statistic) =>
        Of(results, results.Select(result => result.Evaluations.Count > 0 ? result.Evaluations[^1] : null).ToList(), statistic);

    /// <summary>The same of the checkpoints that the runs began from; null where they began with nothing.</summary>
    public static SeedTable? Before(IReadOnlyList<SessionResult> results, string statistic) => results.Any(result => result.Before is not null)
        ? Of(results, results.Select(result => result.Before).ToList(), statistic)
        : null;

    private static SeedTable Of(IReadOnlyList<SessionResult> results, List<EvaluationRow?> last, string statistic)
    {
        var ways = last.SelectMany(row => row?.Values ?? []).Select(value => value.Name)
            .Where(name => name.EndsWith("/" + statistic, StringComparison.Ordinal)).Distinct();
        var rows = ways.Select(name =>
        {
            var bySeed = last.Select(row => row?.Find(name)).ToList();
            var values = bySeed.OfType<double>().ToArray();
            var interval = values.Length > 1 ? Statistics.MeanInterval(values) : new ConfidenceInterval(double.NaN, double.NaN);
            return new SeedRow(name.Split('/')[0], bySeed, Statistics.Mean(values), values.Length > 1 ? Statistics.StandardError(values) : double.NaN, interval.Low, interval.High);
        }).ToList();
        return new SeedTable(results.Select(result => result.Seed).ToList(), rows) { Steps = last.Select(row => row?.Step).ToList() };
    }

    public void Write(CommandContext context, string title, string which)
    {
        if (Rows.Count == 0)
            return;
        context.Out.WriteLine($"{title} of {which}, over {Seeds.Count} seeds:");
        var table = new TextTable(["way of acting", "mean", "± se", "95 % interval", .. Seeds.Select(seed => $"seed {seed}")]);
        foreach (var row in Rows)
        {
            var interval = $"{TextTable.Number(row.Low)} .. {TextTable.Number(row.High)}";
            table.Add([row.Way.Replace('_', ' '), TextTable.Number(row.Mean), TextTable.Number(row.StandardError), interval, .. row.BySeed.Select(value => TextTable.Number(value))]);
        }

        table.Write(context);
        if (Caution is { } caution)
            context.Out.WriteLine(caution);
    }

    public JsonObject ToJson(string statistic) => new()
    {
        ["statistic"] = statistic,
        ["seeds"] = new JsonArray(Seeds.Select(seed => (JsonNode)seed).ToArray()),
        ["steps"] = new JsonArray(Steps.Select(step => (JsonNode?)step).ToArray()),
        ["ways"] = new JsonObject(Rows.Select(row => KeyValuePair.Create(row.Way, (JsonNode?)new JsonObject
        {
            ["mean"] = CommandContext.Number(row.Mean),
            ["standard_error"] = CommandContext.Number(row.StandardError),
            ["low_95"] = CommandContext.Number(row.Low),
            ["high_95"] = CommandContext.Number(row.High),
            ["by_seed"] = new JsonArray(row.BySeed.Select(value => CommandContext.Number(value)).ToArray()),
        }))),
    };
}
