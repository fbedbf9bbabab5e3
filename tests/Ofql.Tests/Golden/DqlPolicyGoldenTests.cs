using Ofql.Agents;
using Ofql.Agents.Dql;
using Ofql.Graph.Parameters;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>Acting by diffusion against golden numbers: fifty candidates by the whole chain, judged by the target critics.</summary>
public sealed class DqlPolicyGoldenTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(3)]
    [InlineData(1)]
    public void Candidates_of_the_chain_their_values_and_both_ways_to_choose(int capacity)
    {
        using var golden = GoldenFile.Open("policies/dql_selection");
        using var model = Model(golden);
        int candidates = golden.Size("candidates"), size = golden.Size("A"), stateSize = golden.Size("S"), count = golden.Shape("state")[0];
        var noise = Noise(golden, candidates, size);
        foreach (var selection in Enum.GetValues<CandidateSelection>())
        {
            using var actor = new CandidateActor(
                model.Acting, DataTransforms.Identity(stateSize, size), new ActingOptions { Candidates = candidates, Selection = selection }, capacity, judgeAll: true);
            Assert.Equal(candidates * golden.Size("T") * size, actor.NoisePerState);
            float[] drawn = new float[count * candidates * size], values = new float[count * candidates], actions = new float[count * size];
            for (var first = 0; first < count; first += capacity)
            {
                var n = Math.Min(capacity, count - first);
                actor.Act(
                    n, golden.Singles("state").AsSpan(first * stateSize, n * stateSize), noise.AsSpan(first * actor.NoisePerState, n * actor.NoisePerState),
                    golden.Singles("uniform").AsSpan(first, n), actions.AsSpan(first * size, n * size));
                actor.Candidates[..(n * candidates * size)].CopyTo(drawn.AsSpan(first * candidates * size));
                actor.Values[..(n * candidates)].CopyTo(values.AsSpan(first * candidates));
            }

            golden.AssertClose("candidates", drawn);
            golden.AssertClose("q", values);
            golden.AssertClose(selection == CandidateSelection.Argmax ? "greedy_action" : "sampled_action", actions);
        }
    }

    /// <summary>[n, T + 1, candidates, A] to [n, candidates, T A]: a candidate's draws side by side, the unused last one left out.</summary>
    private static float[] Noise(GoldenFile golden, int candidates, int size)
    {
        int count = golden.Shape("noise")[0], draws = golden.Shape("noise")[1], steps = golden.Size("T");
        var source = golden.Singles("noise");
        var noise = new float[count * candidates * steps * size];
        for (var state = 0; state < count; state++)
        {
            for (var step = 0; step < steps; step++)
            {
                for (var candidate = 0; candidate < candidates; candidate++)
                {
                    source.AsSpan(((((state * draws) + step) * candidates) + candidate) * size, size)
                        .CopyTo(noise.AsSpan(((((state * candidates) + candidate) * steps) + step) * size));
                }
            }
        }

        return noise;
    }

    private static DqlModel Model(GoldenFile golden)
    {
        var model = new DqlModel(new DqlSettings { HiddenWidth = golden.Size("H"), Steps = golden.Size("T") }, golden.Size("S"), golden.Size("A"));
        Fill(model.Theta, "actor");
        Fill(model.PhiTarget, "critic_target");
        return model;

        void Fill(ParameterBlock block, string prefix)
        {
            foreach (var tensor in block.Layout.Tensors)
                block.Write(tensor, golden.Singles($"{prefix}.{tensor.Name}"));
        }
    }
}
