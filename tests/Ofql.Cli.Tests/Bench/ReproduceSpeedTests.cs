using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Xunit;

namespace Ofql.Cli.Tests.Bench;

/// <summary>The shape of what is measured, never the times.</summary>
[Collection(nameof(BenchTests))]
public class ReproduceSpeedTests
{
    private static readonly string[] Small =
        ["reproduce", "speed", "--state", "3", "--action", "2", "--batch", "8", "--hidden", "8", "--layers", "1", "--embedding", "4", "--rounds", "2", "--seconds", "0.01", "--act-batch", "50"];

    [Fact]
    public void Json_has_every_algorithm_on_one_and_on_all_threads_with_ratios_and_the_paper_beside()
    {
        var json = JsonNode.Parse(Run([.. Small, "--threads", "2", "--json"]))!;
        var results = json["results"]!.AsArray();
        Assert.Equal(6, results.Count);
        Assert.Equal(["ofql", "dql, T = 5", "fm_ql, K = 5"], results.Take(3).Select(result => (string)result!["algorithm"]!));
        Assert.Equal([1, 1, 1, 2, 2, 2], results.Select(result => (int)result!["threads"]!));
        foreach (var result in results)
        {
            string[] names = ["updates_per_second", "update_cost_over_ofql", "hours_per_million_updates", "act_batches_per_second", "act_batch_cost_over_ofql"];
            Assert.All(names, name => Assert.True((double)result![name]! > 0, name));
            // One state needs one thread.
            Assert.Equal((int)result!["threads"]! == 1, result["act_microseconds"] is not null);
            Assert.Equal((string)result["algorithm"]! == "ofql", result["act_batch_share_of_peak"] is not null);
        }

        Assert.All((int[])[0, 3], row => Assert.Equal((1.0, 1.0), ((double)results[row]!["update_cost_over_ofql"]!, (double)results[row]!["act_batch_cost_over_ofql"]!)));
        Assert.Equal(1.857, (double)json["anchors"]!["dql_update_cost_over_ofql"]!, 1e-3);
        Assert.Equal(3.546, (double)json["anchors"]!["dql_act_batch_cost_over_ofql"]!, 1e-3);
        Assert.Equal((50, 2), ((int)json["act_batch"]!, (int)json["rounds"]!));
    }

    [Fact]
    public void Text_is_a_table_with_the_paper_beside_and_nothing_is_written()
    {
        var before = Directory.GetFileSystemEntries(Directory.GetCurrentDirectory());
        var text = Run([.. Small, "--threads", "1"]);
        Assert.Contains("dql, T = 5", text, StringComparison.Ordinal);
        Assert.Contains("11.7", text, StringComparison.Ordinal);
        Assert.Contains("238.7", text, StringComparison.Ordinal);
        Assert.Contains("in batches of 50 ", text, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFileSystemEntries(Directory.GetCurrentDirectory()));
    }

    [Theory]
    [InlineData("--act-batch", "0")]
    [InlineData("--rounds", "0")]
    [InlineData("--threads", "0")]
    public void What_cannot_be_measured_is_a_usage_error(string option, string value)
    {
        using var error = new StringWriter();
        Assert.Equal(2, Program.Run(["reproduce", "speed", option, value], TextWriter.Null, error, CancellationToken.None));
        Assert.Contains($"{option} {value}: expected", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_median_is_the_middle() => Assert.Equal((2.0, 2.5), (BenchSession.Median([3, 1, 2]), BenchSession.Median([4, 1, 2, 3])));

    private static string Run(string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.True(Program.Run(arguments, output, error, CancellationToken.None) == 0, error.ToString());
        return output.ToString();
    }
}
