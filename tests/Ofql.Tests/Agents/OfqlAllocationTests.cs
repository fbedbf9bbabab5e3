using Ofql.Agents;
using Ofql.Agents.Ofql;
using Ofql.Agents.Sac;
using Ofql.Data;
using Ofql.Environments;
using Ofql.Training;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>Neither learning nor acting allocates once it is warm.</summary>
[Collection(Alone.Name)]
public sealed class OfqlAllocationTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void An_update_allocates_nothing(int threads, bool everything)
    {
        using var data = OfqlBench.Data();
        using var agent = OfqlBench.Agent(
            data,
            s => everything
                ? s with { MaxQBackup = true, CriticLayerNorm = true, BcWeighting = BehaviourWeighting.Adaptive, NormalizeStates = StateNormalization.Standardize, ActorMaxNorm = 1 }
                : s,
            threads: threads);
        Allocations.NoneInAnUpdate(agent);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Learning_online_allocates_nothing(int threads)
    {
        using var environment = new Pendulum();
        using var buffer = new ReplayBuffer(100, 3, 1);
        var context = new AgentContext(buffer.Table, [-1f], [1f], Seed: 1, threads, PlannedUpdates: 1000) { Pool = TransitionPool.Of(buffer) };
        using var agent = new SacAgent(new SacSettings { HiddenWidth = 40, BatchSize = 33 }, context);
        using var learner = new OnlineLearner(agent, environment, buffer, new OnlineOptions { StartSteps = 20 });
        var metrics = new float[learner.MetricNames.Count];
        // More than two episodes.
        var (thread, process) = Allocations.Of(500, () =>
        {
            learner.Update();
            learner.ReadMetrics(metrics);
        });
        Assert.Equal(0, thread);
        Assert.True(process < 4096, $"{process} bytes in 500 steps.");
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 50, 1)]
    [InlineData(1, 50, 2)]
    [InlineData(16, 1, 1)]
    public void Acting_allocates_nothing(int capacity, int candidates, int threads)
    {
        using var data = OfqlBench.Data();
        using var agent = OfqlBench.Agent(data);
        using var actor = agent.CreateActor(new ActingOptions { Candidates = candidates, Selection = CandidateSelection.Softmax, Threads = threads }, capacity);
        float[] states = OfqlBench.Normals(capacity * actor.StateSize), noise = OfqlBench.Normals(capacity * actor.NoisePerState);
        float[] uniforms = new float[capacity], actions = new float[capacity * actor.ActionSize];
        var (thread, process) = Allocations.Of(500, () => actor.Act(capacity, states, noise, uniforms, actions));
        Assert.Equal(0, thread);
        Assert.True(process < 4096, $"{process} bytes in 500 calls.");
    }
}
