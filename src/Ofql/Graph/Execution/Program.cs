using System.Diagnostics;
using Ofql.Graph.Parameters;
using Ofql.Kernels;

namespace Ofql.Graph.Execution;

/// <summary>
/// A compiled graph: phases of instructions with a barrier between phases, all buffers allocated. <see cref="Run"/> replays it
/// and allocates nothing. Its results do not depend on the number of threads: every reduction has a fixed order.
/// </summary>
public sealed unsafe class Program : IDisposable
{
    /// <summary>
    /// Batch elements per block of a row phase: a block runs through all instructions of the phase while its rows are in the second-level cache.
    /// Larger blocks read the weights less often; where the cache holds 2 MB, 256 rows of a layer of 256, its derivative, its input and a weight fit.
    /// </summary>
    private static readonly int _blockRows = ProcessorFacts.SecondLevelCacheBytes >= 2 << 20 ? 256 : 128;

    private readonly Phase[] _phases;
    private readonly ProgramMemory _memory;
    private readonly WorkerTeam _team;
    private readonly Dictionary<Node, Storage> _readable;
    private readonly int _batch;
    private readonly int _blockElements;
    private readonly Preparation _preparation;
    private readonly long _work;
    private readonly long _workPrepared;
    private readonly Instruction[] _counting;
    private readonly ParameterBlock[] _updated;

    /// <param name="team">Runs it.</param>
    /// <param name="batch">B.</param>
    /// <param name="largestMultiplicity">Rows of the tallest value per batch element.</param>
    /// <param name="phases">What is done.</param>
    /// <param name="memory">Where its values lie.</param>
    /// <param name="readable">Values that can be read after a run.</param>
    /// <param name="preparation">The phases at the beginning that need not be repeated while the parameters stand still.</param>
    /// <param name="updated">Blocks whose values a run changes.</param>
    internal Program(
        WorkerTeam team, int batch, int largestMultiplicity, Phase[] phases, ProgramMemory memory, Dictionary<Node, Storage> readable, Preparation preparation, ParameterBlock[] updated)
    {
        _preparation = preparation;
        _work = WorkOf(phases);
        _workPrepared = WorkOf(phases.Skip(preparation.Phases));
        _counting = [.. phases.SelectMany(phase => phase.Instructions).Where(instruction => instruction.CountsAsItRuns)];
        _updated = updated;
        _team = team;
        _batch = batch;
        _phases = phases;
        _memory = memory;
        _readable = readable;
        _blockElements = Math.Max(16, _blockRows / largestMultiplicity / 16 * 16);
    }

    /// <summary>Barriers per run: the number of phases.</summary>
    public int PhaseCount => _phases.Length;

    /// <summary>Multiply-adds of the matrix products of all runs so far, counted from unpadded shapes: what was executed, not what a formula would take.</summary>
    public long MultiplyAdds { get; private set; }

    /// <summary>Whether the last run could leave out what follows from parameters alone, in tests.</summary>
    internal bool WasPrepared => _preparation.FirstPhase > 0;

    /// <summary>Bytes that the values of a run take, most of them shared with the other programs of the graph.</summary>
    public long MemoryBytes => (_memory.Own.Length + _memory.SharedLength) * sizeof(float);

    /// <summary>Runs once.</summary>
    public void Run()
    {
        _preparation.Check();
        _team.Run(this);
        _preparation.Complete();
        MultiplyAdds += _preparation.FirstPhase == 0 ? _work : _workPrepared;
        foreach (var instruction in _counting)
            MultiplyAdds += instruction.TakeMultiplyAdds();
        foreach (var block in _updated)
            block.Changed();
    }

    /// <summary>The value of a [1, 1] node that was asked for when the program was built.</summary>
    public float Scalar(Node node) => *Find(node).Pointer;

    /// <summary>Copies the value of a node that was asked for, row-major [R, C].</summary>
    public void Read(Node node, Span<float> destination)
    {
        var storage = Find(node);
        storage.Layout.Unpack(storage.Pointer, destination);
    }

    /// <summary>
    /// Where the time goes: runs the program on the calling thread alone and times every instruction. Blocks of rows run as in
    /// <see cref="Run"/>, so caches see the same traffic.
    /// </summary>
    /// <param name="repeats">Runs to average over.</param>
    public IReadOnlyList<InstructionTiming> Profile(int repeats)
    {
        var timings = new List<InstructionTiming>();
        var ticks = _phases.Select(phase => new long[phase.Instructions.Length]).ToArray();
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            for (var i = 0; i < _phases.Length; i++)
                ProfilePhase(_phases[i], ticks[i]);
        }

        foreach (var block in _updated)
            block.Changed();
        for (var i = 0; i < _phases.Length; i++)
        {
            for (var j = 0; j < ticks[i].Length; j++)
            {
                var instruction = _phases[i].Instructions[j];
                var time = ticks[i][j] * 1e6 / Stopwatch.Frequency / repeats;
                timings.Add(new InstructionTiming(i, instruction.Kind.ToString(), instruction.GetType().Name, instruction.Writes[0].Name, time, instruction.MultiplyAdds + (instruction.TakeMultiplyAdds() / repeats)));
            }
        }

