using Ofql.Graph;
using static Ofql.Graph.Functions;

namespace Ofql.Flow;

/// <summary>An average velocity field u(a_t, r, t) for a fixed state.</summary>
public delegate Node VelocityField(Node at, Node r, Node t);

/// <summary>The terms of the MeanFlow behaviour-cloning loss, each [B, A] (arXiv 2508.13904, section 4; arXiv 2505.13447, eqs. 6 to 11).</summary>
/// <param name="At">a_t = (1 - t) a + t eps: time 0 is data, time 1 is noise.</param>
/// <param name="Velocity">v = eps - a.</param>
/// <param name="U">u(a_t, r, t).</param>
/// <param name="TimeDerivative">du/dt = (du/da_t) v + du/dt: the Jacobian-vector product along (v, 0, 1); anything finite where r = t.</param>
/// <param name="Target">sg(v - (t - r) du/dt), the MeanFlow identity.</param>
public sealed record AverageVelocityTerms(Node At, Node Velocity, Node U, Node TimeDerivative, Node Target)
{
    /// <summary>The terms for actions a, noise eps [B, A] and times r, t [B, 1].</summary>
    public static AverageVelocityTerms Of(VelocityField u, Node a, Node eps, Node r, Node t)
    {
        var at = StraightPath.At(a, eps, t);
        var v = eps - a;
        var value = u(at, r, t);
        // Where r = t the derivative counts for nothing: it may be left out there.
        var span = t - r;
        var dudt = t.Graph.Jvp(value, where: span, (at, v), (t, t.Graph.Constant(1f, t.Rows)));
        return new AverageVelocityTerms(at, v, value, dudt, StopGradient(v - (span * dudt)));
    }

    /// <summary>Mean over batch and action entries of (u - target)^2.</summary>
    public Node MeanSquare() => Mean(Square(U - Target));

    /// <summary>Mean over the batch of the squared l2 norm: <see cref="MeanSquare"/> times A.</summary>
    public Node MeanSquaredNorm() => Mean(SquaredError());

    /// <summary>d [B, 1]: squared l2 norm per sample.</summary>
    public Node SquaredError() => SumColumns(Square(U - Target));

    /// <summary>w [B, 1] = 1 / (sg(d) + c)^p: MeanFlow's adaptive weight (arXiv 2505.13447, section 4.3).</summary>
    public static Node AdaptiveWeight(Node squaredError, float constant, float power) =>
        Power(StopGradient(squaredError) + constant, -power);
}
