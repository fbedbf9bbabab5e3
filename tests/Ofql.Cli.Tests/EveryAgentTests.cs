using System.Text.Json.Nodes;
using System.Xml.Linq;
using Ofql.Agents;
using Ofql.Cli.Composition;
using Ofql.Cli.Configuration;
using Xunit;

namespace Ofql.Cli.Tests;

/// <summary>Every algorithm that ships can be listed, trained, continued, exported, asked and scored from the command line.</summary>
public class EveryAgentTests
{
    public static TheoryData<string> Agents => new(AgentCatalog.All.Select(factory => factory.Name));

    [Theory]
    [MemberData(nameof(Agents))]
    public void An_agent_works_from_training_to_action(string name)
    {
        using var cli = new CliFixture();
        string[] Train(string run) =>
        [
            "train", "--data", cli.Data, "--env", "pendulum", "--agent", name, "--runs", cli.Runs, "--name", run, "--threads", "1",
            "--set", "training.evaluate_every=0", "--set", "evaluation.episodes=1", "--set", "evaluation.candidates=2",
        ];
        // Small and quick; and a run with a schedule cannot grow: its end is part of its course.
        var options = ((string Name, string Value)[])[("hidden_width", "8"), ("batch_size", "16"), ("learning_rate_decay", "none"), ("alpha_schedule", "constant")];
        var known = AgentCatalog.Find(name).Options.Select(option => option.Name).ToHashSet();
        var small = options.Where(option => known.Contains(option.Name)).SelectMany(option => new[] { "--set", $"agent.{option.Name}={option.Value}" });
        Succeed([.. Train("one"), .. small, "--updates", "3"]);
        Succeed("train", "--resume", "one", "--runs", cli.Runs, "--updates", "5");
        Succeed([.. Train("at-once"), .. small, "--updates", "5"]);
        foreach (var file in (string[])["checkpoints/step-000000005.safetensors", "policy.safetensors"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(cli.Runs, "at-once", file)), File.ReadAllBytes(Path.Combine(cli.Runs, "one", file)));
        Assert.Contains("## Training", File.ReadAllText(Path.Combine(cli.Runs, "one", "report.md")), StringComparison.Ordinal);
        XDocument.Load(Path.Combine(cli.Runs, "one", "training-curves.svg"));
        Succeed("export", "one", "--runs", cli.Runs, "-o", cli["p.safetensors"]);
        ExportOnnx(cli, name);
        var state = Succeed("act", cli["p.safetensors"], "1", "-0.5", "0.25", "--candidates", "3");
        Assert.Equal(state, Succeed("act", "one", "1", "-0.5", "0.25", "--candidates", "3", "--runs", cli.Runs));
        var scored = JsonNode.Parse(Succeed("evaluate", cli["p.safetensors"], "--env", "pendulum", "--episodes", "1", "--candidates", "2", "--json"))!;
        Assert.NotEmpty(scored["evaluation"]!.AsObject());

        // It goes on online, and longer with the same bits as at once.
        string[] online = ["train", "--from", "one", "--runs", cli.Runs, "--threads", "1", "--set", "online.start_steps=5", "--set", "training.log_every=10"];
        Succeed([.. online, "--name", "whole", "--online-steps", "30"]);
        Succeed([.. online, "--name", "parts", "--online-steps", "20"]);
        Succeed("train", "--resume", "parts", "--runs", cli.Runs, "--online-steps", "30");
        foreach (var file in (string[])["checkpoints/step-000000030.safetensors", "collected.bin", "metrics.csv", "policy.safetensors"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(cli.Runs, "whole", file)), File.ReadAllBytes(Path.Combine(cli.Runs, "parts", file)));

        string Succeed(params string[] arguments)
        {
            var (code, output, error) = CliFixture.RunWith(arguments, TextReader.Null, Shipped, CancellationToken.None);
            Assert.True(code == 0, $"{string.Join(' ', arguments)}: {error}");
            return output;
        }
    }

