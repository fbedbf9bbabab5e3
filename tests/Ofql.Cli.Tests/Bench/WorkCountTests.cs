using Ofql.Cli.Bench;
using Xunit;

namespace Ofql.Cli.Tests.Bench;

public class WorkCountTests
{
    [Fact]
    public void The_default_update_is_1_32_gigaflop()
    {
        var work = new WorkCount(new BenchShape());
        Assert.Equal(1.32, work.GigaFlop, 0.005);
        // Layer by layer, written out: S 17, A 6, H 256, E 16.
        const long Critic = (23 * 256) + (2 * 256 * 256) + 256;
        const long Actor = (55 * 256) + (2 * 256 * 256) + (256 * 6);
        Assert.Equal(Actor, work.TargetAction);
        Assert.Equal(2 * Critic, work.CriticForward);
        Assert.Equal(2 * (Critic - (23 * 256)), work.CriticInputGradients);
        Assert.Equal(Actor + (4 * 16 * 32), work.BehaviourForward);
        // The square layers in the half of the rows whose times differ.
        Assert.Equal((2 * 16 * 32) + (22 * 256) + (256 * 256) + (256 * 6), work.Tangent);
        Assert.Equal(256 + (2 * 256 * 256) + (256 * 6), work.PolicyCriticInputGradient);
        Assert.Equal(256 * (work.CriticStep + work.ActorStep), work.MultiplyAdds);
        Assert.Equal(2e-9 * (679_084_032 - (256 * 256 * 256)), work.GigaFlop, 1e-9);
    }

    // One hidden layer of 2, one state, one action, embeddings of 4: every layer counted by hand.
    [Fact]
    public void A_small_update_counts_as_by_hand()
    {
        var work = new WorkCount(new BenchShape { State = 1, Action = 1, Batch = 3, Hidden = 2, Layers = 1, Embedding = 4 });
        // Critic 2 x 2 + 2 x 1 = 6; actor 10 x 2 + 2 x 1 = 22; embedding 4 x 8 + 8 x 4 = 64.
        Assert.Equal(22 + 12 + 12 + 12 + 4, work.CriticStep);
        Assert.Equal(
            (22 + 128) + (64 + 10 + 2) + 22 + 12 + (2 + 2) + (44 + 128) + ((2 * (2 + 16)) + 64),
            work.ActorStep);
        Assert.Equal(3 * (work.CriticStep + work.ActorStep), work.MultiplyAdds);
    }
}
