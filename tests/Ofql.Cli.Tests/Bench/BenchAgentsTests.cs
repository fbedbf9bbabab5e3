using System.Text.Json.Nodes;
using Xunit;

namespace Ofql.Cli.Tests.Bench;

/// <summary>The shape of what is measured of the algorithms, never the rates.</summary>
[Collection(nameof(BenchTests))]
public class BenchAgentsTests
{
    private static readonly string[] _small =
        ["--state", "3", "--action", "2", "--rounds", "2", "--seconds", "0.01", "--set", "batch_size=8", "--set", "agent.hidden_width=8", "--set", "hidden_layers=1"];

    [Fact]
    public void Json_has_a_line_for_each_named_algorithm()
    {
        var json = JsonNode.Parse(Run(["bench", "agents", "bc", "td3_bc", .. _small, "--json"]))!;
        Assert.Equal(["bc", "td3_bc"], json["agents"]!.AsArray().Select(agent => (string)agent!["agent"]!));
        foreach (var agent in json["agents"]!.AsArray())
        {
            Assert.All((string[])["updates_per_second", "gflop_per_update", "share_of_peak", "act_microseconds"], name => Assert.True((double)agent![name]! > 0, name));
            Assert.Equal(0, (double)agent!["bytes_per_update"]!);
            // Their policies are deterministic.
            Assert.Null(agent["candidates_microseconds"]);
        }

        var ofql = JsonNode.Parse(Run(["bench", "agents", "ofql", .. _small, "--candidates", "3", "--json"]))!;
        Assert.Equal(3, (int)ofql["candidates"]!);
        Assert.True((double)ofql["agents"]![0]!["candidates_microseconds"]! > 0);
    }

    [Fact]
    public void Text_is_a_table_and_where_the_time_goes()
    {
        var text = Run(["bench", "agents", "bc", .. _small, "--profile"]);
        Assert.Contains("us per action", text, StringComparison.Ordinal);
        Assert.Contains("Where an update goes on one thread", text, StringComparison.Ordinal);
        Assert.Contains("What costs more than its multiply-adds at the peak", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none of bc has this option", "bc", "--set", "eta=1")]
    [InlineData("expected key=value", "bc", "--set", "eta")]
    [InlineData("Unknown agent 'bcc'. Did you mean 'bc'?", "bcc")]
    [InlineData("no matrix products", "spaql")]
    public void What_cannot_be_measured_is_refused(string message, params string[] arguments)
    {
        using var error = new StringWriter();
        Assert.Equal(2, Program.Run(["bench", "agents", .. arguments], TextWriter.Null, error, CancellationToken.None));
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    private static string Run(string[] arguments)
    {
        using var text = new StringWriter();
        Assert.Equal(0, Program.Run(arguments, text, TextWriter.Null, CancellationToken.None));
        return text.ToString();
    }
}
