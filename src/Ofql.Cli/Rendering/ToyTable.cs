using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Experiments.Toy;

namespace Ofql.Cli.Rendering;

/// <summary>Mean and sample deviation of one number over seeds; the deviation is NaN for one seed.</summary>
internal readonly record struct OverSeeds(double Mean, double Deviation)
{
    public static OverSeeds Of(IEnumerable<double> values)
    {
        var all = values.ToArray();
        return new OverSeeds(Statistics.Mean(all), Statistics.StandardDeviation(all));
    }

    public JsonObject ToJson() => new() { ["mean"] = CommandContext.Number(Mean), ["deviation"] = CommandContext.Number(Deviation) };
}

/// <summary>One arm at one number of steps on one set, over the seeds.</summary>
internal sealed record ToyRow(string Set, string Arm, int Steps, OverSeeds Distance, double Floor, OverSeeds OffSupport, OverSeeds FarOff, OverSeeds Gap)
{
    public static IReadOnlyList<ToyRow> Of(IReadOnlyList<ToyResult> results)
    {
        var floors = results.Where(result => result.Arm == ToyExperiment.Data).GroupBy(result => result.Set)
            .ToDictionary(set => set.Key, set => set.Average(result => result.Distance));
        return results.GroupBy(result => (result.Set, result.Arm, result.Steps)).Select(group => new ToyRow(
            group.Key.Set, group.Key.Arm, group.Key.Steps, OverSeeds.Of(group.Select(result => result.Distance)), floors[group.Key.Set],
            OverSeeds.Of(group.Select(result => result.OffSupport)), OverSeeds.Of(group.Select(result => result.FarOff)),
            OverSeeds.Of(group.Select(result => result.Gap)))).ToList();
    }
}

/// <summary>The toy experiment as a table and as JSON.</summary>
internal static class ToyTable
{
    private static readonly string OneStepArm = ToyMethod.AverageVelocity(new Flow.TimeSampling()).Name;

    public static void Write(CommandContext context, IReadOnlyList<ToyRow> rows)
    {
        var table = new TextTable("set", "method", "steps", "distance", "± sd", "x floor", "off support", "± sd", "far off");
        foreach (var row in rows)
        {
            table.Add(
                row.Set, row.Arm, row.Steps == 0 ? "-" : row.Steps.ToString(CultureInfo.InvariantCulture),
                TextTable.Number(row.Distance.Mean, "F4"), TextTable.Number(row.Distance.Deviation, "F4"), TextTable.Number(row.Distance.Mean / row.Floor, "F1"),
                Percent(row.OffSupport.Mean), Percent(row.OffSupport.Deviation), Percent(row.FarOff.Mean));
        }

        table.Write(context);
    }

    /// <summary>Of each set, the distance of every method's one step over that of one step of the average velocity, the policy class of OFQL.</summary>
    public static IEnumerable<(string Set, IReadOnlyList<(string Arm, double Ratio)> Ratios)> OneStepRatios(IReadOnlyList<ToyRow> rows)
    {
        var one = rows.Where(row => row.Steps == 1).ToList();
        foreach (var own in one.Where(row => row.Arm == OneStepArm))
            yield return (own.Set, one.Where(row => row.Set == own.Set && row.Arm != OneStepArm).Select(row => (row.Arm, row.Distance.Mean / own.Distance.Mean)).ToList());
    }

    public static JsonArray ToJson(IReadOnlyList<ToyRow> rows) => new(rows.Select(row => (JsonNode)new JsonObject
    {
        ["set"] = row.Set,
        ["method"] = row.Arm,
        ["steps"] = row.Steps,
        ["sliced_wasserstein"] = row.Distance.ToJson(),
        ["floor"] = CommandContext.Number(row.Floor),
        ["off_support"] = row.OffSupport.ToJson(),
        ["far_off"] = row.FarOff.ToJson(),
        ["mean_gap"] = row.Gap.ToJson(),
    }).ToArray());

    private static string Percent(double share) => double.IsFinite(share) ? TextTable.Number(100 * share, "F1") + " %" : "-";
}
