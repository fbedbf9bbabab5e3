using Ofql.Graph.Execution;

namespace Ofql.Cli.Bench;

/// <summary>Instructions of one class together.</summary>
/// <param name="Instruction">Class.</param>
/// <param name="Kind">How its work is shared among threads.</param>
/// <param name="Count">Instructions.</param>
/// <param name="Microseconds">Their time per update.</param>
/// <param name="Share">Of the update's time.</param>
/// <param name="Largest">What the slowest of them writes.</param>
/// <param name="MultiplyAdds">Multiply-adds of matrix products per update, of unpadded shapes; 0 for everything else.</param>
internal sealed record InstructionGroup(string Instruction, string Kind, int Count, double Microseconds, double Share, string Largest, long MultiplyAdds)
{
    /// <summary>What the same multiply-adds would take less at a peak in GFLOP/s.</summary>
    public double Lost(double peak) => Microseconds - (2e-3 * MultiplyAdds / peak);

    /// <summary>Groups by class, largest first.</summary>
    public static IReadOnlyList<InstructionGroup> Of(IReadOnlyList<InstructionTiming> timings)
    {
        var total = timings.Sum(timing => timing.Microseconds);
        return timings.GroupBy(timing => (timing.Instruction, timing.Kind))
            .Select(group => Of(group.Key.Instruction, group.Key.Kind, group.OrderByDescending(timing => timing.Microseconds).ToList(), total))
            .OrderByDescending(group => group.Microseconds)
            .ToList();
    }

    /// <summary>Groups by class and by what they write, those that lose most against the peak first.</summary>
    public static IReadOnlyList<InstructionGroup> ByLoss(IReadOnlyList<InstructionTiming> timings, double peak)
    {
        var total = timings.Sum(timing => timing.Microseconds);
        return timings.GroupBy(timing => (timing.Instruction, timing.Kind, timing.Target))
            .Select(group => Of(group.Key.Instruction, group.Key.Kind, group.ToList(), total))
            .OrderByDescending(group => group.Lost(peak))
            .ToList();
    }

    private static InstructionGroup Of(string instruction, string kind, List<InstructionTiming> members, double total)
    {
        var sum = members.Sum(timing => timing.Microseconds);
        return new InstructionGroup(instruction, kind, members.Count, sum, sum / total, members[0].Target, members.Sum(timing => timing.MultiplyAdds));
    }
}
