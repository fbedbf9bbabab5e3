using System.Text.Json.Nodes;
using System.Xml.Linq;
using Xunit;

namespace Ofql.Cli.Tests;

public class TrainTests
{
    [Fact]
    public void A_run_leaves_everything_needed_to_trust_and_repeat_it()
    {
        using var cli = new CliFixture();
        var (code, output, error) = cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "one"]);
        Assert.True(code == 0, error);
        Assert.Contains("Evaluation of the last checkpoint (update 40)", output, StringComparison.Ordinal);
        Assert.Contains("zero noise", output, StringComparison.Ordinal);
        Assert.Contains("best of 3", output, StringComparison.Ordinal);
        Assert.Contains("not the result", output, StringComparison.Ordinal);
        string[] names = ["config.yaml", "run.json", "metrics.csv", "metrics.jsonl", "timing.csv", "evaluations.csv", "evaluations.json", "learning-curve.svg", "report.md", "policy.safetensors"];
        Assert.All(names, name => Assert.True(File.Exists(Path.Combine(cli.Runs, "one", name)), name));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(cli.Runs, "one", "checkpoints")).Length);
        var svg = XDocument.Load(Path.Combine(cli.Runs, "one", "learning-curve.svg"));
        Assert.Equal("svg", svg.Root!.Name.LocalName);
        Assert.All(File.ReadLines(Path.Combine(cli.Runs, "one", "metrics.jsonl")), line => Assert.NotNull(JsonNode.Parse(line)!["actor/loss"]));
    }

    [Fact]
    public void Evaluations_beside_the_training_score_the_policy_of_their_step()
    {
        // With all cores it waits for them, with one thread it goes on (where there are more cores than one).
        using var cli = new CliFixture();
        string[] threads = ["1", Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        var tables = threads.Distinct().Select(count =>
        {
            Assert.Equal(0, cli.Run(["train", .. cli.Short[..^2], "--env", "pendulum", "--threads", count, "--name", "with" + count]).Code);
            return File.ReadAllText(Path.Combine(cli.Runs, "with" + count, "evaluations.csv"));
        }).ToList();
        Assert.Equal(tables[^1], tables[0]);
    }

    [Fact]
    public void Starts_that_an_environment_does_not_have_are_refused_before_training()
    {
        using var cli = new CliFixture();
        var (code, _, error) = CliFixture.RunWith(
            ["train", "maze2d-umaze-v1", "--runs", cli.Runs, "--datasets", cli["sets"], "--name", "one", "--updates", "2", "--set", "data.rows=500", "--set", "agent.batch_size=16", "--set", "evaluation.starts=gymnasium"],
            TextReader.Null, Ofql.Cli.Composition.Catalog.Shipped, CancellationToken.None);
        Assert.Equal(2, code);
        Assert.Contains("cannot start where Gymnasium does", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(cli.Runs, "one")));
    }

    [Fact]
    public void A_number_of_updates_without_end_has_a_time_left()
    {
        using var cli = new CliFixture();
        using var stop = new CancellationTokenSource();
        cli.Agents.Updated = (_, step) =>
        {
            if (step == 30)
                stop.Cancel();
        };
        var (code, _, error) = cli.RunWith(["train", "--data", cli.Data, "--agent", "linear", "--env", "pendulum", "--runs", cli.Runs, "--name", "one", "--updates", "99999999999999", "--set", "training.log_every=1"], "", stop.Token);
        Assert.True(code == 130, error);
    }

    [Fact]
    public void A_policy_that_was_lost_after_the_last_checkpoint_is_written_again_on_resuming()
    {
        using var cli = new CliFixture();
        Assert.Equal(0, cli.Run(["train", .. cli.Short, "--name", "one"]).Code);
        var policy = Path.Combine(cli.Runs, "one", "policy.safetensors");
        var bytes = File.ReadAllBytes(policy);
        File.Delete(policy);
        Assert.Equal(0, cli.Run("train", "--resume", "one", "--runs", cli.Runs).Code);
        Assert.Equal(bytes, File.ReadAllBytes(policy));
    }

    [Fact]
    public void A_run_whose_checkpoints_were_removed_is_not_begun_anew()
    {
        using var cli = new CliFixture();
        Assert.Equal(0, cli.Run(["train", .. cli.Short, "--name", "one"]).Code);
        Directory.Delete(Path.Combine(cli.Runs, "one", "checkpoints"), recursive: true);
        string[] names = ["policy.safetensors", "metrics.csv", "config.yaml"];
        var before = names.Select(name => File.ReadAllBytes(Path.Combine(cli.Runs, "one", name))).ToList();
        var (code, _, error) = cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--updates", "50");
        Assert.Equal(1, code);
        Assert.Contains("has a policy but no checkpoint any more", error, StringComparison.Ordinal);
        Assert.Equal(before, names.Select(name => File.ReadAllBytes(Path.Combine(cli.Runs, "one", name))).ToList());
    }

    [Fact]
    public void Without_an_environment_it_trains_and_says_so()
    {
        using var cli = new CliFixture();
        var (code, output, _) = cli.Run(["train", .. cli.Short, "--name", "one"]);
        Assert.Equal(0, code);
        Assert.Contains("No environment", output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_existing_run_is_not_overwritten()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--name", "one"]);
        var before = cli.Metrics("one");
        var (code, _, error) = cli.Run(["train", .. cli.Short, "--name", "one"]);
        Assert.Equal(2, code);
        Assert.Contains("--resume", error, StringComparison.Ordinal);
        Assert.Contains("--name", error, StringComparison.Ordinal);
        Assert.Equal(before, cli.Metrics("one"));
    }

    [Theory]
    [InlineData(13)]
    [InlineData(20)]
    [InlineData(33)]
    public void Interrupted_and_resumed_equals_uninterrupted(int stopAt)
    {
        using var cli = new CliFixture();
        Assert.Equal(0, cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "whole"]).Code);
        using var stop = new CancellationTokenSource();
        cli.Agents.Updated = (_, step) =>
        {
            if (step == stopAt)
                stop.Cancel();
        };
        var (code, _, error) = cli.RunWith(["train", .. cli.Short, "--env", "pendulum", "--name", "parts"], "", stop.Token);
        Assert.Equal(130, code);
        Assert.Contains("ofql train --resume", error, StringComparison.Ordinal);
        cli.Agents.Updated = null;
        Assert.Equal(0, cli.Run("train", "--resume", "parts", "--runs", cli.Runs).Code);
        Assert.Equal(cli.Bytes("whole"), cli.Bytes("parts"));
    }

    [Fact]
    public void Killed_and_resumed_equals_uninterrupted()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "whole"]);
        cli.Agents.Updated = (_, step) =>
        {
            if (step == 37)
                throw new InvalidOperationException("killed");
        };
        Assert.Equal(1, cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "parts"]).Code);
        cli.Agents.Updated = null;
        // What a kill in the middle of a line leaves behind.
        File.AppendAllText(Path.Combine(cli.Runs, "parts", "metrics.csv"), "36,0.1");
        Assert.Equal(0, cli.Run("train", "--resume", "--runs", cli.Runs, "--name", "parts").Code);
        Assert.Equal(cli.Bytes("whole"), cli.Bytes("parts"));
    }

    [Fact]
    public void A_damaged_checkpoint_is_skipped_with_a_warning()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "whole"]);
        using var stop = new CancellationTokenSource();
        cli.Agents.Updated = (_, step) => StopAt(stop, step == 30);
        cli.RunWith(["train", .. cli.Short, "--env", "pendulum", "--name", "parts"], "", stop.Token);
        cli.Agents.Updated = null;
        var newest = Path.Combine(cli.Runs, "parts", "checkpoints", "step-000000030.safetensors");
        var bytes = File.ReadAllBytes(newest);
        bytes[^3] ^= 1;
        File.WriteAllBytes(newest, bytes);
        var (code, output, _) = cli.Run("train", "--resume", "parts", "--runs", cli.Runs);
        Assert.Equal(0, code);
        Assert.Contains("Skipped the checkpoint of step 30", output, StringComparison.Ordinal);
        Assert.Equal(cli.Bytes("whole"), cli.Bytes("parts"));
    }

    [Fact]
    public void Resuming_with_another_configuration_lists_the_differences()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--name", "one"]);
        var (code, _, error) = cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--set", "agent.learning_rate=0.5", "--seed", "4");
        Assert.Equal(2, code);
        Assert.Contains("agent.learning_rate: '0.01' in the run, '0.5' now", error, StringComparison.Ordinal);
        Assert.Contains("training.seed: '0' in the run, '4' now", error, StringComparison.Ordinal);
        Assert.Equal(2, cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--updates", "30").Code);
        Assert.Equal(0, cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--updates", "60", "--threads", "2").Code);
        Assert.Equal("56", File.ReadLines(Path.Combine(cli.Runs, "one", "metrics.csv")).SkipLast(1).Last().Split(',')[0]);
    }

    [Fact]
    public void A_failure_on_the_way_says_how_to_go_on()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "whole"]);
        cli.Agents.Updated = (_, step) =>
        {
            if (step == 25)
                throw new OfqlException("The disk is full. Free some space.");
        };
        var (code, _, error) = cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "parts"]);
        Assert.Equal(1, code);
        Assert.Contains($"The disk is full. Free some space. Then continue from update 20 with: ofql train --resume {Path.Combine(cli.Runs, "parts")}", error, StringComparison.Ordinal);
        cli.Agents.Updated = null;
        Assert.Equal(0, cli.Run("train", "--resume", Path.Combine(cli.Runs, "parts")).Code);
        Assert.Equal(cli.Bytes("whole"), cli.Bytes("parts"));
    }

    [Fact]
    public void Resuming_without_the_data_file_says_where_it_was_looked_for()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--name", "one"]);
        File.Move(cli.Data, cli["moved.safetensors"]);
        var (code, _, error) = cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--updates", "60");
        Assert.Equal(1, code);
        Assert.Contains("Give the file with --data", error, StringComparison.Ordinal);
        Assert.Equal(0, cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--updates", "60", "--data", cli["moved.safetensors"]).Code);
    }

    [Fact]
    public void What_a_killed_process_was_writing_stands_in_nobodys_way_and_is_cleared_away()
    {
        using var cli = new CliFixture();
        var folder = Path.Combine(cli.Runs, "one");
        Directory.CreateDirectory(Path.Combine(folder, "checkpoints"));
        string[] left = [".config.yaml.0123456789ab.part", "checkpoints/.step-000000010.safetensors.ba9876543210.part"];
        foreach (var name in left)
            File.WriteAllText(Path.Combine(folder, name), "half");
        // That of a download is picked up again.
        File.WriteAllText(Path.Combine(folder, "checkpoints", ".data.hdf5.part"), "kept");
        var (code, _, error) = cli.Run(["train", .. cli.Short, "--name", "one"]);
        Assert.Equal(2, code);
        File.Move(Path.Combine(folder, "checkpoints", ".data.hdf5.part"), cli["kept"]);
        (code, _, error) = cli.Run(["train", .. cli.Short, "--name", "one"]);
        Assert.True(code == 0, error);
        Assert.All(left, name => Assert.False(File.Exists(Path.Combine(folder, name)), name));
        File.WriteAllText(Path.Combine(folder, left[1]), "half");
        Assert.Equal(0, cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--updates", "50").Code);
        Assert.False(File.Exists(Path.Combine(folder, left[1])));
    }

    [Theory]
    [InlineData("one/config.yaml", "one")]
    [InlineData("many/seeds.txt", "many")]
    public void A_file_of_a_run_that_cannot_be_read_is_named(string file, string run)
    {
        using var cli = new CliFixture();
        Assert.Equal(0, cli.Run(["train", .. cli.Short, "--name", "one"]).Code);
        Assert.Equal(0, cli.Run(["train", .. cli.Short, "--name", "many", "--seeds", "0..1"]).Code);
        var path = Path.Combine(cli.Runs, file);
        File.Delete(path);
        // Is there, and leads nowhere: the rights of whoever runs this are of no concern.
        File.CreateSymbolicLink(path, path);
        var (code, _, error) = cli.Run("train", "--resume", run, "--runs", cli.Runs);
        Assert.Equal(1, code);
        Assert.Contains($"Cannot read '{path}'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_run_leaves_that_never_began_does_not_stand_in_the_way()
    {
        using var cli = new CliFixture();
        Directory.CreateDirectory(Path.Combine(cli.Runs, "one", "checkpoints"));
        File.WriteAllText(Path.Combine(cli.Runs, "one", ".lock"), "");
        var (code, _, error) = cli.Run(["train", .. cli.Short, "--name", "one"]);
        Assert.True(code == 0, error);
        Directory.CreateDirectory(Path.Combine(cli.Runs, "two"));
        File.WriteAllText(Path.Combine(cli.Runs, "two", "notes.txt"), "mine");
        (code, _, error) = cli.Run(["train", .. cli.Short, "--name", "two"]);
        Assert.Equal(2, code);
        Assert.Contains("no run", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("agent.learning_rate=0.1", "data.action_high=0.01", "--seeds", "0..1")]
    [InlineData("evaluation.episodes=0", "data.action_high=1", "--seed", "0")]
    public void A_refusal_does_not_stand_in_the_way_of_the_next_attempt(string first, string second, string option, string value)
    {
        using var cli = new CliFixture();
        string[] arguments = ["train", "--data", cli.Data, "--agent", "linear", "--runs", cli.Runs, "--updates", "4", "--name", "one", option, value];
        Assert.NotEqual(0, cli.Run([.. arguments, "--set", first, "--set", second]).Code);
        var (code, _, error) = cli.Run(arguments);
        Assert.True(code == 0, error);
    }

    [Fact]
    public void Resuming_with_other_data_is_refused()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--name", "one"]);
        using (var other = Ofql.Tests.Shared.SmallData.Make(rows: 100))
            Ofql.Formats.Datasets.DatasetFile.Save(other, cli["other.safetensors"]);
        var (code, _, error) = cli.Run("train", "--resume", "one", "--runs", cli.Runs, "--updates", "60", "--data", cli["other.safetensors"]);
        Assert.Equal(1, code);
        Assert.Contains("fingerprint", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Divergence_ends_with_1_and_keeps_the_last_checkpoint()
    {
        using var cli = new CliFixture();
        var (code, _, error) = cli.Run(["train", .. cli.Short, "--name", "one", "--set", "agent.diverge_at=25"]);
        Assert.Equal(1, code);
        Assert.Contains("actor/loss is NaN", error, StringComparison.Ordinal);
        Assert.Equal(["step-000000010.safetensors", "step-000000020.safetensors"], Directory.GetFiles(Path.Combine(cli.Runs, "one", "checkpoints")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Seeds_make_a_table_with_an_interval_over_seeds()
    {
        using var cli = new CliFixture();
        var (code, output, error) = cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "many", "--seeds", "0..2", "--json"]);
        Assert.True(code == 0, error);
        var seeds = JsonNode.Parse(output)!["seeds"]!;
        var way = seeds["ways"]!["sample"]!;
        var values = way["by_seed"]!.AsArray().Select(value => (double)value!).ToArray();
        Assert.Equal(3, values.Distinct().Count());
        Assert.Equal(values.Average(), (double)way["mean"]!, 1e-9);
        var deviation = Math.Sqrt(values.Sum(value => Math.Pow(value - values.Average(), 2)) / 2);
        Assert.Equal(deviation / Math.Sqrt(3), (double)way["standard_error"]!, 1e-9);
        // Student's t with 2 degrees of freedom at 97.5 %.
        Assert.Equal(values.Average() + (4.302652729911275 * deviation / Math.Sqrt(3)), (double)way["high_95"]!, 1e-6);
        Assert.True(File.Exists(Path.Combine(cli.Runs, "many", "seeds.csv")));
        XDocument.Load(Path.Combine(cli.Runs, "many", "learning-curve.svg"));
        Assert.Contains("95 % interval", cli.Run("train", "--resume", "many", "--runs", cli.Runs).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Resuming_several_seeds_also_begins_those_not_reached()
    {
        using var cli = new CliFixture();
        using var stop = new CancellationTokenSource();
        cli.Agents.Updated = (_, _) => stop.Cancel();
        Assert.Equal(130, cli.RunWith(["train", .. cli.Short, "--name", "many", "--seeds", "0..40"], "", stop.Token).Code);
        Assert.True(Directory.GetDirectories(Path.Combine(cli.Runs, "many")).Length < 41);
        cli.Agents.Updated = null;
        Assert.Equal(0, cli.Run("train", "--resume", "many", "--runs", cli.Runs).Code);
        Assert.Equal(41, Directory.GetDirectories(Path.Combine(cli.Runs, "many")).Length);
    }

    [Fact]
    public void Resuming_some_of_several_seeds_leaves_the_others_theirs()
    {
        using var cli = new CliFixture();
        using var stop = new CancellationTokenSource();
        cli.Agents.Updated = (_, _) => stop.Cancel();
        Assert.Equal(130, cli.RunWith(["train", .. cli.Short, "--name", "many", "--seeds", "0..9"], "", stop.Token).Code);
        cli.Agents.Updated = null;
        Assert.Equal(0, cli.Run("train", "--resume", "many", "--seeds", "3,12", "--runs", cli.Runs).Code);
        Assert.Equal(0, cli.Run("train", "--resume", "many", "--runs", cli.Runs).Code);
        Assert.Equal(11, Directory.GetDirectories(Path.Combine(cli.Runs, "many")).Length);
        Assert.All(Directory.GetDirectories(Path.Combine(cli.Runs, "many")), seed => Assert.Contains("Completed", File.ReadAllText(Path.Combine(seed, "report.md")), StringComparison.Ordinal));
    }

    [Fact]
    public void Seeds_that_ended_at_different_steps_are_told_beside_their_mean()
    {
        using var cli = new CliFixture();
        var (code, output, error) = cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "many", "--seeds", "0..2"]);
        Assert.True(code == 0, error);
        Assert.DoesNotContain("not evaluated at one step", output, StringComparison.Ordinal);
        // What a seed that diverged after its first evaluation leaves.
        var evaluations = Path.Combine(cli.Runs, "many", "seed-1", "evaluations.json");
        var rows = JsonNode.Parse(File.ReadAllText(evaluations))!.AsArray();
        File.WriteAllText(evaluations, new JsonArray(rows[0]!.DeepClone()).ToJsonString());
        output = cli.Run("train", "--resume", "many", "--runs", cli.Runs).Out;
        Assert.Matches(@"not evaluated at one step: seed 0 at (\d+), seed 1 at (?!\1)\d+, seed 2 at \1\.", output);
        Assert.Contains("not evaluated at one step", File.ReadAllText(Path.Combine(cli.Runs, "many", "report.md")), StringComparison.Ordinal);
        Assert.Contains("--seeds '18446744073709551615'", cli.Run(["train", .. cli.Short, "--seeds", "18446744073709551615"]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Seeds_and_names_that_a_continued_run_could_not_have_are_refused()
    {
        using var cli = new CliFixture();
        Assert.Equal(0, cli.Run(["train", .. cli.Short, "--name", "one"]).Code);
        Assert.Equal(0, cli.Run(["train", .. cli.Short, "--name", "many", "--seeds", "0..1"]).Code);
        Refused("is a single run", "--resume", "one", "--seeds", "0..4");
        Refused("name it with --seeds 5", "--resume", "many", "--seed", "5");
        Refused("name it with --seeds 5", "--resume", "many", "--set", "training.seed=5");
        Refused("a run keeps its name", "--resume", "one", "--name", "two");
        Refused("exclude each other", [.. cli.Short, "--seeds", "0..1", "--set", "training.seed=5"]);
        // A task is no name of a run.
        Refused("There is no run 'tow'", "--resume", "small", "--data", cli.Data, "--name", "tow");
        Assert.Equal(0, cli.Run("train", "--resume", "many", "--seeds", "1", "--runs", cli.Runs).Code);

        void Refused(string words, params string[] arguments)
        {
            var (code, _, error) = cli.Run(["train", .. arguments, .. arguments.Contains("--runs") ? Array.Empty<string>() : ["--runs", cli.Runs]]);
            Assert.Contains(words, error, StringComparison.Ordinal);
            Assert.Equal(2, code);
        }
    }

    [Fact]
    public void An_evaluation_older_than_the_policy_is_called_so()
    {
        using var cli = new CliFixture();
        using var stop = new CancellationTokenSource();
        cli.Agents.Updated = (_, step) => StopAt(stop, step == 33);
        var (code, output, _) = cli.RunWith(["train", .. cli.Short, "--env", "pendulum", "--name", "one"], "", stop.Token);
        Assert.Equal(130, code);
        const string Title = "Last evaluation ({0} 20; the policy saved is that of 33)";
        Assert.Contains(string.Format(System.Globalization.CultureInfo.InvariantCulture, Title, "update"), output, StringComparison.Ordinal);
        Assert.Contains(string.Format(System.Globalization.CultureInfo.InvariantCulture, Title, "step"), File.ReadAllText(Path.Combine(cli.Runs, "one", "report.md")), StringComparison.Ordinal);
        cli.Agents.Updated = null;
        Assert.Contains("Evaluation of the last checkpoint (update 40)", cli.Run("train", "--resume", "one", "--runs", cli.Runs).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_ended_before_its_first_checkpoint_names_no_policy()
    {
        using var cli = new CliFixture();
        using var stop = new CancellationTokenSource();
        string[] line = ["train", .. cli.Short, "--env", "pendulum", "--name"];
        cli.Agents.Building = stop.Cancel;
        var (code, output, _) = cli.RunWith([.. line, "none"], "", stop.Token);
        Assert.Equal(130, code);
        Assert.Contains("Interrupted at update 0 of 40; there was nothing to save yet.", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Policy:", output, StringComparison.Ordinal);
        cli.Agents.Building = null;
        (code, output, _) = cli.Run([.. line, "early", "--set", "agent.diverge_at=5"]);
        Assert.Equal(1, code);
        Assert.DoesNotContain("Policy:", output, StringComparison.Ordinal);
        Assert.Contains("the run ended before its first evaluation", File.ReadAllText(Path.Combine(cli.Runs, "early", "report.md")), StringComparison.Ordinal);
        (_, output, _) = cli.Run([.. line, "again", "--set", "agent.diverge_at=5", "--json"]);
        Assert.Null(JsonNode.Parse(output)!["runs"]![0]!["policy"]);
    }

    [Fact]
    public void A_seed_that_fails_costs_the_others_nothing()
    {
        using var cli = new CliFixture();
        cli.Agents.Updated = (seed, step) =>
        {
            if (seed == 1 && step == 15)
                throw new OfqlException("The simulator broke down.");
        };
        var (code, output, error) = cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "many", "--seeds", "0..2", "--json"]);
        Assert.Equal(1, code);
        Assert.Contains("Seed 1 failed: The simulator broke down.", error, StringComparison.Ordinal);
        Assert.Contains("ofql: The simulator broke down.", error, StringComparison.Ordinal);
        var json = JsonNode.Parse(output)!;
        Assert.Equal(["completed", "failed", "completed"], json["runs"]!.AsArray().Select(run => (string)run!["outcome"]!));
        Assert.StartsWith("The simulator broke down.", (string)json["runs"]![1]!["reason"]!, StringComparison.Ordinal);
        Assert.Equal([0, 2], json["seeds"]!["seeds"]!.AsArray().Select(seed => (int)seed!));
        Assert.StartsWith("way,mean,standard_error,low_95,high_95,seed_0,seed_2\n", File.ReadAllText(Path.Combine(cli.Runs, "many", "seeds.csv")), StringComparison.Ordinal);
        Assert.Contains("- seed 1 failed: The simulator broke down.", File.ReadAllText(Path.Combine(cli.Runs, "many", "report.md")), StringComparison.Ordinal);
        cli.Agents.Updated = null;
        Assert.Equal(0, cli.Run("train", "--resume", "many", "--runs", cli.Runs).Code);
    }

    [Fact]
    public void Interrupted_after_a_seed_failed_it_is_interrupted()
    {
        using var cli = new CliFixture();
        using var stop = new CancellationTokenSource();
        cli.Agents.Updated = (seed, step) =>
        {
            if (seed == 0 && step == 5)
                throw new OfqlException("The simulator broke down.");
            StopAt(stop, step == 20);
        };
        var (code, output, error) = cli.RunWith(["train", .. cli.Short, "--env", "pendulum", "--name", "many", "--seeds", "0..9"], "", stop.Token);
        Assert.Equal(130, code);
        Assert.Contains("Seed 0 failed: The simulator broke down.", output, StringComparison.Ordinal);
        Assert.Contains("ofql train --resume", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Killed_before_the_first_checkpoint_begins_again()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "whole"]);
        cli.Agents.Updated = (_, step) =>
        {
            if (step == 9)
                throw new InvalidOperationException("killed");
        };
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "parts"]);
        cli.Agents.Updated = null;
        Assert.Equal(0, cli.Run("train", "--resume", "parts", "--runs", cli.Runs).Code);
        Assert.Equal(cli.Bytes("whole"), cli.Bytes("parts"));
    }

    [Fact]
    public void One_seed_of_several_equals_the_same_run_alone()
    {
        using var cli = new CliFixture();
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "many", "--seeds", "0,5"]);
        cli.Run(["train", .. cli.Short, "--env", "pendulum", "--name", "alone", "--seed", "5"]);
        Assert.Equal(cli.Bytes("alone"), cli.Bytes("many/seed-5"));
    }

    [Fact]
    public void One_seed_of_several_of_a_real_algorithm_equals_the_same_run_alone()
    {
        using var cli = new CliFixture();
        string[] line = ["train", "--data", cli.Data, "--env", "pendulum", "--runs", cli.Runs, "--updates", "40", "--set", "agent.batch_size=64", "--set", "agent.hidden_width=24", "--set", "evaluation.episodes=1"];
        Train("--name", "many", "--seeds", "0..3");
        Train("--name", "alone", "--seed", "2", "--threads", "1");
        Train("--name", "two", "--seed", "2", "--threads", "2");
        Assert.Equal(cli.Bytes("alone"), cli.Bytes("many/seed-2"));
        Assert.Equal(cli.Bytes("alone"), cli.Bytes("two"));
        Assert.NotEqual(cli.Bytes("alone"), cli.Bytes("many/seed-3"));

        void Train(params string[] more)
        {
            var (code, _, error) = CliFixture.RunWith([.. line, .. more], TextReader.Null, Ofql.Cli.Composition.Catalog.Shipped, CancellationToken.None);
            Assert.True(code == 0, error);
        }
    }

    [Fact]
    public void Data_that_does_not_fit_is_refused_before_training()
    {
        using var cli = new CliFixture();
        var (code, _, error) = cli.Run(["train", .. cli.Short, "--env", "maze2d-umaze-v1"]);
        Assert.Equal(1, code);
        Assert.Contains("maze2d-umaze-v1 has 4 and 2", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(cli.Runs));
        (code, _, error) = cli.Run(["train", .. cli.Short, "--set", "data.action_high=0.5"]);
        Assert.Equal(1, code);
        Assert.Contains("data.action_high", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Generated_data_is_kept_and_checked()
    {
        using var cli = new CliFixture();
        string[] line = ["data", "generate", "maze2d-umaze-v1", "--rows", "2000", "--datasets", cli["sets"], "--json"];
        var first = cli.Run(line);
        Assert.Contains("Generating", first.Error, StringComparison.Ordinal);
        var second = cli.Run(line);
        Assert.Equal(first.Out, second.Out);
        Assert.Empty(second.Error);
        var file = (string)JsonNode.Parse(first.Out)!["file"]!;
        var bytes = File.ReadAllBytes(file);
        // The lowest bit of a reward-sized value: still sound, no longer the same.
        bytes[^5000] ^= 1;
        File.WriteAllBytes(file, bytes);
        var (code, _, error) = cli.Run(line);
        Assert.Equal(1, code);
        Assert.Contains("has changed since it was generated", error, StringComparison.Ordinal);
        File.WriteAllBytes(file, bytes[..^10]);
        Assert.Contains("remove it", cli.Run(line).Error.Replace($"'{file}'", "it", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_would_act_by_untrained_weights_is_announced()
    {
        using var cli = new CliFixture();
        string[] line = ["train", "--data", cli.Data, "--env", "none", "--runs", cli.Runs, "--updates", "2", "--set", "agent.batch_size=8", "--set", "agent.hidden_width=8"];
        Assert.Contains("it is still that beginning", Output("--name", "a"), StringComparison.Ordinal);
        Assert.DoesNotContain("beginning", Output("--name", "b", "--set", "agent.act_with=online"), StringComparison.Ordinal);
        Assert.Contains("\"agent.act_with\": \"average\"", Output("--dry-run", "--json"), StringComparison.Ordinal);

        Assert.Contains("it has learned nothing", Output("--name", "c", "--agent", "dtql"), StringComparison.Ordinal);
        Assert.Contains("act_with=online", Output("--name", "d", "--agent", "idql"), StringComparison.Ordinal);
        var published = Output("--agent", "dql", "--published", "hopper-medium-replay-v2", "--set", "agent.eta=0.5", "--dry-run");
        Assert.Contains("actor_max_norm: 4", published, StringComparison.Ordinal);
        Assert.Contains("eta: 0.5", published, StringComparison.Ordinal);
        Assert.Contains("updates: 2\n", published, StringComparison.Ordinal);
        line = [.. line.Where(word => word is not ("--updates" or "2"))];
        var whole = Output("--agent", "dql", "--published", "hopper-medium-replay-v2", "--dry-run");
        Assert.Contains("updates: 2000000\n", whole, StringComparison.Ordinal);
        Assert.Contains("selection: softmax\n", whole, StringComparison.Ordinal);

        string Output(params string[] more)
        {
            var (code, output, error) = CliFixture.RunWith([.. line, .. more], TextReader.Null, Ofql.Cli.Composition.Catalog.Shipped, CancellationToken.None);
            Assert.True(code == 0, error);
            return output;
        }
    }

    [Fact]
    public void What_is_known_of_generated_data_is_not_found_out_again()
    {
        using var cli = new CliFixture();
        var outputs = new[] { "one", "two", "three" }.Select(name =>
        {
            var (code, output, error) = cli.Run(
                ["train", "--agent", "linear", "--set", "data.generate=maze2d-umaze-v1", "--set", "data.rows=2000", "--datasets", cli["sets"], "--env", "maze2d-umaze-v1", "--runs", cli.Runs, "--updates", "2", "--set", "evaluation.episodes=1", "--name", name]);
            Assert.True(code == 0, error);
            var facts = Directory.GetFiles(cli["sets"], "*.facts.json").Single();
            if (name == "two")
                File.WriteAllText(facts, "damaged");
            return output[output.IndexOf("For comparison", StringComparison.Ordinal)..output.IndexOf("Policy", StringComparison.Ordinal)];
        }).ToList();
        Assert.Equal(outputs[0], outputs[1]);
        Assert.Equal(outputs[0], outputs[2]);
    }

    private static void StopAt(CancellationTokenSource stop, bool now)
    {
        if (now)
            stop.Cancel();
    }
}
