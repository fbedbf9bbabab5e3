using System.Runtime.InteropServices;
using Ofql.Agents;

namespace Ofql.Formats.Safetensors;

/// <summary>One tensor to be written: its name, type and shape now, its bytes when the writer comes to it.</summary>
public sealed unsafe class SafetensorsEntry
{
    private const int PieceBytes = 1 << 20;

    private readonly Action<Stream> _write;

    private SafetensorsEntry(string name, SafetensorsType type, long[] shape, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        if (name == "__metadata__")
            throw new ArgumentException("'__metadata__' is not a possible tensor name.", nameof(name));
        if (shape.Any(size => size < 0))
            throw new ArgumentException($"Tensor '{name}': a size is negative.", nameof(shape));
        Name = name;
        Type = type;
        Shape = shape;
        Bytes = shape.Aggregate((long)type.SizeOf(), (product, size) => checked(product * size));
        _write = write;
    }

    /// <summary>Name of the tensor.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public SafetensorsType Type { get; }

    /// <summary>Sizes, outermost first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>A tensor from values in memory.</summary>
    public static SafetensorsEntry Of<T>(string name, long[] shape, ReadOnlyMemory<T> values)
        where T : unmanaged
    {
        var entry = new SafetensorsEntry(
            name, SafetensorsTypes.Of<T>(), shape, stream => stream.Write(MemoryMarshal.AsBytes(values.Span)));
        return entry.Bytes == (long)values.Length * sizeof(T)
            ? entry
            : throw new ArgumentException(
                $"Tensor '{name}': the shape [{string.Join(", ", shape)}] does not hold {values.Length} values.", nameof(values));
    }

    /// <summary>A tensor from an array.</summary>
    public static SafetensorsEntry Of<T>(string name, long[] shape, T[] values)
        where T : unmanaged
        => Of(name, shape, (ReadOnlyMemory<T>)values);

    /// <summary>A tensor from memory that stays in place until it is written.</summary>
    public static SafetensorsEntry Of<T>(string name, long[] shape, T* values)
        where T : unmanaged
        => FromPointer(name, SafetensorsTypes.Of<T>(), shape, (byte*)values);

    /// <summary>A tensor of any type from memory that stays in place until it is written.</summary>
    public static SafetensorsEntry FromPointer(string name, SafetensorsType type, long[] shape, byte* values)
    {
        var bytes = shape.Aggregate((long)type.SizeOf(), (product, size) => checked(product * size));
        return new SafetensorsEntry(name, type, shape, stream =>
        {
            for (var done = 0L; done < bytes; done += PieceBytes)
                stream.Write(new ReadOnlySpan<byte>(values + done, (int)Math.Min(PieceBytes, bytes - done)));
        });
    }

    /// <summary>A tensor whose bytes (little-endian, row-major) <paramref name="write"/> produces, piece by piece.</summary>
    public static SafetensorsEntry FromCallback(string name, SafetensorsType type, long[] shape, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        return new SafetensorsEntry(name, type, shape, write);
    }

    /// <summary>A tensor of an agent's state, read when it is written.</summary>
    public static SafetensorsEntry Of(StateTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return FromCallback(tensor.Name, SafetensorsType.Float32, tensor.Shape, stream =>
        {
            var values = new float[tensor.Length];
            tensor.Read(values);
            stream.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        });
    }

    /// <summary>Writes the bytes and checks their number.</summary>
    internal void WriteTo(Stream stream)
    {
        var start = stream.Position;
        _write(stream);
        if (stream.Position - start != Bytes)
        {
            throw new OfqlException(
                $"Tensor '{Name}' should be {Bytes} bytes, but its source wrote {stream.Position - start}. The source and "
                + "the shape disagree; nothing was written.");
        }
    }
}
