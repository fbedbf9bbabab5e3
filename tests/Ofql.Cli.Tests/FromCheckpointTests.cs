using System.Text.Json.Nodes;
using Ofql.Formats.Datasets;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Cli.Tests;

/// <summary><c>ofql train --from</c>: learning online from what was learned offline.</summary>
public class FromCheckpointTests
{
    private static readonly string[] Files =
        ["metrics.csv", "metrics.jsonl", "evaluations.csv", "policy.safetensors", "collected.bin", "checkpoints/step-000000120.safetensors"];

    [Fact]
    public void A_run_goes_on_online_and_says_where_it_came_from_and_what_it_gained()
    {
        using var cli = Offline();
        var result = JsonNode.Parse(Succeed(cli, [.. Online(cli), "--set", "online.recorded_share=0.25", "--json"]))!;
        Assert.EndsWith("off-online", (string)result["folder"]!, StringComparison.Ordinal);
        var origin = result["runs"]![0]!["origin"]!;
        Assert.EndsWith("step-000000040.safetensors", (string)origin["checkpoint"]!, StringComparison.Ordinal);
        Assert.Equal((40, 0.25), ((int)origin["step"]!, (double)origin["recorded_share"]!));
        Assert.StartsWith("sha256:", (string)origin["fingerprint"]!, StringComparison.Ordinal);
        var manifest = JsonNode.Parse(File.ReadAllText(In(cli, "off-online", "run.json")))!;
        Assert.True(JsonNode.DeepEquals(origin, manifest["origin"]));
        Assert.Equal((string)manifest["data"]!["fingerprint"]!, (string)origin["data_fingerprint"]!);

        // The score before is that of the offline run's end, on the same episodes.
        var offline = File.ReadAllLines(In(cli, "off", "evaluations.csv"));
        var online = File.ReadAllLines(In(cli, "off-online", "evaluations.csv"));
        Assert.Equal(offline[0], online[0]);
        Assert.Equal(offline[^1].Split(',', 2)[1], online[1].Split(',', 2)[1]);
        Assert.StartsWith("0,", online[1], StringComparison.Ordinal);
        Assert.StartsWith("120,", online[^1], StringComparison.Ordinal);
        Assert.NotNull(result["runs"]![0]!["evaluation_before"]!["sample"]);
        var report = File.ReadAllText(In(cli, "off-online", "report.md"));
        Assert.Contains("## Before and after", report, StringComparison.Ordinal);
        Assert.Contains("25 % of each batch is recorded", report, StringComparison.Ordinal);
        Assert.Contains("25 % of each batch is drawn from it", report, StringComparison.Ordinal);
        Assert.Contains("online:", File.ReadAllText(In(cli, "off-online", "config.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_names_both_scores()
    {
        using var cli = Offline();
        var text = Succeed(cli, Online(cli));
        Assert.Contains("50 % of each batch is recorded, the rest collected", text, StringComparison.Ordinal);
        Assert.Contains("Before, as it came from", text, StringComparison.Ordinal);
        Assert.Contains("Evaluation of the last checkpoint (environment step 120)", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(41)]
    [InlineData(60)]
    [InlineData(97)]
    public void Killed_and_resumed_equals_uninterrupted(int killedAt)
    {
        using var cli = Offline();
        Succeed(cli, [.. Online(cli), "--name", "whole"]);
        cli.Agents.Updated = (_, step) =>
        {
            if (step == killedAt)
                throw new InvalidOperationException("killed");
        };
        Assert.Equal(1, cli.Run([.. Online(cli), "--name", "parts"]).Code);
        cli.Agents.Updated = null;
        // From here on the run stands alone.
        Directory.Delete(In(cli, "off"), recursive: true);
        Succeed(cli, ["train", "--resume", "parts", "--runs", cli.Runs]);
        Assert.All(Files, name => Assert.Equal(File.ReadAllBytes(In(cli, "whole", name)), File.ReadAllBytes(In(cli, "parts", name))));
        Assert.NotNull(JsonNode.Parse(File.ReadAllText(In(cli, "parts", "run.json")))!["origin"]);
    }

    [Fact]
    public void Killed_before_its_first_checkpoint_it_begins_again_from_the_same_one()
    {
        using var cli = Offline();
        Succeed(cli, [.. Online(cli), "--name", "whole"]);
        Succeed(cli, [.. Online(cli), "--name", "parts"]);
        BeforeItsFirstCheckpoint(cli, "parts");
        Succeed(cli, ["train", "--resume", "parts", "--runs", cli.Runs]);
        Assert.All(Files, name => Assert.Equal(File.ReadAllBytes(In(cli, "whole", name)), File.ReadAllBytes(In(cli, "parts", name))));

        // Not from another.
        BeforeItsFirstCheckpoint(cli, "parts");
        Succeed(cli, ["train", "--resume", "off", "--runs", cli.Runs, "--updates", "50"]);
        var (code, _, error) = cli.Run("train", "--resume", "parts", "--runs", cli.Runs);
        Assert.Equal(1, code);
        Assert.Contains("is not the checkpoint that the run", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_checkpoint_can_be_named_and_the_run_may_go_on_for_longer()
    {
        using var cli = Offline();
        var checkpoint = In(cli, "off", "checkpoints", "step-000000030.safetensors");
        Succeed(cli, [.. Online(cli, checkpoint, 100), "--name", "one"]);
        Succeed(cli, ["train", "--resume", "one", "--runs", cli.Runs, "--online-steps", "120"]);
        Assert.Equal(30, (int)JsonNode.Parse(File.ReadAllText(In(cli, "one", "run.json")))!["origin"]!["step"]!);
        Assert.True(File.Exists(In(cli, "one", "checkpoints", "step-000000120.safetensors")));
    }

    [Fact]
    public void Several_seeds_go_on_each_from_its_own_checkpoint_or_all_from_one()
    {
        using var cli = new CliFixture();
        Succeed(cli, ["train", .. cli.Short, "--env", "pendulum", "--seeds", "3,5", "--name", "off"]);
        var text = Succeed(cli, Online(cli));
        Assert.Contains("of the checkpoints they began from, over 2 seeds", text, StringComparison.Ordinal);
        Assert.Contains("## Before", File.ReadAllText(In(cli, "off-online", "report.md")), StringComparison.Ordinal);
        var before = (string[])["seed-3", "seed-5"];
        Assert.All(before, seed => Assert.Contains(Path.Combine("off", seed), (string)JsonNode.Parse(File.ReadAllText(In(cli, "off-online", seed, "run.json")))!["origin"]!["checkpoint"]!, StringComparison.Ordinal));

        Succeed(cli, [.. Online(cli, Path.Combine(cli.Runs, "off", "seed-5")), "--seeds", "0..1"]);
        Assert.True(File.Exists(In(cli, "off-seed-5-online-seeds", "seed-1", "policy.safetensors")));
        Refused(cli, 2, "has no run of seed 4", [.. Online(cli), "--seed", "4"]);
    }

    [Fact]
    public void Without_a_recorded_share_the_data_is_not_needed()
    {
        using var cli = Offline();
        File.Delete(cli.Data);
        Refused(cli, 1, "was trained on", Online(cli));
        var text = Succeed(cli, [.. Online(cli), "--set", "online.recorded_share=0"]);
        Refused(cli, 2, "has learned online itself", Online(cli, "off-online"));
        Assert.Contains("0 % of each batch is recorded", text, StringComparison.Ordinal);
        Succeed(cli, ["train", "--resume", "off-online", "--runs", cli.Runs, "--steps", "130"]);
    }

    [Fact]
    public void Updates_before_and_after_count_together_for_what_begins_to_learn_late()
    {
        using var cli = new CliFixture();
        Output([
            "train", "--data", cli.Data, "--env", "pendulum", "--runs", cli.Runs, "--agent", "dtql", "--updates", "4", "--name", "late",
            "--set", "agent.batch_size=8", "--set", "agent.hidden_width=8", "--set", "agent.pretrain_updates=20", "--set", "evaluation.episodes=1",
        ]);
        Assert.Contains("after 14 it has learned nothing", Output([.. Online(cli, "late", steps: 20), "--name", "a"]), StringComparison.Ordinal);
        Assert.DoesNotContain("it has learned nothing", Output([.. Online(cli, "late", steps: 30), "--name", "b"]), StringComparison.Ordinal);

        static string Output(string[] arguments)
        {
            var (code, output, error) = CliFixture.RunWith(arguments, TextReader.Null, Ofql.Cli.Composition.Catalog.Shipped, CancellationToken.None);
            Assert.True(code == 0, error);
            return output;
        }
    }

    [Fact]
    public void What_makes_no_sense_is_refused_before_anything_is_written()
    {
        using var cli = Offline();
        Succeed(cli, ["train", "--data", cli.Data, "--agent", "linear", "--updates", "5", "--runs", cli.Runs, "--name", "blind"]);
        var before = Directory.GetDirectories(cli.Runs);
        Refused(cli, 2, "--online-steps", "train", "--from", "off", "--runs", cli.Runs);
        Refused(cli, 2, "needs an environment", Online(cli, "blind"));
        Refused(cli, 2, "There is no run 'of'", Online(cli, "of"));
        Refused(cli, 2, "exclude each other", [.. Online(cli), "--resume"]);
        Refused(cli, 2, "exclude each other", ["train", "small", .. Online(cli)[1..]]);
        Refused(cli, 2, "--online-steps", [.. Online(cli), "--updates", "100"]);
        Refused(cli, 2, "lies in no run", Online(cli, cli.Data));
        Refused(cli, 2, "There is no agent", [.. Online(cli), "--agent", "sac"]);
        Refused(cli, 1, "states of 3 and actions of 1 numbers", [.. Online(cli), "--env", "maze2d-umaze-v1"]);
        Refused(cli, 1, "states of 3 and actions of 1", [.. Online(cli, "blind"), "--env", "maze2d-umaze-v1"]);
        using (var other = SmallData.Make(rows: 190))
            DatasetFile.Save(other, cli["other.safetensors"]);
        Refused(cli, 1, "is not the data that", [.. Online(cli), "--data", cli["other.safetensors"]]);
        Directory.Delete(In(cli, "blind", "checkpoints"), recursive: true);
        Refused(cli, 1, "has no checkpoint to go on from", [.. Online(cli, "blind"), "--env", "pendulum"]);
        Assert.Equal(before, Directory.GetDirectories(cli.Runs));
    }

    // A kill so early leaves no policy either.
    private static void BeforeItsFirstCheckpoint(CliFixture cli, string run)
    {
        foreach (var file in Directory.EnumerateFiles(In(cli, run, "checkpoints")).Append(In(cli, run, "policy.safetensors")).ToList())
            File.Delete(file);
    }

    // Forty updates from recorded data.
    private static CliFixture Offline()
    {
        var cli = new CliFixture();
        Succeed(cli, ["train", .. cli.Short, "--env", "pendulum", "--name", "off"]);
        return cli;
    }

    private static string[] Online(CliFixture cli, string from = "off", int steps = 120) =>
    [
        "train", "--from", from, "--online-steps", steps.ToString(System.Globalization.CultureInfo.InvariantCulture), "--runs", cli.Runs,
        "--set", "online.start_steps=10", "--set", "training.log_every=8", "--set", "training.checkpoint_every=25",
    ];

    private static string In(CliFixture cli, params string[] parts) => Path.Combine([cli.Runs, .. parts]);

    private static string Succeed(CliFixture cli, params string[] arguments)
    {
        var (code, output, error) = cli.Run(arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {error}");
        return output;
    }

    private static void Refused(CliFixture cli, int expected, string words, params string[] arguments)
    {
        var (code, _, error) = cli.Run(arguments);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Equal(expected, code);
    }
}
