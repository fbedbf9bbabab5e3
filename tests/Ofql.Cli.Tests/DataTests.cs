using System.Text.Json.Nodes;
using Ofql.Formats.Datasets;
using Ofql.Formats.Hdf5;
using Ofql.Formats.Policies;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Cli.Tests;

/// <summary>The data commands: fetch from a server in this process, convert, inspect.</summary>
public sealed class DataTests
{
    private static readonly byte[] Content = [0x89, .. "HDF\r\n"u8, 0x1A, .. "\n and then some more of it, as long as it takes"u8];

    [Fact]
    public void A_published_set_is_fetched_from_a_mirror_once()
    {
        using var cli = new CliFixture();
        using var server = new LocalServer(request => LocalServer.Serve(request, Content, "\"x\""));
        string[] line = ["data", "fetch", "hopper-medium-v2", "--mirror", server.Address.AbsoluteUri, "--datasets", cli["sets"]];
        var (code, output, error) = cli.Run(line);
        Assert.True(code == 0, error);
        Assert.Equal("/sets/gym_mujoco_v2/hopper_medium-v2.hdf5", server.Requests.Single().Path);
        Assert.Equal(Content, File.ReadAllBytes(cli["sets/hopper_medium-v2.hdf5"]));
        Assert.Contains("CC BY 4.0", output, StringComparison.Ordinal);
        Assert.Contains("From http", output, StringComparison.Ordinal);
        Assert.Contains($"Next: ofql data inspect {cli["sets/hopper_medium-v2.hdf5"]}", output, StringComparison.Ordinal);
        (_, output, _) = cli.Run([.. line, "--json"]);
        var result = JsonNode.Parse(output)!;
        Assert.True((bool)result["was_there"]!);
        Assert.Equal(64, ((string)result["sha256"]!).Length);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void Failures_are_told_and_leave_nothing()
    {
        using var cli = new CliFixture();
        using var server = new LocalServer(_ => new("403 Forbidden", [LocalServer.Length(0)], []));
        var (code, _, error) = cli.Run("data", "fetch", "--url", new Uri(server.Address, "a.hdf5").AbsoluteUri, "--datasets", cli["sets"]);
        Assert.Equal(1, code);
        Assert.Contains("answered 403", error, StringComparison.Ordinal);
        Assert.Contains(cli["sets/a.hdf5"], error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(cli["sets"]));
    }

    [Fact]
    public void The_list_names_tasks_with_licences()
    {
        using var cli = new CliFixture();
        Assert.Contains("antmaze-large-play-v2", cli.Run("data", "fetch", "--list").Out, StringComparison.Ordinal);
        Assert.All(JsonNode.Parse(cli.Run("data", "fetch", "--list", "--json").Out)!.AsArray(), entry => Assert.False(string.IsNullOrEmpty((string?)entry!["licence"])));
    }

    [Fact]
    public void Conversions_are_read_back_and_say_what_they_keep()
    {
        using var cli = new CliFixture();
        var from = cli.Data;
        var fingerprints = new HashSet<string>();
        foreach (var name in (string[])["a.npz", "b.csv", "c.safetensors"])
        {
            var (code, output, error) = cli.Run("data", "convert", from, cli[name], "--json");
            Assert.True(code == 0, error);
            var result = JsonNode.Parse(output)!;
            Assert.Null(result["changes"]);
            fingerprints.Add((string)result["fingerprint"]!);
            from = cli[name];
        }

        Assert.Single(fingerprints);
        Assert.Contains("the same transitions, bit for bit", cli.Run("data", "convert", cli.Data, cli["d.npz"]).Out, StringComparison.Ordinal);
        if (Hdf5Support.FindProblem() is null)
            Assert.Contains("Read back: the same transitions", cli.Run("data", "convert", cli.Data, cli["e.hdf5"]).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_of_logs_is_trained_on_by_its_map_and_resumed()
    {
        using var cli = new CliFixture();
        var lines = Enumerable.Range(0, 60).Select(row => FormattableString.Invariant($"{row / 20},{row % 7 / 7.0},{row % 5 / 5.0},{row % 3 / 3.0},{(row % 2 == 0 ? 0.5 : -0.5)},1,0"));
        File.WriteAllText(cli["log.csv"], "run,speed,angle,heat,torque,profit,done\n" + string.Join('\n', lines) + "\n");
        File.WriteAllText(cli["map.yaml"], "observations: speed, angle, heat\nactions: torque\nreward: profit\nterminated: done\nepisode: run\n");
        string[] more = ["--runs", cli.Runs, "--set", "training.evaluate_every=0", "--threads", "1"];
        Assert.Contains("--map columns.yaml to", cli.Run(["train", "--data", cli["log.csv"], "--agent", "linear", "--name", "x", .. more]).Error, StringComparison.Ordinal);
        Assert.Contains("Leave data.task out", cli.Run(["train", "--data", cli["log.csv"], "--map", cli["map.yaml"], "--agent", "linear", "--name", "x", "--set", "data.task=puzzle", .. more]).Error, StringComparison.Ordinal);
        var (code, output, error) = cli.Run(["train", "--data", cli["log.csv"], "--map", cli["map.yaml"], "--agent", "linear", "--name", "one", "--updates", "4", .. more]);
        Assert.True(code == 0, error);
        Assert.Contains("57 transitions, state 3, action 1, 3 episodes", output, StringComparison.Ordinal);
        Assert.Equal(0, cli.Run(["train", "--resume", "one", "--updates", "8", "--runs", cli.Runs]).Code);
        File.Delete(cli["map.yaml"]);
        Assert.Contains("Cannot read the column map", cli.Run(["train", "--resume", "one", "--updates", "9", "--runs", cli.Runs]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_logs_do_to_a_training_is_said_before_it()
    {
        using var cli = new CliFixture();
        // Two units among each other, a valve in per cent beside a set point in thousands, a mark for a missing value.
        var lines = Enumerable.Range(0, 400).Select(row => FormattableString.Invariant(
            $"{(row / 2 % 2 == 0 ? "A" : "B ")},{row % 7 / 7.0},{4000 + (row % 5)},{(row == 200 ? -9999 : row % 3)},{50 + (row % 4 / 4.0)},{2700 + (row % 9)},1"));
        File.WriteAllText(cli["log.csv"], "unit,speed,flow,heat,valve,target,profit\n" + string.Join('\n', lines) + "\n");
        File.WriteAllText(cli["map.yaml"], "observations: speed, flow, heat\nactions: valve, target\nreward: profit\nepisode: unit\n");
        var inspected = cli.Run("data", "inspect", cli["log.csv"], "--map", cli["map.yaml"]).Out;
        Assert.Contains("198 times the name of an episode comes back", inspected, StringComparison.Ordinal);
        Assert.Contains("observations[2] (heat) reaches -9999", inspected, StringComparison.Ordinal);
        Assert.Contains("States are as large as 9999", inspected, StringComparison.Ordinal);

        string[] train = ["train", "--data", cli["log.csv"], "--map", cli["map.yaml"], "--runs", cli.Runs, "--updates", "2", "--agent", "bc", "--set", "agent.hidden_width=8", "--set", "agent.batch_size=8"];
        Assert.Contains("--set data.action_low=50,2700 --set data.action_high=50.5,2708", Run(1, train).Error, StringComparison.Ordinal);
        Assert.Contains("actions[0] (valve) uses 0.0 % of its range 0 .. 3000", Run(0, [.. train, "--name", "a", "--set", "data.action_low=0", "--set", "data.action_high=3000"]).Out, StringComparison.Ordinal);
        Assert.Contains("has 3 numbers; expected one for all actions, or 2", Run(2, [.. train, "--set", "data.action_low=1,2,3"]).Error, StringComparison.Ordinal);
        Assert.Contains("for actions[1]; expected the smallest", Run(2, [.. train, "--set", "data.action_low=50,2710", "--set", "data.action_high=51,2708"]).Error, StringComparison.Ordinal);
        var text = Run(0, [.. train, "--name", "b", "--set", "data.action_low=50,2700", "--set", "data.action_high=51,2710"]).Out;
        Assert.DoesNotContain("of its range", text, StringComparison.Ordinal);
        Assert.DoesNotContain("States are as large", text, StringComparison.Ordinal);
        var report = File.ReadAllText(Path.Combine(cli.Runs, "b", "report.md"));
        Assert.Contains("## Beside the recorded actions", report, StringComparison.Ordinal);
        Assert.Matches(@"at most \((valve|target)\)", report);
        Assert.Contains("of the recorded ones", report, StringComparison.Ordinal);
        var policy = PolicyFile.Open(Path.Combine(cli.Runs, "b", "policy.safetensors"));
        Assert.Equal(("speed, flow, heat", "valve, target"), (policy.Metadata["state_parts"], policy.Metadata["action_parts"]));
        Assert.Equal([50f, 2700f], policy.Tensors["action_low"].Values);

        (string Out, string Error) Run(int expected, string[] arguments)
        {
            var (code, output, error) = CliFixture.RunWith(arguments, TextReader.Null, Ofql.Cli.Composition.Catalog.Shipped, CancellationToken.None);
            Assert.True(code == expected, $"{code}: {output}{error}");
            return (output, error);
        }
    }

    [Fact]
    public void A_map_may_hold_lists_and_times_and_gaps_are_told()
    {
        using var cli = new CliFixture();
        var rows = Enumerable.Range(0, 60).Select(row => FormattableString.Invariant($"2026-11-30T16:{(row < 30 ? row : row + 20) / 60:00}:{(row < 30 ? row : row + 20) % 60:00}Z,{row % 7},{row % 5},0.5,{row % 3}"));
        File.WriteAllText(cli["log.csv"], "clock,speed,\"force, left\",torque,profit\n" + string.Join('\n', rows) + "\n");
        const string Map = "observations: [speed, \"force, left\"]\nactions:\n  - torque\nreward: profit\ntime: clock\n";
        File.WriteAllText(cli["map.yaml"], Map);
        var (_, output, _) = cli.Run("data", "inspect", cli["log.csv"], "--map", cli["map.yaml"]);
        Assert.Contains("1 times more than three usual steps of 1 (clock)", output, StringComparison.Ordinal);
        Assert.Contains("transitions  59, state 2, action 1", output, StringComparison.Ordinal);
        Assert.Contains("actions[0] (torque) is constant", output, StringComparison.Ordinal);
        File.WriteAllText(cli["map.yaml"], Map + "maximum_gap: 1.5\n");
        var report = JsonNode.Parse(cli.Run("data", "inspect", cli["log.csv"], "--map", cli["map.yaml"], "--json").Out)!;
        Assert.Equal((58, 2), ((int)report["transitions"]!, (int)report["episodes"]!["count"]!));
        Assert.Equal("an episode ends where clock is more than 1.5 later", (string?)report["metadata"]!["episode_ends"]);
        Assert.Equal("torque", (string?)report["columns"]![2]!["part"]);
        Refused(Map + "maximum_gap: -1\n", "line 6: maximum_gap is '-1'; expected a number above 0");
        Refused(Map + "episode: [a]\n", "'episode' is a list; expected a single value. Lists can be: observations, actions, next_observations");
        Refused("observations: [[a]]\n", "'observations' is a list of something else");
        Refused("observations: []\nactions: torque\n", "lacks 'observations'");

        void Refused(string map, string words)
        {
            File.WriteAllText(cli["map.yaml"], map);
            Assert.Contains(words, cli.Run("data", "inspect", cli["log.csv"], "--map", cli["map.yaml"]).Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Logs_are_converted_by_a_map_and_inspected()
    {
        using var cli = new CliFixture();
        File.WriteAllText(cli["log.csv"], "run,speed,angle,torque,profit,done\na,1,10,0.5,1,0\na,2,20,-0.5,2,1\nb,3,30,0.1,3,0\nb,4,,0,4,0\nb,5,50,0,5,0\n");
        File.WriteAllText(cli["map.yaml"], "observations: speed, angle\nactions: torque\nreward: profit\nterminated: done\nepisode: run\n");
        var (code, _, error) = cli.Run("data", "convert", cli["log.csv"], cli["log.npz"]);
        Assert.Equal(1, code);
        Assert.Contains("Its columns: run, speed, angle, torque, profit, done.", error, StringComparison.Ordinal);
        (code, _, error) = cli.Run("data", "convert", cli["log.csv"], cli["log.npz"], "--map", cli["map.yaml"]);
        Assert.Equal(1, code);
        Assert.Contains("line 5, column 'angle': expected a finite number", error, StringComparison.Ordinal);
        Assert.Equal(0, cli.Run("data", "convert", cli["log.csv"], cli["log.npz"], "--map", cli["map.yaml"], "--allow-not-finite").Code);
        var report = JsonNode.Parse(cli.Run("data", "inspect", cli["log.npz"], "--json").Out)!;
        Assert.Equal("NPZ", (string?)report["format"]);
        Assert.Equal(4, (int)report["transitions"]!);
        Assert.Equal((1, 1), ((int)report["episodes"]!["terminated"]!, (int)report["episodes"]!["truncated"]!));
        Assert.Equal(2, (int)report["rows_not_finite"]!);
        // Through a link, too, it would be written over itself; and a map or a task means nothing elsewhere.
        File.CreateSymbolicLink(cli["link.csv"], cli["log.csv"]);
        Assert.Contains("written over itself", cli.Run("data", "convert", cli["log.csv"], cli["link.csv"], "--map", cli["map.yaml"]).Error, StringComparison.Ordinal);
        Assert.Contains("Leave --map out", cli.Run("data", "inspect", cli["log.npz"], "--map", cli["map.yaml"]).Error, StringComparison.Ordinal);
        Assert.Contains("Leave --maximum-episode-steps out", cli.Run("data", "inspect", cli["log.csv"], "--map", cli["map.yaml"], "--maximum-episode-steps", "10").Error, StringComparison.Ordinal);
        Assert.Contains("Leave --maximum-episode-steps out", cli.Run("data", "convert", cli.Data, cli["x.npz"], "--maximum-episode-steps", "10").Error, StringComparison.Ordinal);
        Assert.Contains("Leave --task out", cli.Run("data", "convert", cli["log.csv"], cli["x.npz"], "--task", "puzzle", "--map", cli["map.yaml"]).Error, StringComparison.Ordinal);
        var text = cli.Run("data", "inspect", cli["log.csv"], "--map", cli["map.yaml"]).Out;
        Assert.Contains("licence      not stated", text, StringComparison.Ordinal);
        Assert.Contains("hold NaN or infinity", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspection_tells_licence_score_and_returns_as_recorded()
    {
        if (Hdf5Support.FindProblem() is { } problem)
            Assert.Skip(problem);
        using var cli = new CliFixture();
        // Two cut episodes of four rows: the returns as recorded count the rows that are dropped at their ends.
        Hdf5Writer.Write(cli["hopper_medium-v2.hdf5"], writer =>
        {
            writer.WriteSingles("observations", [8, 1], [1, 2, 3, 4, 5, 6, 7, 8]);
            writer.WriteSingles("actions", [8, 1], new float[8]);
            writer.WriteSingles("rewards", [8], [100, 100, 100, 100, 200, 200, 200, 200]);
            writer.WriteFlags("terminals", [8], new byte[8]);
            writer.WriteFlags("timeouts", [8], [0, 0, 0, 1, 0, 0, 0, 1]);
        });
        var report = JsonNode.Parse(cli.Run("data", "inspect", cli["hopper_medium-v2.hdf5"], "--json").Out)!;
        Assert.StartsWith("CC BY 4.0", (string)report["licence"]!, StringComparison.Ordinal);
        Assert.Equal(2, (int)report["recorded_episodes"]!);
        Assert.Equal(600, (double)report["recorded_return"]!["mean"]!);
        Assert.Equal(450, (double)report["episodes"]!["return"]!["mean"]!);
        Assert.Equal(100 * (600 + 20.272305) / (3234.3 + 20.272305), (double)report["normalized_score"]!, 1e-9);
        Assert.Equal("actions[0]", (string?)report["constant_columns"]![0]);
        var text = cli.Run("data", "inspect", cli["hopper_medium-v2.hdf5"]).Out;
        Assert.Contains("return as recorded (2 complete)", text, StringComparison.Ordinal);
        Assert.Contains("format       D4RL HDF5", text, StringComparison.Ordinal);
        Assert.Contains("constant     actions[0]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_without_rewards_is_rewarded_by_the_task_that_is_named()
    {
        using var cli = new CliFixture();
        using var data = DatasetReader.Open(cli.Data);
        Ofql.Formats.Npz.NpzWriter.Write(cli["antmaze-medium-navigate-v0.npz"], writer =>
        {
            using var ends = Ofql.Data.Column<byte>.Allocate(data.Count, 1);
            ends.Writable(data.Count - 1)[0] = 1;
            writer.WriteSingles("observations", data.Observations);
            writer.WriteSingles("actions", data.Actions);
            writer.WriteSingles("qpos", data.Observations);
            writer.WriteFlags("terminals", ends);
        });
        string[] line = ["data", "convert", cli["antmaze-medium-navigate-v0.npz"], cli["a.safetensors"]];
        Assert.Contains("--set data.task=... with 'ofql train'", cli.Run(line).Error, StringComparison.Ordinal);
        Assert.Equal(0, cli.Run([.. line, "--task", "antmaze-medium-navigate-singletask-v0"]).Code);
        using var back = DatasetReader.Open(cli["a.safetensors"]);
        Assert.Equal("computed for antmaze-medium-navigate-singletask-task1-v0", back.Metadata["rewards"]);
        Assert.Equal(data.Count - 1, back.Count);
    }
}
