using System.Globalization;
using Xunit;

namespace Ofql.Cli.Tests;

/// <summary><c>ofql train</c> while collecting, without recorded data and with it.</summary>
public class OnlineTests
{
    [Fact]
    public void An_agent_learns_from_an_environment_alone()
    {
        using var cli = new CliFixture();
        using StringWriter output = new(), error = new();
        int Shipped(params string[] arguments) => Program.Run(arguments, output, error, CancellationToken.None);
        var code = Shipped(
            "train", "--agent", "sac", "--env", "pendulum", "--steps", "300", "--snapshots-every", "100", "--runs", cli.Runs, "--name", "one", "--threads", "1",
            "--set", "agent.hidden_width=8", "--set", "agent.batch_size=16", "--set", "online.start_steps=20", "--set", "evaluation.episodes=2", "--set", "evaluation.candidates=1");
        Assert.True(code == 0, error.ToString());
        Assert.Contains("300 steps of pendulum-v1", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("environment step 300", output.ToString(), StringComparison.Ordinal);
        string[] names =
        [
            "config.yaml", "run.json", "metrics.csv", "evaluations.csv", "learning-curve.svg", "report.md", "policy.safetensors", "collected.bin",
            "snapshots/step-000000100.safetensors", "snapshots/step-000000200.safetensors", "snapshots/step-000000300.safetensors",
        ];
        Assert.All(names, name => Assert.True(File.Exists(Path.Combine(cli.Runs, "one", name)), name));
        Assert.Equal(File.ReadAllBytes(Path.Combine(cli.Runs, "one", "policy.safetensors")), File.ReadAllBytes(Path.Combine(cli.Runs, "one", names[^1])));
        Assert.Contains("environment steps", File.ReadAllText(Path.Combine(cli.Runs, "one", "learning-curve.svg")), StringComparison.Ordinal);
        Assert.StartsWith("step,collect/return", File.ReadAllText(Path.Combine(cli.Runs, "one", "metrics.csv")), StringComparison.Ordinal);
        Assert.True(Shipped("evaluate", "one", "--runs", cli.Runs, "--episodes", "2") == 0, error.ToString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(80)]
    [InlineData(137)]
    [InlineData(260)]
    public void Interrupted_and_resumed_equals_uninterrupted(int stopAt)
    {
        using var cli = Beginner();
        Assert.Equal(0, cli.Run([.. Command(cli), "--name", "whole"]).Code);
        using var stop = new CancellationTokenSource();
        cli.Agents.Updated = (_, step) =>
        {
            if (step == stopAt)
                stop.Cancel();
        };
        var (code, _, error) = cli.RunWith([.. Command(cli), "--name", "parts"], "", stop.Token);
        Assert.Equal(130, code);
        Assert.Contains("ofql train --resume", error, StringComparison.Ordinal);
        cli.Agents.Updated = null;
        Assert.Equal(0, cli.Run("train", "--resume", "parts", "--runs", cli.Runs).Code);
        Assert.Equal(Bytes(cli, "whole"), Bytes(cli, "parts"));
    }

    [Fact]
    public void Killed_and_resumed_equals_uninterrupted_and_may_go_on_for_longer()
    {
        using var cli = Beginner();
        Assert.Equal(0, cli.Run([.. Command(cli), "--name", "whole"]).Code);
        cli.Agents.Updated = (_, step) =>
        {
            if (step == 231)
                throw new InvalidOperationException("killed");
        };
        Assert.Equal(1, cli.Run([.. Command(cli, steps: 280), "--name", "parts"]).Code);
        cli.Agents.Updated = null;
        Assert.Equal(0, cli.Run("train", "--resume", "parts", "--runs", cli.Runs, "--steps", "300").Code);
        Assert.Equal(Bytes(cli, "whole"), Bytes(cli, "parts"));
    }

    [Fact]
    public void A_run_whose_collected_transitions_were_harmed_says_so()
    {
        using var cli = Beginner();
        Assert.Equal(0, cli.Run([.. Command(cli), "--name", "one"]).Code);
        var path = Path.Combine(cli.Runs, "one", "collected.bin");
        var bytes = File.ReadAllBytes(path);
        bytes[1000] ^= 4;
        File.WriteAllBytes(path, bytes);
        var (code, _, error) = cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--steps", "400");
        Assert.Equal(1, code);
        Assert.Contains("The file is damaged", error, StringComparison.Ordinal);
        File.Delete(path);
        (code, _, error) = cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--steps", "400");
        Assert.Equal(1, code);
        Assert.Contains("collected.bin", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1, 280)]
    [InlineData(3, 1, 840)]
    [InlineData(2, 100, 400)]
    public void Schedules_run_over_the_updates_not_over_the_steps(int perStep, int round, long planned)
    {
        using var cli = Beginner();
        var (code, _, error) = cli.Run([.. Command(cli), "--name", "one", "--set", $"online.updates_per_step={perStep}", "--set", $"online.round_steps={round}"]);
        Assert.True(code == 0, error);
        Assert.Equal(planned, cli.Agents.PlannedUpdates);
    }

    [Fact]
    public void Recorded_data_may_be_mixed_in()
    {
        using var cli = new CliFixture();
        var (code, output, error) = cli.Run([.. Command(cli), "--data", cli.Data, "--name", "one", "--set", "online.recorded_share=0.25"]);
        Assert.True(code == 0, error);
        Assert.Contains("200 transitions", output, StringComparison.Ordinal);
        Assert.Contains("300 steps of pendulum-v1", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_number_of_steps_it_takes_that_of_updates()
    {
        using var cli = Beginner();
        var (code, output, error) = cli.Run("train", "--agent", "linear", "--env", "pendulum", "--set", "training.updates=70", "--dry-run");
        Assert.True(code == 0, error);
        Assert.Contains("steps: 70", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Updates_are_not_steps()
    {
        using var cli = Beginner();
        Assert.Equal(0, cli.Run([.. Command(cli, steps: 40), "--name", "one"]).Code);
        Refused("Give them with --steps", "--agent", "linear", "--env", "pendulum", "--updates", "70");
        Refused("Give them with --steps", "--resume", "one", "--updates", "70");
        Refused("exclude each other", "--agent", "linear", "--env", "pendulum", "--steps", "70", "--updates", "70");

        void Refused(string words, params string[] arguments)
        {
            var (code, _, error) = cli.Run(["train", "--runs", cli.Runs, .. arguments]);
            Assert.Contains(words, error, StringComparison.Ordinal);
            Assert.Equal(2, code);
        }
    }

    [Fact]
    public void What_makes_no_sense_is_refused_before_anything_is_written()
    {
        using var cli = Beginner();
        Refused("online.steps", "--env", "pendulum", "--steps", "-1");
        Refused("recorded_share", "--env", "pendulum", "--set", "online.recorded_share=1.5");
        Refused("online.steps is '-5' (--online-steps)", "--env", "pendulum", "--online-steps", "-5");
        Refused("needs an environment", "--steps", "10");
        cli.Agents.NeedsData = true;
        Refused("learns from recorded data", "--env", "pendulum", "--steps", "10");
        Assert.False(Directory.Exists(cli.Runs));

        void Refused(string word, params string[] arguments)
        {
            var (code, _, error) = cli.Run(["train", "--agent", "linear", "--runs", cli.Runs, .. arguments]);
            Assert.Equal(2, code);
            Assert.Contains(word, error, StringComparison.Ordinal);
        }
    }

    // A learner that can begin with nothing.
    private static CliFixture Beginner()
    {
        var cli = new CliFixture();
        cli.Agents.NeedsData = false;
        return cli;
    }

    private static string[] Command(CliFixture cli, int steps = 300) =>
    [
        "train", "--agent", "linear", "--env", "pendulum", "--steps", steps.ToString(CultureInfo.InvariantCulture), "--runs", cli.Runs, "--threads", "1",
        "--set", "online.start_steps=20", "--set", "online.buffer_size=70", "--set", "training.log_every=32", "--set", "training.checkpoint_every=50", "--set", "training.evaluate_every=75", "--set", "evaluation.episodes=2",
    ];

    private static Dictionary<string, byte[]> Bytes(CliFixture cli, string run)
    {
        string[] names = ["metrics.csv", "metrics.jsonl", "evaluations.csv", "policy.safetensors", "collected.bin", "checkpoints/step-000000300.safetensors"];
        return names.ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(cli.Runs, run, name)));
    }
}
