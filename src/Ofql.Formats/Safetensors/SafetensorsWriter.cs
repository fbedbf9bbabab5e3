using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ofql.Formats.Files;

namespace Ofql.Formats.Safetensors;

/// <summary>
/// Writes safetensors files. Equal content gives equal bytes: metadata by name; tensors by element size, largest first (so
/// that each lies at a multiple of its element size), then by name. The file appears whole or not at all.
/// </summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one file.</summary>
    /// <param name="path">Where it shall appear; replaced if it exists.</param>
    /// <param name="metadata">Facts to be written as <c>__metadata__</c>, or null.</param>
    /// <param name="entries">The tensors, in any order; each is asked for its bytes once, one after the other.</param>
    /// <exception cref="OfqlException">
    /// Two tensors of one name, text that is not valid Unicode, a source of the wrong length, or the file cannot be written.
    /// </exception>
    public static void Write(
        string path, IReadOnlyDictionary<string, string>? metadata, IEnumerable<SafetensorsEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var ordered = entries
            .OrderByDescending(entry => entry.Type.SizeOf()).ThenBy(entry => entry.Name, StringComparer.Ordinal).ToArray();
        var twice = ordered.GroupBy(entry => entry.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
            throw new OfqlException($"Cannot write '{path}': the tensor name '{twice.Key}' was given {twice.Count()} times.");
        var header = Header(path, metadata, ordered);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (var entry in ordered)
                entry.WriteTo(stream);
        });
    }

    private static byte[] Header(string path, IReadOnlyDictionary<string, string>? metadata, SafetensorsEntry[] entries)
    {
        var buffer = new ArrayBufferWriter<byte>();
        try
        {
            using var json = new Utf8JsonWriter(buffer, Options);
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
                WriteMetadata(json, metadata);
            var position = 0L;
            foreach (var entry in entries)
                position = WriteEntry(json, entry, position);
            json.WriteEndObject();
        }
        catch (ArgumentException cause)
        {
            throw new OfqlException(
                $"Cannot write '{path}': a name or a metadata text is not valid Unicode (a lone surrogate). Correct it.", cause);
        }

        var length = (buffer.WrittenCount + Alignment - 1) / Alignment * Alignment;
        if (length > SafetensorsHeader.SizeLimit)
            throw new OfqlException($"Cannot write '{path}': the header would have {length} bytes; {SafetensorsHeader.SizeLimit} is the limit.");
        var header = new byte[sizeof(long) + length];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        buffer.WrittenSpan.CopyTo(header.AsSpan(sizeof(long)));
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject("__metadata__");
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            json.WriteString(Unicode(key), Unicode(value));
        json.WriteEndObject();
    }

    // The JSON writer would quietly put a replacement character in the place of half a character, and so change a name.
    private static string Unicode(string text)
    {
        _ = StrictUtf8.GetByteCount(text);
        return text;
    }

    private static long WriteEntry(Utf8JsonWriter json, SafetensorsEntry entry, long position)
    {
        json.WriteStartObject(Unicode(entry.Name));
        json.WriteString("dtype", entry.Type.NameOf());
        json.WriteStartArray("shape");
        foreach (var size in entry.Shape)
            json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(position);
        json.WriteNumberValue(checked(position + entry.Bytes));
        json.WriteEndArray();
        json.WriteEndObject();
        return position + entry.Bytes;
    }
}
