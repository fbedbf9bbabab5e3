using Ofql.Agents;
using Ofql.Agents.Ofql;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>eta = 0: behaviour cloning, with critics beside it or without.</summary>
public sealed class CloningTests
{
    [Fact]
    public void Without_critics_the_actor_learns_the_same_bits_and_the_critics_stay()
    {
        using var data = OfqlBench.Data();
        var both = OfqlBench.StateAfter(data, 12, s => s with { Eta = 0 });
        var alone = OfqlBench.StateAfter(data, 12, s => s with { Eta = 0, TrainCritics = false });
        var different = OfqlBench.Differences(both, alone);
        Assert.DoesNotContain(different, name => name.StartsWith("actor", StringComparison.Ordinal));
        Assert.Contains(different, name => name.StartsWith("critic", StringComparison.Ordinal));
        var fresh = OfqlBench.StateAfter(data, 0, s => s with { Eta = 0 });
        Assert.DoesNotContain(OfqlBench.Differences(fresh, alone), name => name.StartsWith("critic/", StringComparison.Ordinal));
    }

    [Fact]
    public void Its_policy_is_exported_without_critics_and_acts_by_one_sample()
    {
        using var data = OfqlBench.Data();
        using var agent = OfqlBench.Trained(data, 5, s => s with { Eta = 0, TrainCritics = false });
        var artefact = agent.ExportPolicy();
        Assert.DoesNotContain(artefact.Tensors.Keys, name => name.StartsWith("critic", StringComparison.Ordinal));
        using var own = agent.CreateActor(new ActingOptions { Candidates = 50 }, 4);
        using var loaded = AgentCatalog.Find("ofql").CreateActor(artefact, new ActingOptions { Candidates = 50 }, 4);
        Assert.Equal(own.ActionSize, own.NoisePerState);
        Assert.Equal(Act(own), Act(loaded));

        static float[] Act(IActor actor)
        {
            var actions = new float[4 * actor.ActionSize];
            actor.Act(4, OfqlBench.Normals(4 * actor.StateSize, "state"), OfqlBench.Normals(4 * actor.NoisePerState), new float[4], actions);
            return actions;
        }
    }

    [Fact]
    public void A_q_term_without_critics_is_refused()
    {
        using var data = OfqlBench.Data();
        var message = Assert.Throws<UsageException>(() => OfqlBench.Agent(data, s => s with { TrainCritics = false })).Message;
        Assert.Contains("eta", message, StringComparison.Ordinal);
    }
}
