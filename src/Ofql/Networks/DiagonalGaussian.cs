using Ofql.Graph;
using static Ofql.Graph.Functions;

namespace Ofql.Networks;

/// <summary>The normal density with independent entries.</summary>
public static class DiagonalGaussian
{
    /// <summary>ln N(x; mu, sigma^2) = sum over entries of -((x - mu) / sigma)^2 / 2 - ln sigma - ln(2 pi) / 2: [R, 1].</summary>
    /// <param name="x">Points [R, A].</param>
    /// <param name="mean">mu [R, A].</param>
    /// <param name="logStd">ln sigma [R, A], or [1, A] for all rows.</param>
    public static Node LogDensity(Node x, Node mean, Node logStd) =>
        SumColumns(-0.5f * Square((x - mean) * Exp(-logStd)) - logStd) - (float)(0.5 * x.Columns * Math.Log(2 * Math.PI));
}
