using System.Text.Json;
using System.Text.Json.Serialization;
using Ofql.Data;
using Ofql.Formats.Files;

namespace Ofql.Formats.Datasets;

/// <summary>
/// What a pass over a dataset file has found out, kept beside it (<c>FILE.facts.json</c>) so that the next start need not read the whole file
/// again. It holds as long as size and time of the file's last change are what they were.
/// </summary>
/// <param name="Format">Version of this record; others are not read.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="ChangedUtcTicks">Time of its last change.</param>
/// <param name="Fingerprint">Name of its content (<see cref="DatasetFingerprint"/>).</param>
/// <param name="Report">What is in it, without a normalised score: that depends on who asks.</param>
public sealed record DatasetFacts(int Format, long Bytes, long ChangedUtcTicks, string Fingerprint, DataReport Report)
{
    private const int CurrentFormat = 1;

    /// <summary>The facts kept beside a file; null where there are none, or none that still hold.</summary>
    public static DatasetFacts? Read(string file)
    {
        try
        {
            var facts = JsonSerializer.Deserialize(File.ReadAllText(PathOf(file)), DatasetFactsJson.Default.DatasetFacts);
            var (bytes, ticks) = StateOf(file);
            return facts is { Format: CurrentFormat, Report.Observations: not null } && facts.Bytes == bytes && facts.ChangedUtcTicks == ticks ? facts : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            // A note that cannot be read is worth no more than none.
            return null;
        }
    }

    /// <summary>Keeps facts beside a file, whole or not at all. Where the folder cannot be written to, nothing is kept.</summary>
    public static void Write(string file, string fingerprint, DataReport report)
    {
        try
        {
            var (bytes, ticks) = StateOf(file);
            var facts = new DatasetFacts(CurrentFormat, bytes, ticks, fingerprint, report with { NormalizedMeanReturn = null });
            AtomicFile.WriteText(PathOf(file), JsonSerializer.Serialize(facts, DatasetFactsJson.Default.DatasetFacts));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or OfqlException)
        {
            // The next start reads the file again, as this one did.
        }
    }

    private static string PathOf(string file) => file + ".facts.json";

    private static (long Bytes, long Ticks) StateOf(string file)
    {
        var info = new FileInfo(file);
        return (info.Length, info.LastWriteTimeUtc.Ticks);
    }
}

/// <summary>Reads and writes <see cref="DatasetFacts"/> without reflection.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(DatasetFacts))]
internal sealed partial class DatasetFactsJson : JsonSerializerContext;
