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
    private long _done = -1;
    private long _asked;

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

    /// <summary>Looks whether parameters have changed since the last run. Until this one is <see cref="Complete"/>, nothing counts as prepared.</summary>
    public void Check()
    {
        _asked = 0;
        foreach (var block in blocks)
            _asked += block.Version;
        FirstPhase = _asked == _done ? phases : 0;
        _done = -1;
    }

    /// <summary>The run has come to its end.</summary>
    public void Complete() => _done = _asked;
}
