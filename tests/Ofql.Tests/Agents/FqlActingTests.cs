using Ofql.Agents;
using Ofql.Agents.Fql;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>How FQL (arXiv 2502.02538) acts, against plain double arithmetic; its losses have golden numbers.</summary>
public sealed class FqlActingTests
{
    /// <summary>The paper acts on one sample; of several, the target critics choose by what the backup makes of them.</summary>
    [Theory]
    [InlineData(CriticAggregation.Mean)]
    [InlineData(CriticAggregation.Min)]
    public void Acting_takes_the_best_of_five_by_the_target_critics(CriticAggregation aggregation)
    {
        using var data = OfqlBench.Data(20, 3, 2);
        var settings = new FqlSettings { HiddenWidth = 6, HiddenLayers = 2, BatchSize = 7, QAggregation = aggregation };
        using var agent = new FqlAgent(settings, OfqlBench.Context(data), DataTransforms.Identity(3, 2));
        var random = new RandomStream(5, "fql");
        foreach (var block in agent.Blocks)
            LossCheck.Shake(block, random, 0.3);
        Dictionary<string, double[]> omega = PlainNetworks.Values(agent.Model.Omega), online = PlainNetworks.Values(agent.Model.Phi), target = PlainNetworks.Values(agent.Model.PhiTarget);

        var (mean, min) = (Value(target, false), Value(target, true));
        if (aggregation == CriticAggregation.Mean)
            CandidateCheck.TheBestActs(agent, Act, mean, min, Value(online, false));
        else
            CandidateCheck.TheBestActs(agent, Act, min, mean, Value(online, true));

        double[] Act(double[] s, double[] z) => Array.ConvertAll(PlainShapes.Mlp(omega, "", settings.Trunk, [.. s, .. z]), a => Math.Clamp(a, -1, 1));
        OfRow<double> Value(Dictionary<string, double[]> critics, bool smaller) => (s, a) =>
        {
            double q1 = Q(critics, "q1.", s, a), q2 = Q(critics, "q2.", s, a);
            return smaller ? Math.Min(q1, q2) : (q1 + q2) / 2;
        };
        double Q(Dictionary<string, double[]> critics, string name, double[] s, double[] a) => PlainShapes.Mlp(critics, name, settings.ValueTrunk, [.. s, .. a])[0];
    }
}