        return timings;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Own.Dispose();

    private void ProfilePhase(Phase phase, long[] ticks)
    {
        var (step, count) = phase.Kind == WorkKind.Rows ? (_blockElements, _batch) : (int.MaxValue, 1);
        for (var block = 0; block < count; block = step == int.MaxValue ? count : block + step)
        {
            for (var i = 0; i < ticks.Length; i++)
            {
                var instruction = phase.Instructions[i];
                var end = phase.Kind == WorkKind.Rows ? Math.Min(_batch, block + step) : phase.Kind == WorkKind.Tasks ? instruction.TaskCount : 1;
                var start = Stopwatch.GetTimestamp();
                instruction.Execute(block, end);
                ticks[i] += Stopwatch.GetTimestamp() - start;
            }
        }
    }

    internal void RunMember(WorkerTeam team, int member)
    {
        var start = _preparation.FirstPhase;
        for (var i = start; i < _phases.Length; i++)
        {
            if (i > start)
                team.Barrier();
            ref readonly var phase = ref _phases[i];
            switch (phase.Kind)
            {
                case WorkKind.Rows:
                    RunRows(phase, team.Threads, member);
                    break;
                case WorkKind.Tasks:
                    RunTasks(phase, team.Threads, member);
                    break;
                default:
                    if (member == 0)
                        RunSingle(phase.Instructions);
                    break;
            }
        }
    }

    private void RunRows(in Phase phase, int threads, int member)
    {
        // Whole groups of rows per thread, so that vectors and partial sums never straddle threads.
        var instructions = phase.Instructions;
        var groups = (_batch + phase.GroupRows - 1) / phase.GroupRows;
        var first = Math.Min(_batch, groups * member / threads * phase.GroupRows);
        var end = Math.Min(_batch, groups * (member + 1) / threads * phase.GroupRows);
        for (var block = first; block < end; block += _blockElements)
        {
            var blockEnd = Math.Min(end, block + _blockElements);
            for (var i = 0; i < instructions.Length; i++)
                instructions[i].Execute(block, blockEnd);
        }
    }

    private static void RunTasks(in Phase phase, int threads, int member)
    {
        var instructions = phase.Instructions;
        if (phase.OnePartition)
        {
            RunTaskByTask(instructions, threads, member);
            return;
        }

        for (var i = 0; i < instructions.Length; i++)
        {
            var (first, end) = Share(instructions[i].TaskCount, threads, member);
            if (first < end)
                instructions[i].Execute(first, end);
        }
    }

    /// <summary>All instructions on one task, then on the next: what one has written (stepped parameters) the next reads (their average) while it is near.</summary>
    private static void RunTaskByTask(Instruction[] instructions, int threads, int member)
    {
        var (first, end) = Share(instructions[0].TaskCount, threads, member);
        for (var task = first; task < end; task++)
        {
            for (var i = 0; i < instructions.Length; i++)
                instructions[i].Execute(task, task + 1);
        }
    }

    /// <summary>The tasks of one member of a team.</summary>
    private static (int First, int End) Share(int tasks, int threads, int member) =>
        ((int)((long)tasks * member / threads), (int)((long)tasks * (member + 1) / threads));

    private static void RunSingle(Instruction[] instructions)
    {
        for (var i = 0; i < instructions.Length; i++)
            instructions[i].Execute(0, 1);
    }

    private static long WorkOf(IEnumerable<Phase> phases) => phases.Sum(phase => phase.Instructions.Sum(instruction => instruction.MultiplyAdds));

    private Storage Find(Node node) =>
        _readable.TryGetValue(node, out var storage)
            ? storage
            : throw new GraphException($"Node '{node.Name}' was not asked for when the program was built. Add it to Compute(...).");
}

/// <summary>Instructions of one kind that need no barrier among themselves.</summary>
internal readonly record struct Phase(WorkKind Kind, Instruction[] Instructions)
{
    /// <summary>Rows that stay with one thread: fewer of a phase that allows it, so that 50 rows are 24 and 26 for two.</summary>
    public int GroupRows { get; } = Array.TrueForAll(Instructions, instruction => instruction.CutsFinely) ? 8 : 16;

    /// <summary>Several task instructions that are cut alike: task i of one touches only what task i of the others touches.</summary>
    public bool OnePartition { get; } = Kind == WorkKind.Tasks && Instructions.Length > 1 && Instructions.All(Instructions[0].IsCutLike);
}

/// <summary>Time of one instruction of a program.</summary>
/// <param name="Phase">Number of its phase.</param>
/// <param name="Kind">Rows, Tasks or Single.</param>
/// <param name="Instruction">Kind of instruction.</param>
/// <param name="Target">What it writes.</param>
/// <param name="Microseconds">Mean time per run on one thread.</param>
/// <param name="MultiplyAdds">Multiply-adds of a matrix product, of unpadded shapes; 0 for everything else.</param>
public sealed record InstructionTiming(int Phase, string Kind, string Instruction, string Target, double Microseconds, long MultiplyAdds);
