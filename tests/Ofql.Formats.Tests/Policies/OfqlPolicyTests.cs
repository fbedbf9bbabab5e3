using Ofql.Agents;
using Ofql.Agents.Ofql;
using Ofql.Data;
using Ofql.Formats.Policies;
using Ofql.Kernels.Randomness;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Formats.Tests.Policies;

/// <summary>A policy inside a program: the agent's own bits, out of a file, without allocation.</summary>
public sealed class OfqlPolicyTests
{
    private const int States = 40;
    private static readonly TransitionDataset Data = SmallData.Make(actionSize: 2);

    public static TheoryData<int, CandidateSelection, float> Ways => new()
    {
        { 1, CandidateSelection.Argmax, 1f },
        { 1, CandidateSelection.Argmax, 0f },
        { 50, CandidateSelection.Argmax, 1f },
        { 50, CandidateSelection.Softmax, 0.5f },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void From_a_file_it_acts_with_the_bits_of_the_agent(int candidates, CandidateSelection selection, float noiseScale)
    {
        using var folder = new TemporaryFolder();
        using var agent = Trained();
        var options = new ActingOptions { Candidates = candidates, Selection = selection, NoiseScale = noiseScale, SoftmaxWeight = 20 };
        using var policy = Load(folder, agent, options, seed: 5);
        using var actor = agent.CreateActor(options, 1);
        var stream = new RandomStream(5, "policy");
        float[] noise = new float[actor.NoisePerState], uniform = new float[1], expected = new float[2], found = new float[2];
        foreach (var state in SomeStates())
        {
            Noise.FillNormal(stream, noise);
            if (selection == CandidateSelection.Softmax)
                uniform[0] = (float)stream.NextDouble();
            actor.Act(1, state, noise, uniform, expected);
            policy.Act(state, found);
            Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), found.Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Acting_allocates_nothing(int candidates, CandidateSelection selection, float noiseScale)
    {
        using var folder = new TemporaryFolder();
        using var agent = Trained();
        using var policy = Load(folder, agent, new ActingOptions { Candidates = candidates, Selection = selection, NoiseScale = noiseScale });
        float[] state = [0.1f, -0.2f, 0.3f], action = new float[2];
        for (var i = 0; i < 50; i++)
            policy.Act(state, action);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 200; i++)
            policy.Act(state, action);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void One_seed_repeats_its_actions_and_another_does_not()
    {
        using var folder = new TemporaryFolder();
        using var agent = Trained();
        float[] Actions(ulong seed)
        {
            using var policy = Load(folder, agent, null, seed);
            var action = new float[2];
            return SomeStates().SelectMany(state =>
            {
                policy.Act(state, action);
                return action.ToArray();
            }).ToArray();
        }

        var first = Actions(1);
        Assert.Equal(first, Actions(1));
        Assert.NotEqual(first, Actions(2));
        Assert.All(first, value => Assert.InRange(value, -1f, 1f));
    }

    [Fact]
    public void It_refuses_what_cannot_be_a_state()
    {
        using var folder = new TemporaryFolder();
        using var agent = Trained();
        using var policy = Load(folder, agent, null);
        Assert.Equal((3, 2), (policy.StateSize, policy.ActionSize));
        var action = new float[2];
        Assert.Contains("found 2 and 2", Assert.Throws<ArgumentException>(() => policy.Act([1, 2], action)).Message, StringComparison.Ordinal);
        Assert.Contains("found 3 and 1", Assert.Throws<ArgumentException>(() => policy.Act([1, 2, 3], action.AsSpan(0, 1))).Message, StringComparison.Ordinal);
        foreach (var bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
            Assert.Contains("not finite", Assert.Throws<ArgumentException>(() => policy.Act([1, bad, 3], action)).Message, StringComparison.Ordinal);
        // A refusal draws no noise: the next action is that of a policy that was never asked.
        policy.Act([1, 2, 3], action);
        using var fresh = Load(folder, agent, null);
        var expected = new float[2];
        fresh.Act([1, 2, 3], expected);
        Assert.Equal(expected, action);
    }

    [Fact]
    public void A_state_beyond_all_numbers_gives_an_error_and_no_action()
    {
        using var agent = Trained();
        var artefact = agent.ExportPolicy();
        // An entry that no data had, scaled far up: infinities of both signs meet in the first layer.
        artefact.Tensors["state_scale"].Values.AsSpan().Fill(1e10f);
        using var policy = OfqlPolicy.FromArtefact(artefact);
        var action = new float[] { 7, 7 };
        var failure = Assert.Throws<OfqlException>(() => policy.Act([1e38f, -1e38f, 1e38f], action));
        Assert.Contains("no finite action", failure.Message, StringComparison.Ordinal);
        Assert.Equal([0f, 0f], action);
        // And it goes on.
        policy.Act([0f, 0f, 0f], action);
    }

    [Fact]
    public void Two_threads_at_once_are_refused_rather_than_mixed_up()
    {
        using var folder = new TemporaryFolder();
        using var agent = Trained();
        using var policy = Load(folder, agent, new ActingOptions { NoiseScale = 0 });
        var expected = new float[2];
        policy.Act([1, 2, 3], expected);
        Parallel.For(0, 5000, i =>
        {
            var action = new float[2];
            try
            {
                policy.Act(i % 2 == 0 ? [1, 2, 3] : [-1, 0.5f, 0], action);
            }
            catch (InvalidOperationException)
            {
                return;
            }

            if (i % 2 == 0)
                Assert.Equal(expected, action);
        });
    }

    [Fact]
    public void Disposed_of_while_it_acts_it_gives_that_action_and_ends()
    {
        using var folder = new TemporaryFolder();
        using var agent = Trained();
        for (var repeat = 0; repeat < 50; repeat++)
        {
            using var policy = Load(folder, agent, new ActingOptions { NoiseScale = 0, Candidates = 40 });
            var expected = new float[2];
            policy.Act([1, 2, 3], expected);
            Exception? end = null;
            var acting = new Thread(() =>
            {
                var action = new float[2];
                try
                {
                    while (true)
                    {
                        policy.Act([1, 2, 3], action);
                        Assert.Equal(expected, action);
                    }
                }
                catch (Exception cause)
                {
                    end = cause;
                }
            });
            acting.Start();
            Thread.SpinWait(2000 * repeat);
            Parallel.Invoke(policy.Dispose, policy.Dispose);
            Assert.True(acting.Join(TimeSpan.FromSeconds(60)));
            Assert.IsType<ObjectDisposedException>(end);
        }
    }

    [Theory]
    [InlineData("critic_target.q1.out.bias", "critic_target.q1.out.bias' of the policy file holds NaN")]
    [InlineData("state_scale", "state_scale' of the policy file holds NaN")]
    public void It_refuses_a_file_that_would_act_by_nan(string damaged, string expected)
    {
        using var agent = Trained();
        var artefact = agent.ExportPolicy();
        artefact.Tensors[damaged].Values[0] = float.NaN;
        Assert.Contains(expected, Assert.Throws<OfqlException>(() => OfqlPolicy.FromArtefact(artefact)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_refuses_options_without_meaning_and_use_after_its_end()
    {
        using var folder = new TemporaryFolder();
        using var agent = Trained();
        Assert.Throws<ArgumentOutOfRangeException>(() => Load(folder, agent, new ActingOptions { Candidates = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Load(folder, agent, new ActingOptions { NoiseScale = float.NaN }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Load(folder, agent, new ActingOptions { SoftmaxWeight = float.NaN }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Load(folder, agent, new ActingOptions { Selection = (CandidateSelection)77 }));
        Assert.Throws<ArgumentNullException>(() => OfqlPolicy.FromArtefact(null!));
        var policy = Load(folder, agent, null);
        policy.Dispose();
        policy.Dispose();
        Assert.Throws<ObjectDisposedException>(() => policy.Act([1, 2, 3], new float[2]));
    }

    private static IAgent Trained()
    {
        var agent = new OfqlFactory().Create(
            new Dictionary<string, string> { ["hidden_width"] = "24", ["embedding_size"] = "8", ["batch_size"] = "16", ["normalize_states"] = "standardize" },
            new AgentContext(Data, [-1f, -1f], [1f, 1f], Seed: 3, Threads: 1, PlannedUpdates: 20));
        for (var i = 0; i < 20; i++)
            agent.Update();
        return agent;
    }

    private static OfqlPolicy Load(TemporaryFolder folder, IAgent agent, ActingOptions? options, ulong seed = 0)
    {
        PolicyFile.Save(agent.ExportPolicy(), folder["policy"]);
        return OfqlPolicy.Load(folder["policy"], options, seed);
    }

    private static IEnumerable<float[]> SomeStates()
    {
        var random = new RandomStream(9, "states");
        for (var i = 0; i < States; i++)
            yield return [(float)random.NextNormal(), (float)random.NextNormal(), (float)random.NextNormal()];
    }
}
