using System.Text.Json.Nodes;
using Xunit;

namespace Ofql.Cli.Tests;

public class PolicyTests
{
    [Fact]
    public void Evaluate_act_and_export_work_on_a_run()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one"]);
        var (code, output, error) = cli.Run("evaluate", "one", "--runs", cli.Runs, "--episodes", "3", "--json");
        Assert.True(code == 0, error);
        var json = JsonNode.Parse(output)!;
        Assert.Equal("pendulum-v1", (string)json["environment"]!);
        Assert.Equal(3, (int)json["evaluation"]!["zero_noise"]!["episodes"]!);
        Assert.NotNull(json["data_mean_return"]);

        Assert.Equal(0, cli.Run("export", "one", "--runs", cli.Runs, "-o", cli["p.safetensors"]).Code);
        var alone = cli.Run("act", cli["p.safetensors"], "1", "-0.5", "0.25", "--noise-scale", "0");
        Assert.Equal(0, alone.Code);
        var piped = cli.RunWith(["act", cli["p.safetensors"], "--noise-scale", "0"], "1,-0.5, 0.25\n\n[1 -0.5 0.25]\r\n1 -0.5 0.25\r1 -0.5 0.25", CancellationToken.None);
        Assert.Equal(Enumerable.Repeat(alone.Out.Trim(), 4), piped.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        Assert.Equal(2, cli.Run("act", cli["p.safetensors"], "1", "2").Code);
        Assert.Contains("line 2", cli.RunWith(["act", cli["p.safetensors"]], "1 2 3\n1 2 x\n", CancellationToken.None).Error, StringComparison.Ordinal);
        Assert.Equal(2, cli.Run("evaluate", cli["p.safetensors"]).Code);
    }

    [Fact]
    public void Export_writes_over_neither_its_source_nor_a_run()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one"]);
        Assert.Equal(0, cli.Run("export", "one", "--runs", cli.Runs, "-o", cli["p.safetensors"]).Code);
        File.CreateSymbolicLink(cli["link.safetensors"], cli["p.safetensors"]);
        var own = Path.Combine(cli.Runs, "one", "policy.safetensors");
        var before = File.ReadAllBytes(own);
        foreach (var (source, target) in new[] { ("one", own), (cli["p.safetensors"], cli["p.safetensors"]), (cli["p.safetensors"], cli["link.safetensors"]), (cli["p.safetensors"], own) })
        {
            var (code, _, error) = cli.Run("export", source, "--runs", cli.Runs, "-o", target);
            Assert.Equal(2, code);
            Assert.Contains("would be written over", error, StringComparison.Ordinal);
        }

