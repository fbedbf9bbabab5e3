using Ofql.Graph.Execution;

namespace Ofql.Cli.Bench;

/// <summary>Instructions of one class together.</summary>
/// <param name="Instruction">Class.</param>
/// <param name="Kind">How its work is shared among threads.</param>
/// <param name="Count">Instructions.</param>
/// <param name="Microseconds">Their time per update.</param>
/// <param name="Share">Of the update's time.</param>
/// <param name="Largest">What the slowest of them writes.</param>
internal sealed record InstructionGroup(string Instruction, string Kind, int Count, double Microseconds, double Share, string Largest)
{
    /// <summary>Groups by class, largest first.</summary>
    public static IReadOnlyList<InstructionGroup> Of(IReadOnlyList<InstructionTiming> timings)
    {
        var total = timings.Sum(timing => timing.Microseconds);
        return timings.GroupBy(timing => (timing.Instruction, timing.Kind))
            .Select(group => Of(group.Key.Instruction, group.Key.Kind, group.OrderByDescending(timing => timing.Microseconds).ToList(), total))
            .OrderByDescending(group => group.Microseconds)
            .ToList();
    }

    private static InstructionGroup Of(string instruction, string kind, List<InstructionTiming> members, double total)
    {
        var sum = members.Sum(timing => timing.Microseconds);
        return new InstructionGroup(instruction, kind, members.Count, sum, sum / total, members[0].Target);
    }
}
