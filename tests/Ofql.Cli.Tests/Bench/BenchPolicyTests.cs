using System.Text.Json.Nodes;
using Xunit;

namespace Ofql.Cli.Tests.Bench;

/// <summary>What is told of policies' speed, never the times.</summary>
[Collection(nameof(BenchTests))]
public sealed class BenchPolicyTests
{
    [Fact]
    public void Policies_of_a_run_and_of_a_file_are_measured_side_by_side()
    {
        using var fixture = new CliFixture();
        Assert.Equal(0, fixture.Run(["train", .. fixture.Short, "--name", "first"]).Code);
        var file = Path.Combine(fixture.Runs, "first", "policy.safetensors");
        var (code, text, error) = fixture.Run("bench", "policy", "first", file, "--runs", fixture.Runs, "--rounds", "1", "--candidates", "3", "--json");
        Assert.True(code == 0, error);
        var policies = JsonNode.Parse(text)!["policies"]!.AsArray();
        Assert.Equal(["first", file], policies.Select(policy => (string)policy!["policy"]!));
        Assert.All(policies, policy =>
        {
            Assert.Equal("linear", (string)policy!["algorithm"]!);
            Assert.True((double)policy["act_microseconds"]!["median"]! > 0 && (double)policy["act_microseconds"]!["p99"]! > 0);
        });
        Assert.Contains("us each", fixture.Run("bench", "policy", file, "--rounds", "1").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_is_not_there_is_an_error()
    {
        using var fixture = new CliFixture();
        var (code, _, error) = fixture.Run("bench", "policy", "none", "--runs", fixture.Runs);
        Assert.Equal(2, code);
        Assert.Contains("no policy file 'none'", error, StringComparison.Ordinal);
    }
}