    [Fact]
    public void Every_agent_is_listed_with_its_paper_its_options_and_what_is_published_of_it()
    {
        var (code, output, error) = CliFixture.RunWith(["list", "agents", "--json"], TextReader.Null, Catalog.Shipped, CancellationToken.None);
        Assert.True(code == 0, error);
        var listed = JsonNode.Parse(output)!["agents"]!.AsArray();
        Assert.Equal(AgentCatalog.All.Select(factory => factory.Name), listed.Select(agent => (string)agent!["name"]!));
        foreach (var (agent, factory) in listed.Zip(AgentCatalog.All))
        {
            Assert.Equal(factory.Paper, (string)agent!["paper"]!);
            Assert.Equal(factory.Options.Select(option => (option.Name, option.Default)), agent["options"]!.AsArray().Select(option => ((string)option!["name"]!, (string)option["default"]!)));
            Assert.Equal(factory.Published.Select(settings => settings.Name), agent["published"]!.AsArray().Select(settings => (string)settings!["name"]!));
        }

        var text = CliFixture.RunWith(["list", "agents"], TextReader.Null, Catalog.Shipped, CancellationToken.None).Out;
        Assert.All(AgentCatalog.All, factory => Assert.Contains($"{factory.Name}: {factory.Title} ({factory.Paper})", text, StringComparison.Ordinal));
        Assert.Contains("hopper-medium-expert-v2@clean_diffuser", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Going_on_online_the_agent_and_what_its_networks_stand_behind_stay_as_they_were()
    {
        using var cli = new CliFixture();
        string[] quick = ["--runs", cli.Runs, "--threads", "1", "--set", "evaluation.episodes=1"];
        string[] train = ["train", "--data", cli.Data, "--env", "pendulum", "--agent", "td3_bc", "--set", "agent.hidden_width=8", "--updates", "2", "--name", "one", .. quick];
        Assert.Equal(0, Run(train).Code);
        Refused(2, "it cannot go on as 'bc'", "--agent", "bc");
        Refused(2, "agent.normalize_states is 'none'; expected 'standardize'", "--set", "agent.normalize_states=none");
        Refused(2, "has ended where learning online begins", "--set", "agent.learning_rate_decay=cosine");
        Refused(2, "online.candidates", "--set", "online.candidates=0");
        Refused(2, "online.exploration_noise", "--set", "online.exploration_noise=-1");
        Refused(1, "agent of other sizes", "--set", "agent.hidden_width=12");
        // Normalised by the data, it cannot go on without.
        File.Delete(cli.Data);
        Refused(1, "was trained on", "--set", "online.recorded_share=0");
        Assert.False(Directory.Exists(Path.Combine(cli.Runs, "one-online")));

        void Refused(int expected, string words, params string[] more)
        {
            var (code, _, error) = Run(["train", "--from", "one", "--online-steps", "10", .. quick, .. more]);
            Assert.Contains(words, error, StringComparison.Ordinal);
            Assert.Equal(expected, code);
        }

        (int Code, string Out, string Error) Run(string[] arguments) => CliFixture.RunWith(arguments, TextReader.Null, Shipped, CancellationToken.None);
    }

    [Theory]
    [InlineData("aql")]
    [InlineData("spaql")]
    public void A_tree_learned_without_an_environment_keeps_its_coordinates_in_one(string name)
    {
        using var cli = new CliFixture();
        string[] quick = ["--runs", cli.Runs, "--threads", "1", "--set", "evaluation.episodes=1"];
        Run(0, ["train", "--data", cli.Data, "--env", "none", "--agent", name, "--updates", "50", "--name", "blind", .. quick]);
        Run(0, ["train", "--from", "blind", "--env", "pendulum", "--online-steps", "20", "--name", "seeing", .. quick]);
        var (before, after) = (Policy("blind"), Policy("seeing"));
        foreach (var tensor in (string[])["state_shift", "state_scale", "state_squashed"])
            Assert.Equal(before[tensor], after[tensor]);
        Assert.Contains("agent.unbounded_scale is '3'", Run(2, ["train", "--from", "blind", "--env", "pendulum", "--online-steps", "20", "--set", "agent.unbounded_scale=3", .. quick]), StringComparison.Ordinal);

        Dictionary<string, float[]> Policy(string run) =>
            Ofql.Formats.Policies.PolicyFile.Open(Path.Combine(cli.Runs, run, "policy.safetensors")).Tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Values);

        string Run(int expected, params string[] arguments)
        {
            var (code, _, error) = CliFixture.RunWith(arguments, TextReader.Null, Shipped, CancellationToken.None);
            Assert.True(code == expected, error);
            return error;
        }
    }

    [Fact]
    public void A_run_older_than_an_option_goes_on_without_it()
    {
        using var cli = new CliFixture();
        string[] quick = ["--runs", cli.Runs, "--threads", "1", "--set", "training.evaluate_every=0", "--set", "evaluation.episodes=1"];
        Run(["train", "--data", cli.Data, "--env", "none", "--agent", "idql", "--updates", "2", "--name", "old", "--set", "agent.hidden_width=8", "--set", "agent.batch_size=8", "--set", "agent.learning_rate_decay=none", .. quick]);
        var path = Path.Combine(cli.Runs, "old", "config.yaml");
        Assert.Contains("weight_decay: 0.0001", File.ReadAllText(path), StringComparison.Ordinal);
        File.WriteAllLines(path, File.ReadAllLines(path).Where(line => !line.Contains("weight_decay", StringComparison.Ordinal)));
        Run(["train", "--resume", "old", "--updates", "3", .. quick]);
        Assert.Contains("weight_decay: 0\n", File.ReadAllText(path), StringComparison.Ordinal);

        void Run(string[] arguments)
        {
            var (code, _, error) = CliFixture.RunWith(arguments, TextReader.Null, Shipped, CancellationToken.None);
            Assert.True(code == 0, error);
        }
    }

    [Fact]
    public void A_rate_that_ends_above_zero_goes_on_at_its_end_and_a_course_of_alpha_forbids_a_longer_run()
    {
        using var cli = new CliFixture();
        Assert.Equal((0, ""), Run(Train("one")));
        var (code, output, _) = CliFixture.RunWith(["train", "--from", "one", "--runs", cli.Runs, "--online-steps", "9", "--dry-run"], TextReader.Null, Shipped, CancellationToken.None);
        Assert.Equal(0, code);
        Assert.Contains("learning_rate_decay: none", output, StringComparison.Ordinal);
        Assert.Contains("  learning_rate: 1E-05", output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((0, ""), Run(Train("two", "--set", "agent.learning_rate_decay=none")));
        Assert.Contains("training.updates: '2' in the run, '4' now", Run("train", "--resume", "two", "--updates", "4").Error, StringComparison.Ordinal);

        string[] Train(string name, params string[] more) =>
        [
            "train", "--data", cli.Data, "--env", "pendulum", "--agent", "meanflow_ql", "--name", name, "--updates", "2", "--threads", "1", "--set", "training.evaluate_every=0",
            "--set", "evaluation.episodes=1", "--set", "agent.hidden_width=8", "--set", "agent.batch_size=16", "--set", "agent.actor_width=16", .. more,
        ];

        (int Code, string Error) Run(params string[] arguments)
        {
            var (code, _, error) = CliFixture.RunWith([.. arguments, "--runs", cli.Runs], TextReader.Null, Shipped, CancellationToken.None);
            return (code, code == 0 ? "" : error);
        }
    }

    [Fact]
    public void A_preset_of_one_agent_serves_another_without_its_options()
    {
        var (code, output, error) = CliFixture.RunWith(["train", "maze2d-umaze-v1", "--agent", "td3_bc", "--dry-run"], TextReader.Null, Catalog.Shipped, CancellationToken.None);
        Assert.True(code == 0, error);
        Assert.Contains("hidden_width: 256", output, StringComparison.Ordinal);
        Assert.DoesNotContain("eta", output, StringComparison.Ordinal);
    }

    private static void ExportOnnx(CliFixture cli, string name)
    {
        string[] export = ["export", "one", "--runs", cli.Runs, "--onnx", cli["p.onnx"], "-o", cli["beside.safetensors"], "--json"];
        var (code, output, error) = CliFixture.RunWith(export, TextReader.Null, Shipped, CancellationToken.None);
        if (name is "spaql" or "aql")
        {
            Assert.Equal(1, code);
            Assert.Contains("are not made of networks", error, StringComparison.Ordinal);
            Assert.False(File.Exists(cli["p.onnx"]) || File.Exists(cli["beside.safetensors"]));
            return;
        }

        Assert.True(code == 0, error);
        Assert.Equal(File.ReadAllBytes(cli["p.safetensors"]), File.ReadAllBytes(cli["beside.safetensors"]));
        var onnx = JsonNode.Parse(output)!["onnx"]!;
        Assert.Equal(new FileInfo(cli["p.onnx"]).Length, (long)onnx["bytes"]!);
        Assert.InRange((double)onnx["largest_difference"]!, 0, 1e-4);
        Assert.Equal((18, false, 0), ((int)onnx["opset"]!, (bool)onnx["value"]!, (int)onnx["states_beyond_limit"]!));
    }

    // Presets would choose networks of their own size.
    private static Catalog Shipped => Catalog.Shipped with { Presets = new PresetCatalog([]) };
}
