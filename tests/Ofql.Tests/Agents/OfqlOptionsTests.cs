using Ofql.Agents;
using Ofql.Agents.Ofql;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>Options as text: names, values, protocols, and that each one does something.</summary>
public sealed class OfqlOptionsTests
{
    private static readonly IAgentFactory _factory = AgentCatalog.Find("ofql");

    /// <summary>For each option, another value, and what else must be set for it to matter.</summary>
    private static readonly Dictionary<string, (string Value, string Needs)> _changes = new()
    {
        ["protocol"] = ("clean_diffuser", ""),
        ["hidden_width"] = ("41", ""),
        ["hidden_layers"] = ("4", ""),
        ["activation"] = ("relu", ""),
        ["critic_layer_norm"] = ("true", ""),
        ["critic_begins_with_tanh"] = ("true", ""),
        ["embedding_size"] = ("6", ""),
        ["embedding_mlp"] = ("false", ""),
        ["embedding_frequencies"] = ("mean_flow", ""),
        ["batch_size"] = ("34", ""),
        ["learning_rate"] = ("1e-3", ""),
        ["critic_learning_rate"] = ("1e-3", ""),
        ["learning_rate_decay"] = ("cosine", ""),
        ["weight_decay"] = ("0.1", ""),
        ["actor_max_norm"] = ("0.01", ""),
        ["critic_max_norm"] = ("0.01", ""),
        ["critic_tau"] = ("0.1", ""),
        ["critic_target_every"] = ("2", ""),
        ["actor_decay"] = ("0.9", ""),
        ["actor_average_every"] = ("1", ""),
        ["actor_average_start"] = ("4", ""),
        ["normalize_states"] = ("standardize", ""),
        ["normalize_rewards"] = ("standardize", ""),
        ["reward_shift"] = ("-0.5", ""),
        ["reward_scale"] = ("4", ""),
        ["discount"] = ("0.9", ""),
        ["eta"] = ("1", ""),
        ["eta_scale"] = ("behaviour_loss", ""),
        ["train_critics"] = ("false", "eta=0"),
        ["q_normalization"] = ("data", ""),
        ["q_floor"] = ("1000", ""),
        ["bc_weighting"] = ("adaptive", ""),
        ["adaptive_constant"] = ("0.5", "bc_weighting=adaptive"),
        ["adaptive_power"] = ("0.5", "bc_weighting=adaptive"),
        ["bc_reduction"] = ("sum", ""),
        ["flow_ratio"] = ("0", ""),
        ["time_sampling"] = ("uniform", ""),
        ["time_mean"] = ("0.5", ""),
        ["time_deviation"] = ("2", ""),
        ["endpoint_share"] = ("0.5", ""),
        ["endpoint_region"] = ("zero_start", "endpoint_share=0.5"),
        ["endpoint_width"] = ("0.5", "endpoint_share=0.5;endpoint_region=uniform_start"),
        ["endpoint_ramp"] = ("1000", "endpoint_share=0.5"),
        ["q_aggregation"] = ("mean", ""),
        ["max_q_backup"] = ("true", ""),
        ["max_q_candidates"] = ("3", "max_q_backup=true"),
        ["act_with"] = ("online", ""),
    };

