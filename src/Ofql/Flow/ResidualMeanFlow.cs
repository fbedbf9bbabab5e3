using Ofql.Graph;
using static Ofql.Graph.Functions;

namespace Ofql.Flow;

/// <summary>
/// The terms of the MeanFlow loss in its residual form, each [B, A] (arXiv 2511.13035): with r fixed at 0, g(a_t, t) = a_t - u(a_t, 0, t)
/// is learned itself, so that a = g(eps, 1) comes straight out of the network. u = v - t du/dt and dg/dt = v - du/dt give
/// g = a_t + (t - 1) v - t dg/dt.
/// </summary>
/// <param name="At">a_t = (1 - t) a + t eps: time 0 is data, time 1 is noise.</param>
/// <param name="G">g(a_t, t).</param>
/// <param name="TimeDerivative">dg/dt = (dg/da_t) v + dg/dt along v = eps - a.</param>
/// <param name="Target">sg(a_t + (t - 1) v - t dg/dt), within +-<c>bound</c>.</param>
public sealed record ResidualMeanFlowTerms(Node At, Node G, Node TimeDerivative, Node Target)
{
    /// <summary>The terms for actions a, noise eps [B, A] and times t [B, 1].</summary>
    public static ResidualMeanFlowTerms Of(MarginalField g, Node a, Node eps, Node t, float bound)
    {
        var at = StraightPath.At(a, eps, t);
        var v = eps - a;
        var value = g(at, t);
        var dgdt = t.Graph.Jvp(value, (at, v), (t, t.Graph.Constant(1f, t.Rows)));
        return new ResidualMeanFlowTerms(at, value, dgdt, StopGradient(Clamp(at + ((t - 1f) * v) - (t * dgdt), -bound, bound)));
    }

    /// <summary>delta^2 [B, 1]: mean over action entries of (g - target)^2.</summary>
    public Node SquaredError() => SumColumns(Square(G - Target)) / G.Columns;
}
