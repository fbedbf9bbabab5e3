using Ofql.Agents;
using Ofql.Agents.Dql;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>The recipes of Diffusion-QL, and what its chain costs.</summary>
public sealed class DqlOptionsTests
{
    [Theory]
    [InlineData("dql", "cosine_continuous")]
    [InlineData("fm_ql", null)]
    public void Clean_diffusers_protocol_changes_the_defaults_and_given_options_stay(string agent, string? schedule)
    {
        var resolved = AgentCatalog.Find(agent).Resolve(new Dictionary<string, string> { ["protocol"] = "clean_diffuser", ["eta"] = "0.5" });
        var expected = new Dictionary<string, string>
        {
            ["normalize_states"] = "standardize", ["normalize_rewards"] = "return_range", ["learning_rate_decay"] = "cosine", ["weight_decay"] = "0.01",
            ["critic_layer_norm"] = "true", ["critic_begins_with_tanh"] = "true", ["embedding_size"] = "64", ["critic_tau"] = "0.995", ["critic_target_every"] = "5", ["act_with"] = "average", ["eta"] = "0.5",
        };
        Assert.All(expected, pair => Assert.Equal(pair.Value, resolved[pair.Key]));
        Assert.Equal(schedule, resolved.GetValueOrDefault("noise_schedule"));
    }

    [Fact]
    public void The_published_table_is_that_of_the_authors()
    {
        var published = AgentCatalog.Find("dql").Published.ToDictionary(settings => settings.Name, settings => settings.Options);
        Assert.Equal(35, published.Count);
        Assert.Equal(("4.5", "true", "10", "-0.5", "4"), (
            published["antmaze-large-play-v0"]["eta"], published["antmaze-large-play-v0"]["max_q_backup"], published["antmaze-large-play-v0"]["actor_max_norm"],
            published["antmaze-large-play-v0"]["reward_shift"], published["antmaze-large-play-v0"]["reward_scale"]));
        Assert.Equal("standardize", published["pen-cloned-v1"]["normalize_rewards"]);
        Assert.Equal("3E-05", published["pen-cloned-v1"]["learning_rate"]);
        Assert.Equal("clean_diffuser", published["antmaze-medium-play-v2"]["protocol"]);
        Assert.Equal(("clean_diffuser", "0.005"), (published["kitchen-mixed-v0@clean_diffuser"]["protocol"], published["kitchen-mixed-v0@clean_diffuser"]["eta"]));
        var hopper = AgentCatalog.Find("dql").Published.Single(settings => settings.Name == "hopper-medium-expert-v2@clean_diffuser");
        Assert.Equal(("hopper-medium-expert-v2", "8", "0.5"), (hopper.Task, hopper.Acting["softmax_weight"], hopper.Acting["noise_scale"]));
    }

    [Fact]
    public void A_longer_chain_waits_no_more_often()
    {
        Assert.Equal(Phases(2), Phases(10));

        static int Phases(int steps)
        {
            using var data = OfqlBench.Data();
            using var agent = new DqlAgent(new DqlSettings { Steps = steps, HiddenWidth = 16, BatchSize = 32, EmbeddingSize = 8 }, OfqlBench.Context(data));
            agent.Update();
            return agent.Phases;
        }
    }
}
