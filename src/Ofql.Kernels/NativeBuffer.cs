using System.Runtime.InteropServices;

namespace Ofql.Kernels;

/// <summary>
/// A 64-byte aligned block of native memory, zeroed at creation, that never moves. Owner of every large array of the
/// numerical core: the garbage collector neither scans nor copies it.
/// </summary>
/// <typeparam name="T">An unmanaged element type.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private T* _pointer;

    /// <summary>Allocates <paramref name="length"/> zeroed elements.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="OutOfMemoryException">The machine has less memory than all buffers together would take.</exception>
    public NativeBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        // One spare vector, so that kernels may read (never write) a whole vector at the end.
        var bytes = checked((nuint)length * (nuint)sizeof(T)) + 64;
        NativeBudget.Take((long)bytes);
        try
        {
            _pointer = (T*)NativeMemory.AlignedAlloc(bytes, 64);
        }
        catch
        {
            NativeBudget.Give((long)bytes);
            throw;
        }

        NativeMemory.Clear(_pointer, bytes);
    }

    /// <summary>Frees a block whose owner forgot to.</summary>
    ~NativeBuffer() => Free();

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>First element. Valid until <see cref="Dispose"/>.</summary>
    public T* Pointer => _pointer;

    /// <summary>The whole block as a span.</summary>
    /// <exception cref="OverflowException">The block is longer than a span can be.</exception>
    public Span<T> Span => new(_pointer, checked((int)Length));

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer == null)
            return;
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        NativeBudget.Give((Length * sizeof(T)) + 64);
    }
}
