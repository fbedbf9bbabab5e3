using Ofql.Graph;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.IqlTdmpc;

/// <summary>
/// Planning in the manager's latent space, as TD-MPC plans (arXiv 2203.04955, algorithm 1) but with sequences of the policy alone and without
/// refinement, so that no plan leaves what the data support. All of it is one graph expression over n rows per state.
/// </summary>
internal sealed class IqlTdmpcPlanner(IqlTdmpcSettings settings, IqlTdmpcModel model)
{
    /// <summary>Standard normal numbers of one plan: n sequences of H abstract actions of G numbers.</summary>
    public int NoiseSize => settings.PlanSamples * settings.PlanHorizon * settings.AbstractSize;

    /// <summary>The plan's first abstract action [R, G] at z [R, Z], from noise [R, n H G], sequence after sequence.</summary>
    public Node Plan(Node z, Node noise)
    {
        var n = settings.PlanSamples;
        var eps = SplitRows(noise, n);
        Node zh = RepeatRows(z, n), mean = RepeatRows(model.ManagerPolicy.Mean(model.ManagerTheta, z), n);
        Node? first = null, score = null;
        var discount = 1.0;
        for (var h = 0; h < settings.PlanHorizon; h++)
        {
            // g_h ~ pi(z_h), z_(h+1) = f(z_h, g_h), score = sum over h of gamma^(k h) R(z_h, g_h) + gamma^(k H) V(z_H)
            mean = h == 0 ? mean : model.ManagerPolicy.Mean(model.ManagerTheta, zh);
            var g = model.ManagerPolicy.Sample(model.ManagerTheta, mean, Columns(eps, h * settings.AbstractSize, settings.AbstractSize));
            var reward = (float)discount * model.Reward(zh, g);
            (first, score) = (first ?? g, score is null ? reward : score + reward);
            zh = model.Next(zh, g);
            discount *= Math.Pow(settings.Discount, settings.Window);
        }

        return OfElites(GroupRows(score! + ((float)discount * model.ManagerValue(zh)), n), first!);
    }

    /// <summary>
    /// sum of w g / sum of w over the elites, w = exp(temperature (score - best)), for scores [R, n] and first abstract actions [R n, G].
    /// Sequences as good as the last elite are elites.
    /// </summary>
    private Node OfElites(Node scores, Node first)
    {
        var elite = 1f - Negative(scores - MaxColumns(scores, settings.PlanElites));
        var weights = elite * Exp((float)settings.PlanTemperature * (scores - MaxColumns(scores)));
        var sum = SumRows(SplitRows(weights, settings.PlanSamples) * first, settings.PlanSamples);
        return sum / SumColumns(weights);
    }
}
