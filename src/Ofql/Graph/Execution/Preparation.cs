using Ofql.Graph.Parameters;

namespace Ofql.Graph.Execution;

/// <summary>
/// What a program that only computes values need not compute in every run: all that follows from constants and parameters, such as
/// what the embedding of a fixed time adds to a bias. It is computed anew when a parameter block has changed.
/// </summary>
/// <param name="phases">Phases at the beginning of the program that do it.</param>
/// <param name="blocks">The blocks that the program reads.</param>
internal sealed class Preparation(int phases, ParameterBlock[] blocks)
{
    private long _seen = -1;

    /// <summary>Phases at the beginning of the program.</summary>
    public int Phases => phases;

    /// <summary>First phase of this run.</summary>
    public int FirstPhase { get; private set; }

    /// <summary>Instructions that read nothing that changes from run to run, and whose results nothing else writes to.</summary>
    /// <param name="instructions">All instructions of a program, which updates no parameters.</param>
    /// <param name="inputs">Storages written from outside.</param>
    public static List<Instruction> Of(IReadOnlyList<Instruction> instructions, IEnumerable<Storage> inputs)
    {
        var changing = inputs.ToHashSet();
        int before;
        do
        {
            before = changing.Count;
            foreach (var instruction in instructions.Where(instruction => instruction is FillInputsInstruction || instruction.Kind == WorkKind.Rows || Touches(instruction)))
                changing.UnionWith(instruction.Writes);
        }
        while (changing.Count > before);

        var still = instructions.Where(instruction => !instruction.Writes.Any(changing.Contains)).ToList();
        foreach (var storage in still.SelectMany(instruction => instruction.Writes))
            storage.Pinned = true;
        return still;

        bool Touches(Instruction instruction) => instruction.Reads.Concat(instruction.Writes).Any(changing.Contains);
    }

    /// <summary>Looks whether parameters have changed since the last run.</summary>
    public void Check()
    {
        var now = 0L;
        foreach (var block in blocks)
            now += block.Version;
        FirstPhase = now == _seen ? phases : 0;
        _seen = now;
    }

    /// <summary>A run has failed: what it should have prepared may be missing.</summary>
    public void Forget() => _seen = -1;
}
