using Ofql.Cli.Composition;
using Xunit;

namespace Ofql.Cli.Tests;

/// <summary>Adaptive Q-learning from the command line, where it learns while it acts.</summary>
public class AdaptiveQTests
{
    [Theory]
    [InlineData("spaql", "pendulum")]
    [InlineData("aql", "cartpole")]
    public void It_trains_resumes_with_the_same_bits_and_gives_a_policy(string agent, string environment)
    {
        using var cli = new CliFixture();
        string[] train =
        [
            "train", "--agent", agent, "--env", environment, "--seed", "3", "--runs", cli.Runs, "--threads", "1", "--set", "training.log_every=100",
            "--set", "training.checkpoint_every=200", "--set", "training.evaluate_every=200", "--set", "evaluation.episodes=2",
        ];
        string[] quick = agent == "spaql" ? ["--set", "agent.trials=2"] : [];
        Succeed([.. train, .. quick, "--steps", "600", "--name", "whole"]);
        Succeed([.. train, .. quick, "--steps", "400", "--name", "parts"]);
        Succeed("train", "--resume", "parts", "--runs", cli.Runs, "--steps", "600");
        foreach (var name in (string[])["metrics.csv", "evaluations.csv", "policy.safetensors", "collected.bin", "checkpoints/step-000000600.safetensors"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(cli.Runs, "whole", name)), File.ReadAllBytes(Path.Combine(cli.Runs, "parts", name)));
        // It learns from the first step on, unless told otherwise.
        Assert.Contains("start_steps: 0", File.ReadAllText(Path.Combine(cli.Runs, "whole", "config.yaml")), StringComparison.Ordinal);
        Assert.Contains("start_steps: 7", Succeed([.. train, "--steps", "600", "--set", "online.start_steps=7", "--dry-run"]), StringComparison.Ordinal);
        Assert.Contains("600", File.ReadAllText(Path.Combine(cli.Runs, "whole", "report.md")), StringComparison.Ordinal);
        Succeed("evaluate", "whole", "--runs", cli.Runs, "--episodes", "2");
        Succeed("evaluate", Path.Combine(cli.Runs, "whole", "policy.safetensors"), "--env", environment, "--episodes", "1", "--picture", cli["p.svg"]);

        string Succeed(params string[] arguments)
        {
            var (code, output, error) = CliFixture.RunWith(arguments, TextReader.Null, Catalog.Shipped, CancellationToken.None);
            Assert.True(code == 0, $"{string.Join(' ', arguments)}: {error}");
            return output;
        }
    }

    [Fact]
    public void An_option_out_of_range_is_a_usage_error()
    {
        using var cli = new CliFixture();
        var (code, _, error) = CliFixture.RunWith(
            ["train", "--agent", "spaql", "--data", cli.Data, "--env", "none", "--set", "agent.maximum_nodes=0", "--runs", cli.Runs], TextReader.Null, Catalog.Shipped, CancellationToken.None);
        Assert.Equal(2, code);
        Assert.Contains("agent.maximum_nodes", error, StringComparison.Ordinal);
    }
}
