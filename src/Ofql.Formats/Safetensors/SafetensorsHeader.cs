using System.Buffers.Binary;
using System.Text.Json;

namespace Ofql.Formats.Safetensors;

/// <summary>Where one tensor lies: offsets count from the first byte after the header.</summary>
internal sealed record SafetensorsSlot(string Name, SafetensorsType Type, long[] Shape, long Begin, long End)
{
    public long Count => (End - Begin) / Type.SizeOf();

    public string Describe() => $"{Type.NameOf()} [{string.Join(", ", Shape)}]";
}

/// <summary>
/// The header of a safetensors file: 8 bytes little-endian length, then that many bytes of JSON. Nothing in it is believed
/// before it is checked, so that what is read afterwards cannot lie outside the file.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>Largest header that is read, the limit of the format's reference implementation.</summary>
    public const long SizeLimit = 100_000_000;

    private const int LengthBytes = 8;
    private const int MaximumRank = 32;

    private readonly string _path;

    private SafetensorsHeader(string path) => _path = path;

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, SafetensorsSlot> Slots { get; } = new(StringComparer.Ordinal);

    /// <summary>First byte after the header, from the start of the file.</summary>
    public long DataStart { get; private set; }

    /// <summary>Reads and checks the header.</summary>
    /// <param name="start">The first bytes of the file: all of it, or at least the whole header.</param>
    /// <param name="fileLength">Length of the whole file.</param>
    /// <param name="path">Name for errors.</param>
    /// <exception cref="OfqlException">Anything that does not hold together.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> start, long fileLength, string path)
    {
        var header = new SafetensorsHeader(path);
        var json = header.Json(start, fileLength);
        try
        {
            header.ReadObject(json);
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or FormatException)
        {
            // Utf8JsonReader reports invalid UTF-8 inside a string as InvalidOperationException.
            throw header.Bad($"its header is not valid JSON: {cause.Message.TrimEnd('.')}", cause);
        }

        header.CheckLayout(fileLength - header.DataStart);
        return header;
    }

    private ReadOnlySpan<byte> Json(ReadOnlySpan<byte> start, long fileLength)
    {
        if (fileLength < LengthBytes + 2)
            throw Bad($"it has {fileLength} bytes, fewer than the smallest header (10)");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (Hdf5.Hdf5Signature.IsIn(start))
            throw Bad("it is an HDF5 file");
        if (length > SizeLimit)
            throw Bad($"its first 8 bytes claim a header of {length} bytes; the limit is {SizeLimit}");
        if ((long)length > fileLength - LengthBytes)
            throw Bad($"its header should be {length} bytes long, but the file ends after {fileLength}: it is cut short");
        if (length < 2 || start[LengthBytes] != (byte)'{')
            throw Bad("its header does not begin with '{' at byte 8");
        DataStart = LengthBytes + (long)length;
        return start.Slice(LengthBytes, (int)length);
    }

    private void ReadObject(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Bad($"header entry '{name}' is not an object (byte {LengthBytes + reader.TokenStartIndex})");
            if (name == "__metadata__")
                ReadMetadata(ref reader);
            else if (!Slots.TryAdd(name, ReadSlot(ref reader, name)))
                throw Bad($"the name '{name}' occurs twice in its header");
        }

        // Reading past the end makes the reader complain about anything but white space.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Bad($"metadata '{key}' is not a string");
            if (!Metadata.TryAdd(key, reader.GetString()!))
                throw Bad($"metadata '{key}' occurs twice");
        }
    }

    private SafetensorsSlot ReadSlot(ref Utf8JsonReader reader, string name)
    {
        SafetensorsType? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.GetString()!;
            reader.Read();
            if (field == "dtype" && type is null)
                type = ReadType(ref reader, name);
            else if (field == "shape" && shape is null)
                shape = ReadNumbers(ref reader, name, field);
            else if (field == "data_offsets" && offsets is null)
                offsets = ReadNumbers(ref reader, name, field);
            else
                throw Bad($"tensor '{name}' has an unknown or repeated field '{field}'");
        }

        if (type is null || shape is null || offsets is not { Length: 2 })
            throw Bad($"tensor '{name}' needs the fields dtype, shape and data_offsets [begin, end]");
        return Checked(new SafetensorsSlot(name, type.Value, shape, offsets[0], offsets[1]));
    }

    private SafetensorsType ReadType(ref Utf8JsonReader reader, string name)
    {
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : reader.TokenType.ToString();
        return SafetensorsTypes.TryParse(text, out var type)
            ? type
            : throw Bad($"tensor '{name}' has the dtype '{text}'; known are {SafetensorsTypes.Known}");
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string name, string field)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Bad($"tensor '{name}': {field} is not a list");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                throw Bad($"tensor '{name}': {field} holds something else than whole numbers from 0 on");
            if (numbers.Count == MaximumRank)
                throw Bad($"tensor '{name}': {field} has more than {MaximumRank} numbers");
            numbers.Add(number);
        }

        return [.. numbers];
    }

    private SafetensorsSlot Checked(SafetensorsSlot slot)
    {
        var bytes = (UInt128)slot.Type.SizeOf();
        foreach (var size in slot.Shape)
        {
            bytes *= (ulong)size;
            if (bytes > long.MaxValue)
                throw Bad($"tensor '{slot.Name}' {slot.Describe()} is larger than any file");
        }

        if (slot.End < slot.Begin || bytes != (ulong)(slot.End - slot.Begin))
        {
            throw Bad(
                $"tensor '{slot.Name}' {slot.Describe()} needs {bytes} bytes, but its offsets "
                + $"[{slot.Begin}, {slot.End}] hold {slot.End - slot.Begin}");
        }

        return slot;
    }

    private void CheckLayout(long dataLength)
    {
        var position = 0L;
        var before = "the header";
        foreach (var slot in Slots.Values.OrderBy(slot => slot.Begin).ThenBy(slot => slot.End))
        {
            if (slot.Begin != position)
            {
                var what = slot.Begin < position ? "overlaps" : "leaves a gap after";
                throw Bad($"tensor '{slot.Name}' begins at data byte {slot.Begin} and {what} {before}, which ends at {position}");
            }

            position = slot.End;
            before = $"'{slot.Name}'";
        }

        if (position > dataLength)
            throw Bad($"its tensors need {position} bytes of data, but only {dataLength} are there: the file is cut short");
        if (position < dataLength)
            throw Bad($"{dataLength - position} bytes at its end belong to no tensor");
    }

    private OfqlException Bad(string what, Exception? cause = null)
    {
        var message = $"'{_path}' is not a sound safetensors file: {what}. Copy or write the file again.";
        return cause is null ? new OfqlException(message) : new OfqlException(message, cause);
    }
}
