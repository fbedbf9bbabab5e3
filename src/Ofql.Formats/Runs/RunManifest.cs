using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ofql.Formats.Files;

namespace Ofql.Formats.Runs;

/// <summary>
/// <c>run.json</c>: what a run was made from and with. One session is one process; resuming adds one.
/// </summary>
public sealed record RunManifest
{
    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Name of the run.</summary>
    public required string Name { get; init; }

    /// <summary>Fingerprint of the data.</summary>
    public required string DataFingerprint { get; init; }

    /// <summary>Where the data came from.</summary>
    public required string DataSource { get; init; }

    /// <summary>Number of transitions.</summary>
    public required long DataTransitions { get; init; }

    /// <summary>Whether the data was generated rather than published or recorded by others; false for manifests written before this was noted.</summary>
    public bool DataIsGenerated { get; init; }

    /// <summary>Seed of the run.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The checkpoint it began from; null for a run that began with nothing.</summary>
    public RunOrigin? Origin { get; init; }

    /// <summary>The processes that trained it.</summary>
    public required IReadOnlyList<RunSession> Sessions { get; init; }

    /// <summary>Writes the manifest.</summary>
    public void Save(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Indented))
        {
            writer.WriteStartObject();
            writer.WriteString("name", Name);
            writer.WriteNumber("seed", Seed);
            writer.WriteStartObject("data");
            writer.WriteString("source", DataSource);
            writer.WriteNumber("transitions", DataTransitions);
            writer.WriteString("fingerprint", DataFingerprint);
            writer.WriteBoolean("generated", DataIsGenerated);
            writer.WriteEndObject();
            Origin?.Write(writer);
            writer.WriteStartArray("sessions");
            foreach (var session in Sessions)
                session.Write(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        AtomicFile.WriteText(folder.ManifestPath, Encoding.UTF8.GetString(buffer.ToArray()) + "\n");
    }

    /// <summary>Reads the manifest of a run.</summary>
    /// <exception cref="OfqlException">It is missing or not sound.</exception>
    public static RunManifest Open(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            var root = JsonNode.Parse(File.ReadAllText(folder.ManifestPath))!;
            return new RunManifest
            {
                Name = (string)root["name"]!,
                Seed = (ulong)root["seed"]!,
                DataFingerprint = (string)root["data"]!["fingerprint"]!,
                DataSource = (string)root["data"]!["source"]!,
                DataTransitions = (long)root["data"]!["transitions"]!,
                DataIsGenerated = (bool?)root["data"]!["generated"] ?? false,
                Origin = root["origin"] is { } origin ? RunOrigin.Read(origin) : null,
                Sessions = root["sessions"]!.AsArray().Select(node => RunSession.Read(node!)).ToList(),
            };
        }
        catch (Exception cause) when (cause is JsonException or NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new OfqlException($"'{folder.ManifestPath}' is not the manifest of a run: {cause.Message} Restore it, or remove it: then only the check that the data is still the same is lost.", cause);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("read", folder.ManifestPath, cause);
        }
    }
}

/// <summary>The checkpoint that a run began from.</summary>
/// <param name="Checkpoint">Its path, as it was then.</param>
/// <param name="Step">Steps it had done.</param>
/// <param name="Fingerprint">Digest of all it holds.</param>
/// <param name="DataFingerprint">Fingerprint of the data it was trained on.</param>
/// <param name="RecordedShare">Share of each batch that is drawn from that data while collecting.</param>
public sealed record RunOrigin(string Checkpoint, long Step, string Fingerprint, string DataFingerprint, double RecordedShare)
{
    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("origin");
        writer.WriteString("checkpoint", Checkpoint);
        writer.WriteNumber("step", Step);
        writer.WriteString("fingerprint", Fingerprint);
        writer.WriteString("data_fingerprint", DataFingerprint);
        writer.WriteNumber("recorded_share", RecordedShare);
        writer.WriteEndObject();
    }

    internal static RunOrigin Read(JsonNode node) => new(
        (string)node["checkpoint"]!, (long)node["step"]!, (string)node["fingerprint"]!, (string)node["data_fingerprint"]!, (double)node["recorded_share"]!);
}

/// <summary>One process that trained a run.</summary>
/// <param name="Started">When it began.</param>
/// <param name="FromStep">Step it began at.</param>
/// <param name="CommandLine">How it was called.</param>
/// <param name="Machine">Where it ran.</param>
/// <param name="Simulator">Name and version of the simulator that evaluated it; null without one.</param>
public sealed record RunSession(DateTimeOffset Started, long FromStep, string CommandLine, MachineFacts Machine, string? Simulator = null)
{
    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("started_utc", Started.UtcDateTime);
        writer.WriteNumber("from_step", FromStep);
        writer.WriteString("command_line", CommandLine);
        writer.WriteString("ofql_version", Machine.Library);
        writer.WriteString("dotnet_version", Machine.Runtime);
        writer.WriteString("operating_system", Machine.OperatingSystem);
        writer.WriteString("processor", Machine.Processor);
        writer.WriteNumber("cores", Machine.Cores);
        writer.WriteNumber("vector_bits", Machine.VectorBits);
        if (Simulator is not null)
            writer.WriteString("simulator", Simulator);
        writer.WriteEndObject();
    }

    internal static RunSession Read(JsonNode node) => new(
        (DateTimeOffset)node["started_utc"]!,
        (long)node["from_step"]!,
        (string)node["command_line"]!,
        new MachineFacts(
            (string)node["processor"]!,
            (int)node["cores"]!,
            (int)node["vector_bits"]!,
            (string)node["operating_system"]!,
            (string)node["dotnet_version"]!,
            (string)node["ofql_version"]!),
        (string?)node["simulator"]);
}
