using Ofql.Kernels.Matrices;

namespace Ofql.Graph.Execution;

/// <summary>How an instruction's work may be shared among threads.</summary>
internal enum WorkKind
{
    /// <summary>By batch elements: row i of the results depends on row i of the operands only.</summary>
    Rows,

    /// <summary>By numbered tasks, each a reduction over all rows or a piece of a parameter block.</summary>
    Tasks,

    /// <summary>Not at all: numbers and single rows.</summary>
    Single,
}

/// <summary>A piece of memory of a program, and what the scheduler must know of it.</summary>
internal sealed unsafe class Storage(string name, PanelLayout layout, int length, bool whole)
{
    /// <summary>For messages.</summary>
    public string Name { get; } = name;

    /// <summary>Shape.</summary>
    public PanelLayout Layout { get; } = layout;

    /// <summary>Floats.</summary>
    public int Length { get; } = length;

    /// <summary>First float; set by the memory plan, or at creation for memory owned elsewhere.</summary>
    public float* Pointer { get; set; }

    /// <summary>Read as a whole by every block of rows (a transposed weight, a single row): it must outlive a row phase that reads it.</summary>
    public bool Whole { get; } = whole || layout.Rows == 1;

    /// <summary>Owned elsewhere or readable after the run: never shared with another value.</summary>
    public bool Pinned { get; set; }
}

/// <summary>One step of a program: a kernel with its operands.</summary>
internal abstract unsafe class Instruction
{
    protected Instruction(WorkKind kind, Storage[] reads, Storage[] writes)
    {
        Kind = kind;
        Reads = reads;
        Writes = writes;
    }

    public WorkKind Kind { get; }

    /// <summary>Storages read.</summary>
    public Storage[] Reads { get; }

    /// <summary>Storages written (also those read and written).</summary>
    public Storage[] Writes { get; }

    /// <summary>Number of tasks where <see cref="Kind"/> is Tasks.</summary>
    public int TaskCount { get; protected init; } = 1;

    /// <summary>Multiply-adds of a matrix product, of unpadded shapes; 0 for everything else.</summary>
    public long MultiplyAdds { get; init; }

    /// <summary>Whether the work depends on the operands, so that it is counted as it is done: by <see cref="TakeMultiplyAdds"/>, with none in <see cref="MultiplyAdds"/>.</summary>
    public virtual bool CountsAsItRuns => false;

    /// <summary>Multiply-adds since the last call, of an instruction that <see cref="CountsAsItRuns"/>.</summary>
    public virtual long TakeMultiplyAdds() => 0;

    /// <summary>What cuts the work into tasks, where several instructions are cut alike (chunks of one parameter layout).</summary>
    public object? Partition { get; protected init; }

    /// <summary>Whether task i of the other touches only what task i of this one touches, by the rule that cuts both.</summary>
    public bool IsCutLike(Instruction other) => Partition is not null && Partition == other.Partition && TaskCount == other.TaskCount;

    /// <summary>Whether rows may be cut among threads in groups of 8 rather than 16: nothing is written in vectors that would reach over such a border.</summary>
    public virtual bool CutsFinely => false;

    /// <summary>Called once, when all storages have their place.</summary>
    public virtual void Bind()
    {
    }

    /// <summary>
    /// Rows: batch elements <paramref name="first"/> .. <paramref name="end"/> - 1 (multiples of 16, or of 8 where it <see cref="CutsFinely"/>, or the end of the
    /// batch). Tasks: task numbers. Single: 0 .. 1.
    /// </summary>
    public abstract void Execute(int first, int end);
}

/// <summary>Batch elements to stored rows of a layout, whose rows are a multiple of the batch.</summary>
internal readonly record struct RowMap(int Batch, int RowsPerElement, int StoredRows, int Rows)
{
    public static RowMap Of(int batch, in PanelLayout layout) =>
        new(batch, layout.Rows / batch, layout.StoredRows, layout.Rows);

    /// <summary>First stored row.</summary>
    public int First(int element) => element * RowsPerElement;

    /// <summary>End of the stored rows: padding rows go with the last element.</summary>
    public int End(int element) => element == Batch ? StoredRows : element * RowsPerElement;

    /// <summary>End of the rows, without padding.</summary>
    public int ExactEnd(int element) => element * RowsPerElement;
}
