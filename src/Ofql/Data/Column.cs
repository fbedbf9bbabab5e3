using Ofql.Kernels;

namespace Ofql.Data;

/// <summary>
/// One column of a dataset: <see cref="Rows"/> x <see cref="Width"/> values, row-major, in memory that never moves
/// (native memory or a memory-mapped file).
/// </summary>
/// <typeparam name="T">float for values, byte for flags.</typeparam>
public sealed unsafe class Column<T> : IDisposable
    where T : unmanaged
{
    private readonly IDisposable? _owner;

    /// <summary>A view over memory that <paramref name="owner"/> keeps alive.</summary>
    public Column(T* pointer, long rows, int width, IDisposable? owner)
    {
        Pointer = pointer;
        Rows = rows;
        Width = width;
        _owner = owner;
    }

    /// <summary>Number of rows.</summary>
    public long Rows { get; }

    /// <summary>Values per row.</summary>
    public int Width { get; }

    /// <summary>First value of row 0.</summary>
    public T* Pointer { get; }

    /// <summary>The values of one row. Not bounds-checked beyond debug builds.</summary>
    public ReadOnlySpan<T> this[long row] => new(Pointer + (row * Width), Width);

    /// <summary>A new zeroed column in native memory.</summary>
    public static Column<T> Allocate(long rows, int width)
    {
        var buffer = new NativeBuffer<T>(rows * width);
        return new Column<T>(buffer.Pointer, rows, width, buffer);
    }

    /// <summary>The values of one row, writable. Only for columns made by <see cref="Allocate"/>.</summary>
    public Span<T> Writable(long row) => new(Pointer + (row * Width), Width);

    /// <inheritdoc/>
    public void Dispose() => _owner?.Dispose();
}
