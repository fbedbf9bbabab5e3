using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Xunit;

namespace Ofql.Cli.Tests.Bench;

/// <summary>Counts the memory that the whole process allocates, so nothing may run beside it.</summary>
[CollectionDefinition(nameof(BenchTests), DisableParallelization = true)]
public class AloneCollection;

[Collection(nameof(BenchTests))]
public class BenchTests
{
    private static readonly string[] Small =
        ["bench", "--state", "3", "--action", "2", "--batch", "16", "--hidden", "16", "--layers", "2", "--embedding", "4", "--rounds", "1", "--seconds", "0.05"];

    [Fact]
    public void Json_has_the_promised_shape()
    {
        var json = JsonNode.Parse(Run([.. Small, "--threads", "2", "--json", "--profile"]))!;
        foreach (var threads in (string[])["one_thread", "two_threads"])
        {
            Assert.True((double)json[threads]!["peak_gflops"]! > 0);
            Assert.True((double)json[threads]!["updates_per_second"]! > 0);
            Assert.True((double)json[threads]!["share_of_peak"]! > 0);
            Assert.Equal(0, (double)json[threads]!["bytes_per_update"]!);
            Assert.Equal((double)json[threads]!["updates_per_second"]! / (1e6 / 6.3 / 3600), (double)json[threads]!["times_the_papers_rate"]!, (double)json[threads]!["times_the_papers_rate"]! * 1e-4);
        }

        Assert.True((double)json["act_microseconds"]!["median"]! > 0);
        Assert.True((double)json["act_microseconds"]!["p99"]! >= (double)json["act_microseconds"]!["median"]!);
        Assert.Equal(0, (double)json["bytes_per_action"]!);
        // No bounds: where others use the cores, the peak of one moment says nothing of the next.
        Assert.All((string[])["product_share_of_peak", "weight_gradient_share_of_peak"], name => Assert.True((double)json[name]! > 0, name));
        Assert.Equal((846.5, 238.7), ((double)json["anchors"]!["ofql_act_batches_per_second"]!, (double)json["anchors"]!["dql_act_batches_per_second"]!));
        Assert.Equal(1.0, json["profile"]!.AsArray().Sum(group => (double)group!["share"]!), 1e-3);
    }

    [Fact]
    public void Text_names_the_rate_and_the_paper()
    {
        var text = Run([.. Small, "--threads", "1"]);
        Assert.Contains("updates/s", text, StringComparison.Ordinal);
        Assert.Contains("6.3 h per million updates (44 updates/s)", text, StringComparison.Ordinal);
        Assert.Contains("batches of 2500 actions: 846.5 and 238.7 per second", text, StringComparison.Ordinal);
        Assert.Contains("x paper", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--hidden", "0")]
    [InlineData("--embedding", "7")]
    [InlineData("--rounds", "0")]
    [InlineData("--seconds", "0")]
    [InlineData("--threads", "0")]
    public void What_cannot_be_measured_is_a_usage_error(string option, string value)
    {
        using var error = new StringWriter();
        Assert.Equal(2, Program.Run(["bench", option, value], TextWriter.Null, error, CancellationToken.None));
        Assert.Contains($"{option} {value}: expected", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Threads_are_powers_of_two_and_the_largest()
    {
        Assert.Equal([1], new BenchOptions { Threads = 1 }.ThreadCounts);
        Assert.Equal([1, 2], new BenchOptions { Threads = 2 }.ThreadCounts);
        Assert.Equal([1, 2, 4, 6], new BenchOptions { Threads = 6 }.ThreadCounts);
    }

    [Theory]
    [InlineData("ofql")]
    [InlineData("dql")]
    [InlineData("fm_ql")]
    public void A_session_serves_times_on_request(string agent)
    {
        var options = new BenchOptions { Shape = new BenchShape { State = 3, Action = 2, Batch = 16, Hidden = 16, Layers = 1, Embedding = 4 }, Threads = 1, Rows = 100 };
        Assert.Contains("fm_ql", Assert.Throws<UsageException>(() => new BenchSession(options, "iql")).Message, StringComparison.Ordinal);
        using var session = new BenchSession(options, agent);
        using var answers = new StringWriter();
        BenchServer.Serve(session, new StringReader("updates 1 5\n\nupdates 1 3\n"), answers, CancellationToken.None);
        var lines = answers.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.True((double)JsonNode.Parse(line)!["seconds"]! > 0));
        Assert.Throws<UsageException>(() => BenchServer.Serve(session, new StringReader("updates 2 5\n"), answers, CancellationToken.None));
    }

    [Fact]
    public void Waiting_for_a_request_can_be_interrupted()
    {
        var options = new BenchOptions { Shape = new BenchShape { State = 3, Action = 2, Batch = 16, Hidden = 16, Layers = 1, Embedding = 4 }, Threads = 1, Rows = 100 };
        using var session = new BenchSession(options, "ofql");
        using var silence = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        Assert.ThrowsAny<OperationCanceledException>(() => BenchServer.Serve(session, new SilentReader(silence), TextWriter.Null, stop.Token));
        silence.Set();
    }

    private static string Run(string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.True(Program.Run(arguments, output, error, CancellationToken.None) == 0, error.ToString());
        return output.ToString();
    }
}
