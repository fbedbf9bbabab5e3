using Ofql.Agents;
using Ofql.Agents.Ofql;
using Ofql.Graph.Parameters;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Acting against golden numbers: one step from noise, and the choice among candidates by the target critics.</summary>
public sealed class OfqlPolicyGoldenTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(200)]
    public void One_step_actions(int capacity)
    {
        using var golden = GoldenFile.Open("policies/ofql_one_step");
        using var model = Model(golden);
        using var actor = Actor(model, new ActingOptions(), capacity);
        golden.AssertClose("action", Act(actor, golden.Singles("state"), golden.Singles("noise"), new float[200]));
    }

    [Fact]
    public void The_noise_scale_multiplies_the_noise()
    {
        using var golden = GoldenFile.Open("policies/ofql_one_step");
        using var model = Model(golden);
        // The first 20 rows of the case have no noise at all; halved noise at scale 2 is the noise itself.
        using var quiet = Actor(model, new ActingOptions { NoiseScale = 0f }, 20);
        var expected = golden.Values("action").AsSpan(0, 20 * 3);
        var actions = Act(quiet, golden.Singles("state")[..(20 * 11)], golden.Singles("noise")[(100 * 3)..(120 * 3)], new float[20]);
        Assert.True(GoldenFile.Compare("action", actions, expected, out _) <= GoldenFile.Tolerance);
        using var loud = Actor(model, new ActingOptions { NoiseScale = 2f }, 200);
        golden.AssertClose("action", Act(loud, golden.Singles("state"), Array.ConvertAll(golden.Singles("noise"), x => x / 2), new float[200]));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(7)]
    [InlineData(1)]
    public void Candidates_their_values_and_both_ways_to_choose(int capacity)
    {
        using var golden = GoldenFile.Open("policies/ofql_selection");
        using var model = Model(golden);
        int candidates = golden.Size("candidates"), size = golden.Size("A"), count = golden.Shape("state")[0];
        foreach (var selection in Enum.GetValues<CandidateSelection>())
        {
            var options = new ActingOptions { Candidates = candidates, Selection = selection };
            using CandidateActor actor = Actor(model, options, capacity, judgeAll: true), usual = Actor(model, options, capacity);
            float[] drawn = new float[count * candidates * size], values = new float[count * candidates];
            var actions = Act(actor, golden.Singles("state"), golden.Singles("noise"), golden.Singles("uniform"), (first, n) =>
            {
                actor.Candidates[..(n * candidates * size)].CopyTo(drawn.AsSpan(first * candidates * size));
                actor.Values[..(n * candidates)].CopyTo(values.AsSpan(first * candidates));
            });
            golden.AssertClose("candidates", drawn);
            golden.AssertClose("q", values);
            golden.AssertClose(selection == CandidateSelection.Argmax ? "greedy_action" : "sampled_action", actions);
            Assert.Equal(selection == CandidateSelection.Argmax, usual.Choice is not null);
            Assert.Equal(actions, Act(usual, golden.Singles("state"), golden.Singles("noise"), golden.Singles("uniform")));
            var index = golden.Integers(selection == CandidateSelection.Argmax ? "argmax" : "sampled_index");
            for (var i = 0; i < count; i++)
                Assert.Equal(index[i], actor.Choose(values.AsSpan(i * candidates, candidates), golden.Singles("uniform")[i]));
        }
    }

    [Fact]
    public void Candidates_are_chosen_with_the_probabilities_of_the_softmax()
    {
        using var golden = GoldenFile.Open("policies/ofql_selection");
        using var model = Model(golden);
        using var actor = Actor(model, new ActingOptions { Candidates = 50, Selection = CandidateSelection.Softmax }, 1);
        var (q, probability) = (golden.Singles("q"), golden.Values("probability"));
        for (var state = 0; state < golden.Shape("q")[0]; state++)
        {
            // A grid of uniform numbers counts how much of [0, 1) leads to each candidate.
            var found = new double[50];
            for (var i = 0; i < 20_000; i++)
                found[actor.Choose(q.AsSpan(state * 50, 50), (i + 0.5f) / 20_000)] += 1.0 / 20_000;
            for (var i = 0; i < 50; i++)
                Assert.Equal(probability[(state * 50) + i], found[i], 1.0001 / 20_000);
        }
    }

    [Fact]
    public void The_softmax_weight_sharpens_the_choice_and_never_overflows()
    {
        using var golden = GoldenFile.Open("policies/ofql_selection");
        using var model = Model(golden);
        float[] values = [1e4f, 1e4f - 1, -1e4f];
        Assert.Equal([0, 1], Chosen(1f));
        Assert.Equal([0], Chosen(100f));
        Assert.Equal([0, 1, 2], Chosen(0f));

        IEnumerable<int> Chosen(float weight)
        {
            using var actor = Actor(model, new ActingOptions { Candidates = 3, Selection = CandidateSelection.Softmax, SoftmaxWeight = weight }, 1);
            return Enumerable.Range(0, 1000).Select(i => actor.Choose(values, i / 1000f)).Distinct().Order().ToArray();
        }
    }

    private static OfqlModel Model(GoldenFile golden)
    {
        var settings = new OfqlSettings { HiddenWidth = golden.Size("H"), EmbeddingSize = 16, ActWith = ActingParameters.Online };
        var model = new OfqlModel(settings, golden.Size("S"), golden.Size("A"));
        Fill(model.Theta, "actor");
        Fill(model.PhiTarget, "critic_target");
        return model;

        void Fill(ParameterBlock block, string prefix)
        {
            foreach (var tensor in block.Layout.Tensors.Where(tensor => golden.Contains($"{prefix}.{tensor.Name}")))
                block.Write(tensor, golden.Singles($"{prefix}.{tensor.Name}"));
        }
    }

    private static CandidateActor Actor(OfqlModel model, ActingOptions options, int capacity, bool judgeAll = false) =>
        new(model.Acting, DataTransforms.Identity(model.StateSize, model.ActionSize), options, capacity, judgeAll: judgeAll);

    /// <summary>Acts on all states, as many a call as the actor takes.</summary>
    private static float[] Act(CandidateActor actor, float[] states, float[] noise, float[] uniforms, Action<int, int>? afterCall = null)
    {
        var count = states.Length / actor.StateSize;
        var actions = new float[count * actor.ActionSize];
        for (var first = 0; first < count; first += actor.Capacity)
        {
            var n = Math.Min(actor.Capacity, count - first);
            actor.Act(
                n, states.AsSpan(first * actor.StateSize, n * actor.StateSize), noise.AsSpan(first * actor.NoisePerState, n * actor.NoisePerState),
                uniforms.AsSpan(first, n), actions.AsSpan(first * actor.ActionSize, n * actor.ActionSize));
            afterCall?.Invoke(first, n);
        }

        return actions;
    }
}
