using System.Buffers.Binary;
using System.Text.Json;
using Ofql.Formats.Datasets;
using Ofql.Formats.Hdf5;
using Ofql.Formats.Safetensors;

namespace Ofql.Formats.Download;

/// <summary>
/// Whether a file is as long as it says of itself: where the server names no length, a connection that broke off looks like the end. Whether it is sound
/// besides is for its reader to say.
/// </summary>
internal static class Completeness
{
    // The record that ends a zip archive: 22 bytes, whose last two say how long a comment follows.
    private const int EndingBytes = 22;
    private const int LongestEnding = EndingBytes + ushort.MaxValue;

    /// <summary>False if bytes are missing at the end; null where the form does not say (CSV).</summary>
    /// <param name="file">The file, which can be sought; its position is moved.</param>
    /// <param name="start">Its first bytes.</param>
    public static bool? IsWhole(Stream file, ReadOnlySpan<byte> start) => DatasetReader.KindOf(start) switch
    {
        DatasetKind.Hdf5 => Hdf5Signature.DeclaredLength(start) is { } length ? length <= file.Length : null,
        DatasetKind.Npz => HasEnding(Tail(file)),
        DatasetKind.Native => HasAllTensors(file),
        _ => null,
    };

    private static bool HasEnding(ReadOnlySpan<byte> tail)
    {
        var at = tail.LastIndexOf("PK\u0005\u0006"u8);
        return at >= 0 && at + EndingBytes <= tail.Length && at + EndingBytes + BinaryPrimitives.ReadUInt16LittleEndian(tail[(at + EndingBytes - 2)..]) <= tail.Length;
    }

    private static byte[] Tail(Stream file)
    {
        file.Seek(-Math.Min(file.Length, LongestEnding), SeekOrigin.End);
        var tail = new byte[Math.Min(file.Length, LongestEnding)];
        file.ReadExactly(tail);
        return tail;
    }

    private static bool? HasAllTensors(Stream file)
    {
        var lengthBytes = new byte[sizeof(long)];
        file.Seek(0, SeekOrigin.Begin);
        file.ReadExactly(lengthBytes);
        var length = BinaryPrimitives.ReadInt64LittleEndian(lengthBytes);
        if (length is < 0 or > SafetensorsHeader.SizeLimit)
            return null;
        if (sizeof(long) + length > file.Length)
            return false;
        var header = new byte[length];
        file.ReadExactly(header);
        try
        {
            using var document = JsonDocument.Parse(header);
            var end = document.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__")
                .Select(entry => entry.Value.GetProperty("data_offsets")[1].GetInt64()).DefaultIfEmpty().Max();
            return sizeof(long) + length + end <= file.Length;
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}
