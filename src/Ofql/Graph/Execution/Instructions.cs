using Ofql.Graph.Nodes;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Randomness;
using Ofql.Kernels.Reductions;

namespace Ofql.Graph.Execution;

/// <summary>Writes a number.</summary>
internal sealed unsafe class FillInstruction(Storage target, float value) : Instruction(WorkKind.Single, [], [target])
{
    public override void Execute(int first, int end)
    {
        for (var i = 0; i < target.Length; i++)
            target.Pointer[i] = value;
    }
}

/// <summary>Lets a source write the rows of inputs.</summary>
internal sealed class FillInputsInstruction(int batch, Storage[] inputs, IRowSource source)
    : Instruction(batch == 1 ? WorkKind.Single : WorkKind.Rows, [], inputs)
{
    public override void Execute(int first, int end) => source.Fill(first, Math.Min(end, batch));
}

/// <summary>Writes rows of a program's inputs, such as a batch gathered from a dataset or noise from a counter.</summary>
public interface IRowSource
{
    /// <summary>
    /// Writes batch elements <paramref name="first"/> .. <paramref name="end"/> - 1; <paramref name="first"/> is a multiple of 16.
    /// Called from several threads at once for different elements; what it writes must depend on the element alone.
    /// </summary>
    void Fill(int first, int end);
}

/// <summary>A source that draws from a random stream of its own: what it fills, and how far one update moves the stream on.</summary>
public interface IStreamSource : IRowSource
{
    /// <summary>The stream. A run reads at its position and leaves it; whoever runs programs moves it on, once per update.</summary>
    RandomStream Stream { get; }

    /// <summary>Counters that one run reads.</summary>
    ulong CountersPerRun { get; }

    /// <summary>The inputs it fills.</summary>
    IReadOnlyList<InputNode> Inputs { get; }
}

/// <summary>W^T of a weight.</summary>
internal sealed unsafe class TransposeInstruction : Instruction
{
    private readonly Storage _source;
    private readonly Storage _target;

    public TransposeInstruction(Storage source, Storage target)
        : base(WorkKind.Tasks, [source], [target])
    {
        _source = source;
        _target = target;
        TaskCount = target.Layout.Panels;
    }

    public override void Execute(int first, int end) =>
        MatrixProduct.Transpose(_source.Pointer, _source.Layout, _target.Pointer, _target.Layout, first, end);
}

/// <summary>Some rows of a weight, below each other.</summary>
internal sealed unsafe class SelectRowsInstruction : Instruction
{
    private readonly Storage _source;
    private readonly Storage _target;
    private readonly RowSelection _rows;

    public SelectRowsInstruction(Storage source, Storage target, RowSelection rows)
        : base(WorkKind.Tasks, [source], [target])
    {
        _source = source;
        _target = target;
        _rows = rows;
        TaskCount = target.Layout.Panels;
    }

    public override void Execute(int first, int end)
    {
        foreach (var (run, at) in _rows.Places)
            WeightRows.Move(_source.Pointer, _source.Layout, run.First, _target.Pointer, _target.Layout, at, run.Count, accumulate: false, first, end);
    }
}

/// <summary>A kernel applied to whole rows or, for a single row, to everything. The delegate is made once, when the program is built.</summary>
internal sealed class RowInstruction : Instruction
{
    private readonly RowMap _map;
    private readonly bool _exact;
    private readonly RowKernel _kernel;

    /// <summary>An instruction over the rows of <paramref name="rows"/>.</summary>
    /// <param name="emitter">The program being built.</param>
    /// <param name="rows">Layout whose rows the kernel counts in.</param>
    /// <param name="reads">Storages read.</param>
    /// <param name="writes">Storages written.</param>
    /// <param name="kernel">Gets first and end row.</param>
    /// <param name="exact">Leave out padding rows.</param>
    public RowInstruction(Emitter emitter, in PanelLayout rows, Storage[] reads, Storage[] writes, RowKernel kernel, bool exact = false)
        : base(emitter.KindOf(rows), reads, writes)
    {
        _map = rows.Rows == 1 ? new RowMap(1, 1, rows.StoredRows, 1) : RowMap.Of(emitter.Batch, rows);
        _exact = exact;
        _kernel = kernel;
    }

    // Rows of panels are whole vectors; a column's numbers are not, unless the kernel writes them one by one, and sums over groups of rows are no rows.
    public override bool CutsFinely => _exact || Array.TrueForAll(Writes, written => written.Layout is { Width: PanelLayout.PanelWidth, Rows: > 1 });

    public override void Execute(int first, int end)
    {
        if (Kind == WorkKind.Single)
            end = _map.Batch;
        _kernel(_map.First(first), _exact ? _map.ExactEnd(end) : _map.End(end));
    }
}

/// <summary>Work on rows <paramref name="firstRow"/> .. <paramref name="endRow"/> - 1.</summary>
internal delegate void RowKernel(int firstRow, int endRow);

/// <summary>Numbered tasks.</summary>
internal sealed class TaskInstruction : Instruction
{
    private readonly RowKernel _kernel;

    public TaskInstruction(int tasks, Storage[] reads, Storage[] writes, RowKernel kernel, object? partition = null)
        : base(WorkKind.Tasks, reads, writes)
    {
        TaskCount = tasks;
        Partition = partition;
        _kernel = kernel;
    }

    public override void Execute(int first, int end) => _kernel(first, end);
}

/// <summary>Work that is done once, by one thread.</summary>
internal sealed class SingleInstruction(Storage[] reads, Storage[] writes, Action kernel) : Instruction(WorkKind.Single, reads, writes)
{
    public override void Execute(int first, int end) => kernel();
}

/// <summary>The total of a matrix, in two steps with a fixed order: partial sums by groups of rows, then their sum times a factor.</summary>
internal static unsafe class TotalInstructions
{
    public static void Emit(Emitter emitter, Storage source, Storage target, float factor, bool accumulate = false)
    {
        var layout = source.Layout;
        var groups = (layout.Rows + RowReductions.GroupRows - 1) / RowReductions.GroupRows;
        var partial = emitter.New(source.Name + ".partial", new PanelLayout(1, groups * 2), ((groups * 2) + 15) / 16 * 16, whole: true);
        emitter.Add(new RowInstruction(
            emitter, layout, [source], [partial], (first, end) => RowReductions.GroupSums(source.Pointer, layout, (double*)partial.Pointer, first, end)));
        emitter.Add(new SingleInstruction([partial], [target], () =>
        {
            var total = (float)(FlatReductions.Total((double*)partial.Pointer, groups) * factor);
            *target.Pointer = accumulate ? *target.Pointer + total : total;
        }));
    }
}