        Assert.Equal(before, File.ReadAllBytes(own));
        // Beside the run's own files there is room.
        Assert.Equal(0, cli.Run("export", "one", "--runs", cli.Runs, "-o", Path.Combine(cli.Runs, "one", "copy.safetensors")).Code);
    }

    [Fact]
    public void A_folder_that_is_no_run_is_said_to_be_there()
    {
        using var cli = new CliFixture();
        Directory.CreateDirectory(Path.Combine(cli.Runs, "broken"));
        foreach (var command in (string[][])[["evaluate", "broken"], ["train", "--resume", "broken"], ["data", "behaviours", "broken", "--medium", "1", "-o", "x.safetensors"]])
        {
            var (code, _, error) = cli.Run([.. command, "--runs", cli.Runs]);
            Assert.Contains("holds no run: it has no config.yaml", error, StringComparison.Ordinal);
            Assert.Equal(2, code);
        }
    }

    [Fact]
    public void A_name_that_is_nearly_one_is_guessed_and_a_group_is_no_run()
    {
        using var cli = new CliFixture();
        Assert.Equal(0, cli.Run(["train", .. cli.Short, "--name", "first-try"]).Code);
        Assert.Equal(0, cli.Run(["train", .. cli.Short, "--name", "group", "--seeds", "0..1"]).Code);
        foreach (var command in (string[][])[["evaluate"], ["export", "-o", "x.safetensors"], ["bench", "policy"]])
            Refused("Did you mean 'first-try'?", [.. command, "first-tri"]);
        Refused("holds several runs. Name one", "evaluate", "group");
        Refused("holds several runs. Name one", "data", "behaviours", "group", "--medium", "1", "-o", "x.safetensors");

        void Refused(string words, params string[] arguments)
        {
            var (code, _, error) = cli.Run([.. arguments, "--runs", cli.Runs]);
            Assert.Contains(words, error, StringComparison.Ordinal);
            Assert.Equal(2, code);
        }
    }

    [Fact]
    public void A_policy_without_networks_is_refused_as_a_model_and_nothing_is_written()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one"]);
        var (code, _, error) = cli.Run("export", "one", "--runs", cli.Runs, "-o", cli["p.safetensors"], "--onnx", cli["p.onnx"]);
        Assert.Equal(1, code);
        Assert.Contains("Policies of 'linear' are not made of networks", error, StringComparison.Ordinal);
        Assert.False(File.Exists(cli["p.safetensors"]) || File.Exists(cli["p.onnx"]));
    }

    [Fact]
    public void Evaluate_draws_an_episode_and_plays_it_or_leaves_nothing()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one"]);
        string[] evaluate = ["evaluate", "one", "--runs", cli.Runs, "--episodes", "3", "--candidates", "1"];
        var (code, output, error) = cli.Run([.. evaluate, "--picture", cli["strip.svg"], "--animation", cli["play.html"], "--episode", "2"]);
        Assert.True(code == 0, error);
        Assert.Contains($"Episode 2, frames: {cli["strip.svg"]}", output, StringComparison.Ordinal);
        Assert.Contains("one in pendulum-v1, zero noise: return", File.ReadAllText(cli["strip.svg"]), StringComparison.Ordinal);
        Assert.EndsWith("</html>\n", File.ReadAllText(cli["play.html"]), StringComparison.Ordinal);

        Assert.Equal(1, cli.Run([.. evaluate, "--picture", cli["nowhere/strip.svg"]]).Code);
        Assert.Equal(2, cli.Run([.. evaluate, "--picture", cli["other.svg"], "--episode", "3"]).Code);
        Assert.Equal(2, cli.Run([.. evaluate, "--episode", "1"]).Code);
        Assert.False(File.Exists(cli["other.svg"]));
    }

    [Fact]
    public void Scores_say_which_simulator_gave_them()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one"]);
        var version = typeof(Ofql.Environments.IEnvironment).Assembly.GetName().Version!.ToString(3);
        var json = JsonNode.Parse(cli.Run("evaluate", "one", "--runs", cli.Runs, "--episodes", "1", "--json").Out)!;
        Assert.Equal($"Ofql {version}", (string)json["simulator"]!);
        var run = JsonNode.Parse(File.ReadAllText(Path.Combine(cli.Runs, "one", "run.json")))!;
        Assert.Equal($"Ofql {version}", (string)run["sessions"]![0]!["simulator"]!);
        cli.Run(["train", .. cli.Short, "--name", "blind"]);
        Assert.Null(JsonNode.Parse(File.ReadAllText(Path.Combine(cli.Runs, "blind", "run.json")))!["sessions"]![0]!["simulator"]);
    }

    [Fact]
    public void Waiting_for_a_state_can_be_interrupted()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--name", "one"]);
        using var silence = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var (code, _, error) = cli.RunWith(["act", "one", "--runs", cli.Runs], new SilentReader(silence), stop.Token);
        silence.Set();
        Assert.Equal(130, code);
        Assert.Contains("Interrupted", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_without_end_and_a_reader_that_has_gone_end_acting()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--name", "one"]);
        var (code, _, error) = cli.RunWith(["act", "one", "--runs", cli.Runs], new string('0', 2_000_000), CancellationToken.None);
        Assert.Equal(2, code);
        Assert.Contains("line 1: longer than", error, StringComparison.Ordinal);
        using var output = new StringWriter();
        var unread = Program.Run(["act", "one", "--runs", cli.Runs], new CommandContext
        {
            Out = output, Error = output, Input = new StringReader("1 2 3\n4 5 6\n7 8 9\n"), Catalog = cli.Catalog, OutputIsUnread = () => output.ToString().Contains('\n', StringComparison.Ordinal),
        });
        Assert.Equal(Program.Unread, unread);
        Assert.Single(output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void An_environment_that_the_data_cannot_come_from_has_no_score()
    {
        using var cli = new CliFixture();
        var (code, _, error) = cli.Run("data", "inspect", cli.Data, "--env", "maze2d-umaze-v1");
        Assert.Equal(1, code);
        Assert.Contains("a score in that environment would mean nothing", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluation_starts_where_the_run_says_unless_told_otherwise()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one", "--set", "evaluation.starts=gymnasium"]);
        string[] line = ["evaluate", "one", "--runs", cli.Runs, "--episodes", "1", "--json"];
        Assert.Equal("gymnasium", (string?)JsonNode.Parse(cli.Run(line).Out)!["starts"]);
        Assert.Equal("streams", (string?)JsonNode.Parse(cli.Run([.. line, "--starts", "streams"]).Out)!["starts"]);
    }

    [Fact]
    public void A_run_is_scored_in_the_ways_of_its_training_unless_told_otherwise()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one", "--set", "evaluation.candidates=3", "--set", "evaluation.selection=softmax", "--set", "evaluation.softmax_weight=7"]);
        cli.Run("export", "one", "--runs", cli.Runs, "-o", cli["p.safetensors"]);
        Assert.Equal(["best_of_3", "sample", "softmax7_of_3", "zero_noise"], Ways("one", "--runs", cli.Runs));
        Assert.Equal(["best_of_3", "sample", "zero_noise"], Ways("one", "--runs", cli.Runs, "--selection", "argmax"));
        Assert.Equal(["best_of_4", "sample", "softmax7_of_4", "zero_noise"], Ways("one", "--runs", cli.Runs, "--candidates", "4"));
        Assert.Equal(["best_of_50", "sample", "zero_noise"], Ways(cli["p.safetensors"], "--env", "pendulum"));

        IEnumerable<string> Ways(params string[] line) => JsonNode.Parse(cli.Run(["evaluate", .. line, "--episodes", "1", "--json"]).Out)!["evaluation"]!.AsObject().Select(way => way.Key).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Starts_that_an_environment_does_not_have_are_refused_before_acting()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--name", "one"]);
        var (code, output, error) = cli.Run("evaluate", "one", "--runs", cli.Runs, "--env", "maze2d-umaze-v1", "--starts", "gymnasium");
        Assert.Equal(2, code);
        Assert.Contains("--starts streams", error, StringComparison.Ordinal);
        Assert.Empty(output);
    }

    [Fact]
    public void A_score_is_compared_with_the_data_it_was_trained_on_and_no_other()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one"]);
        string[] line = ["evaluate", "one", "--runs", cli.Runs, "--episodes", "1"];
        Assert.Contains("For comparison, the data it was trained on: mean return", cli.Run(line).Out, StringComparison.Ordinal);
        using (var other = Ofql.Tests.Shared.SmallData.Make(rows: 100))
            Ofql.Formats.Datasets.DatasetFile.Save(other, cli.Data);
        var (code, output, _) = cli.Run(line);
        Assert.Equal(0, code);
        Assert.DoesNotContain("For comparison", output, StringComparison.Ordinal);
        Assert.Null(JsonNode.Parse(cli.Run([.. line, "--json"]).Out)!["data_mean_return"]);
    }

    [Fact]
    public void A_score_is_said_before_the_data_is_read_and_nobody_need_wait_for_that()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one"]);
        using var stop = new CancellationTokenSource();
        using var said = new StoppingWriter(stop, "se: standard error");
        Assert.Equal(130, Program.Run(["evaluate", "one", "--runs", cli.Runs, "--episodes", "1"], said, said, stop.Token, cli.Catalog));
        Assert.Contains("zero noise", said.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("For comparison", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_and_list_speak_json()
    {
        using var cli = new CliFixture();
        var data = JsonNode.Parse(cli.Run("data", "inspect", cli.Data, "--json").Out)!;
        Assert.Equal(200, (int)data["transitions"]!);
        Assert.Equal(20, (int)data["episodes"]!["count"]!);
        var lists = JsonNode.Parse(cli.Run("list", "--json").Out)!;
        Assert.Equal(["tasks", "agents", "environments", "presets"], lists.AsObject().Select(pair => pair.Key));
        Assert.Equal("linear", (string)lists["agents"]![0]!["name"]!);
        var published = lists["agents"]![0]!["published"]![0]!;
        Assert.Equal(("pendulum-v1", "0.02"), ((string)published["task"]!, (string)published["settings"]!["learning_rate"]!));
        Assert.Matches("pendulum-v1 +\\| agent.learning_rate=0.02 +\\| Theoria motus, table 1", cli.Run("list", "agents").Out);
        Assert.True((bool)JsonNode.Parse(cli.Run("doctor", "--runs", cli.Runs, "--json").Out)!["healthy"]!);
    }
}
