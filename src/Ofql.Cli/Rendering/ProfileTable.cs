using System.Globalization;
using Ofql.Cli.Bench;
using Ofql.Graph.Execution;

namespace Ofql.Cli.Rendering;

/// <summary>Where the time of an update goes, as text.</summary>
internal static class ProfileTable
{
    private const int Rows = 15;

    /// <summary>The instructions by class, then those that cost most beyond their multiply-adds.</summary>
    /// <param name="context">Where to write.</param>
    /// <param name="timings">Every instruction of an update on one thread.</param>
    /// <param name="peak">GFLOP/s that multiply-adds reach.</param>
    public static void Write(CommandContext context, IReadOnlyList<InstructionTiming> timings, double peak)
    {
        WriteGroups(context, InstructionGroup.Of(timings));
        WriteLosses(context, InstructionGroup.ByLoss(timings, peak), peak);
    }

    private static void WriteGroups(CommandContext context, IReadOnlyList<InstructionGroup> groups)
    {
        context.Out.WriteLine();
        context.Out.WriteLine($"Where an update goes on one thread, {TextTable.Number(groups.Sum(group => group.Microseconds), "F0")} us in all:");
        var table = new TextTable("instruction", "work by", "count", "us", "share", "slowest of them");
        foreach (var group in groups)
        {
            table.Add(
                ShortName(group), group.Kind.ToLowerInvariant(), group.Count.ToString(CultureInfo.InvariantCulture),
                TextTable.Number(group.Microseconds, "F1"), TextTable.Number(100 * group.Share, "F1") + " %", group.Largest);
        }

        table.Write(context);
    }

    /// <summary>Where to look first: the time of each instruction beyond what its multiply-adds would take at the peak.</summary>
    private static void WriteLosses(CommandContext context, IReadOnlyList<InstructionGroup> groups, double peak)
    {
        context.Out.WriteLine();
        context.Out.WriteLine($"What costs more than its multiply-adds at the peak, {TextTable.Number(groups.Sum(group => group.Lost(peak)), "F0")} us in all; the first {Rows}:");
        var table = new TextTable("instruction", "writes", "count", "us", "of peak", "us lost");
        foreach (var group in groups.Take(Rows))
        {
            table.Add(
                ShortName(group), group.Largest, group.Count.ToString(CultureInfo.InvariantCulture), TextTable.Number(group.Microseconds, "F1"),
                group.MultiplyAdds > 0 ? TextTable.Number(100 * (1 - (group.Lost(peak) / group.Microseconds)), "F0") + " %" : "", TextTable.Number(group.Lost(peak), "F1"));
        }

        table.Write(context);
    }

    private static string ShortName(InstructionGroup group) => group.Instruction.Replace("Instruction", "", StringComparison.Ordinal);
}
