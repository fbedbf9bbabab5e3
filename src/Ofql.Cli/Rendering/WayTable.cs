using System.Text.Json.Nodes;
using Ofql.Training;

namespace Ofql.Cli.Rendering;

/// <summary>
/// The ways of acting side by side, from numbers named <c>way/statistic</c>. Narrow enough for a terminal of 80 columns.
/// </summary>
internal static class WayTable
{
    public static void Write(CommandContext context, IReadOnlyList<NamedValue> values, bool hasScore)
    {
        string[] scores = hasScore ? ["score", "± se"] : [];
        var table = new TextTable(["way of acting", .. scores, "return", "± se", "min", "max", "length"]);
        foreach (var (way, numbers) in Group(values))
        {
            string Cell(string statistic, string format = "F2") => TextTable.Number(numbers.TryGetValue(statistic, out var value) ? value : null, format);
            string[] score = hasScore ? [Cell("score"), Cell("score_error")] : [];
            table.Add([way.Replace('_', ' '), .. score, Cell("return"), Cell("return_error"), Cell("return_minimum"), Cell("return_maximum"), Cell("length", "F1")]);
        }

        table.Write(context);
    }

    public static JsonObject ToJson(IReadOnlyList<NamedValue> values)
    {
        var json = new JsonObject();
        foreach (var (way, numbers) in Group(values))
            json[way] = new JsonObject(numbers.Select(pair => KeyValuePair.Create(pair.Key, CommandContext.Number(pair.Value))));
        return json;
    }

    private static IEnumerable<(string Way, Dictionary<string, double> Numbers)> Group(IReadOnlyList<NamedValue> values) =>
        values.GroupBy(value => value.Name.Split('/')[0]).Select(group => (group.Key, group.ToDictionary(
            value => value.Name[(group.Key.Length + 1)..], value => value.Value)));
}
