using System.Text.Json.Nodes;
using Xunit;

namespace Ofql.Cli.Tests.Bench;

/// <summary>The shape of what is measured of acting, never the times.</summary>
[Collection(nameof(BenchTests))]
public class BenchActTests
{
    private static readonly string[] Small =
        ["bench", "act", "--state", "3", "--action", "2", "--batch", "8", "--hidden", "8", "--layers", "1", "--embedding", "4", "--rounds", "2", "--seconds", "0.01", "--act-batch", "20", "--candidates", "3"];

    [Fact]
    public void Json_has_every_algorithm_three_ways_with_ratios()
    {
        var json = JsonNode.Parse(Run([.. Small, "--json"]))!;
        var results = json["results"]!.AsArray();
        Assert.Equal(["ofql", "dql, T = 5", "fm_ql, K = 5"], results.Select(result => (string)result!["algorithm"]!));
        foreach (var result in results)
        {
            string[] names = ["act_cost_over_ofql", "candidates_microseconds", "candidates_cost_over_ofql", "act_batches_per_second", "act_batch_cost_over_ofql", "act_p99_over_ofql"];
            Assert.All(names, name => Assert.True((double)result![name]! > 0, name));
            Assert.Equal(0, (double)result!["bytes_per_call"]!);
            Assert.True((double)result!["act_microseconds"]!["p99"]! >= (double)result["act_microseconds"]!["median"]!);
        }

        Assert.True((double)results[0]!["act_batch_share_of_peak"]! is > 0 and < 1);
        // 20 states of (3 + 2) 8 + 8 x 2 multiply-adds.
        Assert.Equal(2e-9 * 20 * 56, (double)json["gflop_per_batch"]!, 1e-12);
    }

    [Fact]
    public void Text_is_a_table() => Assert.Contains("best of 3", Run(Small), StringComparison.Ordinal);

    [Theory]
    [InlineData("--candidates", "1")]
    [InlineData("--act-batch", "0")]
    public void What_cannot_be_measured_is_a_usage_error(string option, string value)
    {
        using var error = new StringWriter();
        Assert.Equal(2, Program.Run(["bench", "act", option, value], TextWriter.Null, error, CancellationToken.None));
        Assert.Contains($"{option} {value}: expected", error.ToString(), StringComparison.Ordinal);
    }

    private static string Run(string[] arguments)
    {
        using var text = new StringWriter();
        Assert.Equal(0, Program.Run(arguments, text, TextWriter.Null, CancellationToken.None));
        return text.ToString();
    }
}
