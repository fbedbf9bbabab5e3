using System.Numerics;
using System.Runtime.CompilerServices;
using Ofql.Data;
using Ofql.Formats.Files;

namespace Ofql.Formats.Safetensors;

/// <summary>
/// A safetensors file, memory-mapped: opening reads the header alone, values are read when asked for. Everything is checked
/// at opening (names, types, shapes, offsets, no overlap, no gap, nothing left over), so that reading cannot go astray.
/// Safe for use from several threads.
/// </summary>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly SafetensorsHeader _header;
    private bool _disposed;

    private SafetensorsFile(string path, MappedFile file, SafetensorsHeader header)
    {
        FilePath = path;
        _file = file;
        _header = header;
        Names = [.. header.Slots.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>The path it was opened by.</summary>
    public string FilePath { get; }

    /// <summary>The file's own facts (<c>__metadata__</c>); empty if it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Names of all tensors in ordinal order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="OfqlException">It cannot be read or is not a sound safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            var start = new ReadOnlySpan<byte>(file.Pointer, (int)Math.Min(file.Length, SafetensorsHeader.SizeLimit + 8));
            return new SafetensorsFile(path, file, SafetensorsHeader.Parse(start, file.Length, path));
        }
        catch
        {
            file.Release();
            throw;
        }
    }

    /// <summary>True if the file has a tensor of this name.</summary>
    public bool Contains(string name) => _header.Slots.ContainsKey(name);

    /// <summary>Sizes of a tensor, outermost first; empty for a scalar.</summary>
    /// <exception cref="OfqlException">There is no such tensor.</exception>
    public long[] Shape(string name) => (long[])Slot(name).Shape.Clone();

    /// <summary>Element type of a tensor.</summary>
    /// <exception cref="OfqlException">There is no such tensor.</exception>
    public SafetensorsType Type(string name) => Slot(name).Type;

    /// <summary>All values of a tensor, row-major, converted to float from whatever number type the file has.</summary>
    /// <exception cref="OfqlException">There is no such tensor, or it is too large for an array (map it instead).</exception>
    public float[] ReadSingles(string name) => Read<float>(name);

    /// <summary>All values of a tensor, row-major, converted to double.</summary>
    /// <exception cref="OfqlException">There is no such tensor, or it is too large for an array.</exception>
    public double[] ReadDoubles(string name) => Read<double>(name);

    /// <summary>All values of an integer or boolean tensor, row-major.</summary>
    /// <exception cref="OfqlException">No such tensor, one of another type, or a value beyond 64 signed bits.</exception>
    public long[] ReadIntegers(string name)
    {
        var slot = Slot(name);
        if (slot.Type is SafetensorsType.Float16 or SafetensorsType.BrainFloat16 or SafetensorsType.Float32
            or SafetensorsType.Float64)
        {
            throw Wrong(slot, "an integer or boolean tensor");
        }

        try
        {
            return Read<long>(name);
        }
        catch (OverflowException cause)
        {
            throw new OfqlException($"'{FilePath}', tensor '{name}': a value does not fit into 64 signed bits.", cause);
        }
    }

    /// <summary>
    /// A tensor as a column over the mapped file, without a copy: rows = the first size, width = the product of the others.
    /// The column keeps the mapping alive, also beyond this reader, until it is disposed. Its memory is read-only.
    /// </summary>
    /// <typeparam name="T">Exactly the file's element type; byte for U8 and BOOL.</typeparam>
    /// <exception cref="OfqlException">No such tensor, one of another type, or rows wider than 2^31 values.</exception>
    public Column<T> Map<T>(string name)
        where T : unmanaged
    {
        var slot = Slot(name);
        var type = SafetensorsTypes.Of<T>();
        if (slot.Type != type && !(type == SafetensorsType.UInt8 && slot.Type == SafetensorsType.Boolean))
            throw Wrong(slot, type.NameOf());
        var rows = slot.Shape.Length == 0 ? 1 : slot.Shape[0];
        var width = slot.Shape.Skip(1).Aggregate((UInt128)1, (product, size) => UInt128.Min(product * (ulong)size, ulong.MaxValue));
        return width <= int.MaxValue
            ? new Column<T>((T*)Pointer(slot), rows, (int)width, _file.Lease())
            : throw Wrong(slot, "rows of at most 2147483647 values");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _file.Release();
    }

    private T[] Read<T>(string name)
        where T : unmanaged, INumber<T>
    {
        var slot = Slot(name);
        if (slot.Count > Array.MaxLength)
            throw Wrong(slot, $"at most {Array.MaxLength} values (map larger tensors)");
        var values = new T[slot.Count];
        var pointer = Pointer(slot);
        switch (slot.Type)
        {
            case SafetensorsType.Float32: Convert<float, T>(pointer, values); break;
            case SafetensorsType.Float64: Convert<double, T>(pointer, values); break;
            case SafetensorsType.Float16: Convert<Half, T>(pointer, values); break;
            case SafetensorsType.BrainFloat16: ConvertBrainFloats(pointer, values); break;
            case SafetensorsType.Int64: Convert<long, T>(pointer, values); break;
            case SafetensorsType.UInt64: Convert<ulong, T>(pointer, values); break;
            case SafetensorsType.Int32: Convert<int, T>(pointer, values); break;
            case SafetensorsType.UInt32: Convert<uint, T>(pointer, values); break;
            case SafetensorsType.Int16: Convert<short, T>(pointer, values); break;
            case SafetensorsType.UInt16: Convert<ushort, T>(pointer, values); break;
            case SafetensorsType.Int8: Convert<sbyte, T>(pointer, values); break;
            default: Convert<byte, T>(pointer, values); break;
        }

        GC.KeepAlive(this);
        return values;
    }

    // The format does not promise alignment, so every value is read as if it had none.
    private static void Convert<TFile, T>(byte* pointer, T[] values)
        where TFile : unmanaged, INumber<TFile>
        where T : unmanaged, INumber<T>
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = T.CreateChecked(Unsafe.ReadUnaligned<TFile>(pointer + ((long)i * sizeof(TFile))));
    }

    private static void ConvertBrainFloats<T>(byte* pointer, T[] values)
        where T : unmanaged, INumber<T>
    {
        for (var i = 0; i < values.Length; i++)
        {
            var bits = (uint)Unsafe.ReadUnaligned<ushort>(pointer + ((long)i * 2)) << 16;
            values[i] = T.CreateChecked(BitConverter.UInt32BitsToSingle(bits));
        }
    }

    private byte* Pointer(SafetensorsSlot slot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _file.Pointer + _header.DataStart + slot.Begin;
    }

    private SafetensorsSlot Slot(string name)
    {
        if (_header.Slots.TryGetValue(name, out var slot))
            return slot;
        const int Shown = 20;
        var names = string.Join(", ", Names.Take(Shown)) + (Names.Count > Shown ? $", ... ({Names.Count} in all)" : "");
        throw new OfqlException($"'{FilePath}' has no tensor '{name}'. It has: {(Names.Count == 0 ? "none" : names)}.");
    }

    private OfqlException Wrong(SafetensorsSlot slot, string expected)
        => new($"'{FilePath}', tensor '{slot.Name}': expected {expected}, found {slot.Describe()}.");
}
