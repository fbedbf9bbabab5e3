using System.Collections.Frozen;

namespace Ofql.Formats.Safetensors;

/// <summary>Element type of a tensor in a safetensors file.</summary>
public enum SafetensorsType
{
    /// <summary>BOOL: one byte, 0 or 1.</summary>
    Boolean,

    /// <summary>U8.</summary>
    UInt8,

    /// <summary>I8.</summary>
    Int8,

    /// <summary>I16.</summary>
    Int16,

    /// <summary>U16.</summary>
    UInt16,

    /// <summary>F16: IEEE half precision.</summary>
    Float16,

    /// <summary>BF16: the upper half of a float.</summary>
    BrainFloat16,

    /// <summary>I32.</summary>
    Int32,

    /// <summary>U32.</summary>
    UInt32,

    /// <summary>F32.</summary>
    Float32,

    /// <summary>I64.</summary>
    Int64,

    /// <summary>U64.</summary>
    UInt64,

    /// <summary>F64.</summary>
    Float64,
}

/// <summary>Names and sizes of the element types.</summary>
internal static class SafetensorsTypes
{
    private static readonly FrozenDictionary<string, SafetensorsType> ByName = new Dictionary<string, SafetensorsType>
    {
        ["BOOL"] = SafetensorsType.Boolean,
        ["U8"] = SafetensorsType.UInt8,
        ["I8"] = SafetensorsType.Int8,
        ["I16"] = SafetensorsType.Int16,
        ["U16"] = SafetensorsType.UInt16,
        ["F16"] = SafetensorsType.Float16,
        ["BF16"] = SafetensorsType.BrainFloat16,
        ["I32"] = SafetensorsType.Int32,
        ["U32"] = SafetensorsType.UInt32,
        ["F32"] = SafetensorsType.Float32,
        ["I64"] = SafetensorsType.Int64,
        ["U64"] = SafetensorsType.UInt64,
        ["F64"] = SafetensorsType.Float64,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<SafetensorsType, string> Names =
        ByName.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>All names, for error messages.</summary>
    public static string Known => string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal));

    public static bool TryParse(string name, out SafetensorsType type) => ByName.TryGetValue(name, out type);

    /// <summary>The name as it stands in the file.</summary>
    public static string NameOf(this SafetensorsType type) => Names[type];

    /// <summary>Bytes per element.</summary>
    public static int SizeOf(this SafetensorsType type) => type switch
    {
        SafetensorsType.Boolean or SafetensorsType.UInt8 or SafetensorsType.Int8 => 1,
        SafetensorsType.Int16 or SafetensorsType.UInt16 or SafetensorsType.Float16 or SafetensorsType.BrainFloat16 => 2,
        SafetensorsType.Int32 or SafetensorsType.UInt32 or SafetensorsType.Float32 => 4,
        _ => 8,
    };

    /// <summary>The file's type for a C# type.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static SafetensorsType Of<T>()
        where T : unmanaged
        => typeof(T) == typeof(float) ? SafetensorsType.Float32
            : typeof(T) == typeof(double) ? SafetensorsType.Float64
            : typeof(T) == typeof(long) ? SafetensorsType.Int64
            : typeof(T) == typeof(ulong) ? SafetensorsType.UInt64
            : typeof(T) == typeof(int) ? SafetensorsType.Int32
            : typeof(T) == typeof(uint) ? SafetensorsType.UInt32
            : typeof(T) == typeof(short) ? SafetensorsType.Int16
            : typeof(T) == typeof(ushort) ? SafetensorsType.UInt16
            : typeof(T) == typeof(Half) ? SafetensorsType.Float16
            : typeof(T) == typeof(sbyte) ? SafetensorsType.Int8
            : typeof(T) == typeof(byte) ? SafetensorsType.UInt8
            : typeof(T) == typeof(bool) ? SafetensorsType.Boolean
            : throw new ArgumentException($"safetensors has no element type for {typeof(T).Name}. It has {Known}.");
}
