using Ofql.Graph;
using static Ofql.Graph.Functions;

namespace Ofql.Flow;

/// <summary>The straight path from data (time 0) to noise (time 1) that flow matching goes (arXiv 2210.02747, its optimal-transport path with sigma_min = 0, time reversed).</summary>
public static class StraightPath
{
    /// <summary>a_t = (1 - t) a + t eps, for actions and noise [B, A] and times [B, 1].</summary>
    public static Node At(Node a, Node eps, Node t) => ((1f - t) * a) + (t * eps);
}
