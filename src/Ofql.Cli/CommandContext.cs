using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ofql.Cli.Composition;

namespace Ofql.Cli;

/// <summary>What a command works with: streams, terminal, catalog and the wish to stop.</summary>
internal sealed record CommandContext
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Where results go.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Where errors go, and messages when the output is for machines.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Where states to act on come from.</summary>
    public TextReader Input { get; init; } = TextReader.Null;

    /// <summary>What the program is composed of.</summary>
    public required Catalog Catalog { get; init; }

    /// <summary>A person is watching: lines may be rewritten.</summary>
    public bool Interactive { get; init; }

    /// <summary>Colours are welcome.</summary>
    public bool Colour { get; init; }

    /// <summary>Width of the terminal.</summary>
    public int Width { get; init; } = 120;

    /// <summary>Results as JSON.</summary>
    public bool Json { get; init; }

    /// <summary>The arguments as one line, for the record.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>Asks to finish the step, save and leave.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Whether whoever read <see cref="Out"/> has gone.</summary>
    public Func<bool> OutputIsUnread { get; init; } = () => false;

    /// <summary>Where messages for people go.</summary>
    public TextWriter Messages => Json ? Error : Out;

    /// <summary>Writes a result as JSON.</summary>
    public void WriteJson(JsonNode node) => Out.WriteLine(node.ToJsonString(Indented));

    /// <summary>A number as JSON; null where JSON has no such number.</summary>
    public static JsonNode? Number(double? value) =>
        value is { } number && double.IsFinite(number) ? JsonValue.Create(number) : null;
}