    public static TheoryData<string> Names => new(_factory.Options.Select(option => option.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_option_is_described_and_changes_what_is_learnt_or_how_it_acts(string name)
    {
        var option = _factory.Options.Single(option => option.Name == name);
        Assert.True(option.Description.Length > 10, option.Description);
        Assert.NotEqual(option.Default, _changes[name].Value);
        Assert.Equal(option.Default, _factory.Resolve(Given())[name]);
        using var data = OfqlBench.Data(60);
        Dictionary<string, string> basis = new()
        {
            ["hidden_width"] = "40", ["hidden_layers"] = "2", ["embedding_size"] = "8", ["batch_size"] = "33", ["actor_average_start"] = "2", ["actor_average_every"] = "3",
        };
        foreach (var needed in _changes[name].Needs.Split(';', StringSplitOptions.RemoveEmptyEntries))
            basis[needed.Split('=')[0]] = needed.Split('=')[1];
        var (state, actions) = Outcome(basis);
        basis[name] = _changes[name].Value;
        var (changedState, changedActions) = Outcome(basis);
        if (name == "act_with")
            Assert.NotEqual(actions, changedActions);
        else
            Assert.NotEmpty(OfqlBench.Differences(state, changedState));

        (Dictionary<string, byte[]> State, float[] Actions) Outcome(Dictionary<string, string> options)
        {
            using var agent = _factory.Create(options, OfqlBench.Context(data) with { PlannedUpdates = 20 });
            for (var i = 0; i < 8; i++)
                agent.Update();
            using var actor = agent.CreateActor(new ActingOptions(), 16);
            var actions = new float[16 * actor.ActionSize];
            actor.Act(16, OfqlBench.Normals(16 * actor.StateSize, "state"), new float[16 * actor.NoisePerState], new float[16], actions);
            return (OfqlBench.State(agent), actions);
        }
    }

    [Theory]
    [InlineData("hiden_width", "hidden_width")]
    [InlineData("Eta", "eta")]
    [InlineData("learning-rate", "learning_rate")]
    [InlineData("gradient_penalty", null)]
    public void An_unknown_option_is_refused_and_the_nearest_suggested(string name, string? nearest)
    {
        var message = Assert.Throws<UsageException>(() => _factory.Resolve(Given((name, "1")))).Message;
        Assert.Contains($"Unknown option '{name}'", message, StringComparison.Ordinal);
        Assert.Equal(nearest is not null, message.Contains("Did you mean", StringComparison.Ordinal));
        if (nearest is not null)
            Assert.Contains($"Did you mean '{nearest}'?", message, StringComparison.Ordinal);
        Assert.Contains("flow_ratio", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hidden_width", "wide", "a whole number of at least 2")]
    [InlineData("hidden_width", "1", "a whole number of at least 2")]
    [InlineData("hidden_width", "2.5", "a whole number of at least 2")]
    [InlineData("hidden_width", "4294967552", "a whole number")]
    [InlineData("batch_size", "0", "a whole number of at least 1")]
    [InlineData("batch_size", "99999999999999999999", "a whole number")]
    [InlineData("eta", "-0.1", "a number of at least 0")]
    [InlineData("eta", "NaN", "a number of at least 0")]
    [InlineData("eta", "Infinity", "a number of at least 0")]
    [InlineData("eta", "1e400", "a number of at least 0")]
    [InlineData("eta", "", "a number of at least 0")]
    [InlineData("eta", "0,5", "a number of at least 0")]
    [InlineData("reward_shift", "-Infinity", "a number")]
    [InlineData("discount", "1.01", "a number from 0 to 1")]
    [InlineData("embedding_mlp", "maybe", "true or false")]
    [InlineData("q_normalization", "both", "one of policy, data, none")]
    [InlineData("protocol", "dql", "one of diffusion_ql, clean_diffuser")]
    [InlineData("activation", "5", "one of")]
    [InlineData("embedding_size", "7", "an even number")]
    public void A_wrong_value_is_refused_with_what_was_expected(string name, string value, string expected)
    {
        var message = Assert.Throws<UsageException>(() => _factory.Resolve(Given((name, value)))).Message;
        Assert.Contains($"'{name}' expects {expected}", message, StringComparison.Ordinal);
        Assert.Contains($"found '{value}'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_protocol_changes_defaults_and_what_is_given_wins_over_it()
    {
        IReadOnlyDictionary<string, string> paper = _factory.Resolve(Given()), other = _factory.Resolve(Given(("protocol", "clean_diffuser")));
        Assert.Equal(("false", "none", "none", "0", "none"), Five(paper));
        Assert.Equal(("true", "standardize", "return_range", "0.01", "cosine"), Five(other));
        // Neither the order nor the protocol's own choice matters.
        var mixed = _factory.Resolve(Given(("weight_decay", "0"), ("normalize_states", "none"), ("protocol", "clean_diffuser"), ("eta", "0.3")));
        Assert.Equal(("true", "none", "return_range", "0", "cosine"), Five(mixed));
        Assert.Equal("0.3", mixed["eta"]);

        static (string, string, string, string, string) Five(IReadOnlyDictionary<string, string> o) =>
            (o["critic_layer_norm"], o["normalize_states"], o["normalize_rewards"], o["weight_decay"], o["learning_rate_decay"]);
    }

    [Fact]
    public void Resolved_options_resolve_to_themselves_and_to_the_same_settings()
    {
        foreach (var protocol in new[] { "diffusion_ql", "clean_diffuser" })
        {
            var given = _changes.Where(change => change.Key != "protocol").Select(change => (change.Key, change.Value.Value)).Append(("protocol", protocol)).ToArray();
            foreach (var options in new[] { Given(given), Given(("protocol", protocol)) })
            {
                var once = _factory.Resolve(options);
                Assert.Equal(_factory.Options.Select(option => option.Name).Order(), once.Keys.Order());
                Assert.Equal(once, _factory.Resolve(once));
                Assert.Equal(OfqlOptions.Parse(options), OfqlOptions.Parse(once));
            }
        }
    }

    [Fact]
    public void An_agent_is_found_by_name()
    {
        Assert.Contains("ofql", AgentCatalog.All.Select(factory => factory.Name));
        Assert.All(AgentCatalog.All, factory => Assert.True(factory.Title.Length > 0 && factory.Paper.Length > 0));
        Assert.Contains("Did you mean 'ofql'?", Assert.Throws<UsageException>(() => AgentCatalog.Find("ofgl")).Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Given(params (string Name, string Value)[] options) => options.ToDictionary(o => o.Name, o => o.Value);
}
