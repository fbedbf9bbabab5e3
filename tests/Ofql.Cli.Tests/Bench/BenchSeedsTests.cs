using System.Text.Json.Nodes;
using Xunit;

namespace Ofql.Cli.Tests.Bench;

/// <summary>The shape of what is measured of several seeds, never the rates.</summary>
[Collection(nameof(BenchTests))]
public class BenchSeedsTests
{
    private static readonly string[] Small =
        ["bench", "seeds", "--state", "3", "--action", "2", "--batch", "8", "--hidden", "8", "--layers", "1", "--embedding", "4", "--rounds", "2", "--seconds", "0.01", "--threads", "2"];

    [Fact]
    public void Json_has_both_rates_and_their_ratio()
    {
        var json = JsonNode.Parse(Run([.. Small, "--json"]))!;
        Assert.Equal(2, (int)json["seeds"]!);
        Assert.All((string[])["updates_per_second_alone", "updates_per_second_together", "together_over_alone"], name => Assert.True((double)json[name]! > 0, name));
    }

    [Fact]
    public void Text_is_a_sentence() => Assert.Contains("2 at once, one thread each", Run(Small), StringComparison.Ordinal);

    [Fact]
    public void One_seed_is_no_comparison()
    {
        using var error = new StringWriter();
        Assert.Equal(2, Program.Run(["bench", "seeds", "--threads", "1"], TextWriter.Null, error, CancellationToken.None));
        Assert.Contains("--threads 1: expected 2 or more", error.ToString(), StringComparison.Ordinal);
    }

    private static string Run(string[] arguments)
    {
        using var text = new StringWriter();
        Assert.Equal(0, Program.Run(arguments, text, TextWriter.Null, CancellationToken.None));
        return text.ToString();
    }
}
