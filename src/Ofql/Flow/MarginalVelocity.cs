using Ofql.Graph;
using static Ofql.Graph.Functions;

namespace Ofql.Flow;

/// <summary>A marginal velocity field v(a_t, t) for a fixed state.</summary>
public delegate Node MarginalField(Node at, Node t);

/// <summary>The terms of the conditional flow-matching loss, each [B, A] (arXiv 2210.02747, eq. 9, on the straight path with time 1 at the noise).</summary>
/// <param name="At">a_t = (1 - t) a + t eps.</param>
/// <param name="Velocity">eps - a, the target.</param>
/// <param name="V">v(a_t, t).</param>
public sealed record MarginalVelocityTerms(Node At, Node Velocity, Node V)
{
    /// <summary>The terms for actions a, noise eps [B, A] and times t [B, 1].</summary>
    public static MarginalVelocityTerms Of(MarginalField v, Node a, Node eps, Node t)
    {
        var at = StraightPath.At(a, eps, t);
        return new MarginalVelocityTerms(at, eps - a, v(at, t));
    }

    /// <summary>Mean over batch and action entries of (v - (eps - a))^2.</summary>
    public Node MeanSquare() => Mean(Square(V - Velocity));
}

/// <summary>Ways from noise (time 1) to data (time 0) in N equal steps. Gradients flow through every step.</summary>
public static class FlowSampler
{
    /// <summary>One Euler step of the marginal velocity from time t down to r: a_t - (t - r) v(a_t, t).</summary>
    public static Node EulerStep(MarginalField v, Node at, double t, double r) => at - ((float)(t - r) * v(at, at.Graph.Constant((float)t)));

    /// <summary>N Euler steps from <paramref name="eps"/> [R, A].</summary>
    public static Node Euler(MarginalField v, Node eps, int steps) => EulerPath(v, eps, steps)[^1];

    /// <summary>The N + 1 points of <see cref="Euler"/>, the noise first and the sample last.</summary>
    public static IReadOnlyList<Node> EulerPath(MarginalField v, Node eps, int steps) => Walk(eps, steps, (at, t, r) => EulerStep(v, at, t, r));

    /// <summary>One step of the average velocity from time t to r, exact for the true field: a_t - (t - r) u(a_t, r, t) (arXiv 2505.13447, eq. 12).</summary>
    public static Node AverageStep(VelocityField u, Node at, double t, double r) =>
        at - ((float)(t - r) * u(at, at.Graph.Constant((float)r), at.Graph.Constant((float)t)));

    /// <summary>N steps of the average velocity from <paramref name="eps"/> [R, A]; one step is eps - u(eps, 0, 1).</summary>
    public static Node Average(VelocityField u, Node eps, int steps) => Walk(eps, steps, (at, t, r) => AverageStep(u, at, t, r))[^1];

    private static List<Node> Walk(Node eps, int steps, Func<Node, double, double, Node> step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        List<Node> points = [eps];
        for (var left = steps; left > 0; left--)
            points.Add(step(points[^1], (double)left / steps, (left - 1.0) / steps));
        return points;
    }
}
