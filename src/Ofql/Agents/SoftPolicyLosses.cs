using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents;

/// <summary>The losses of a policy with entropy and of its temperature, as Soft Actor-Critic has them (arXiv 1812.05905); CQL stands on them.</summary>
internal static class SoftPolicyLosses
{
    /// <summary>Equation 7: mean (alpha ln pi(a|s) - min_j Q_j(s, a)), a ~ pi(s).</summary>
    /// <param name="critic">The critics' networks.</param>
    /// <param name="phi">The critics.</param>
    /// <param name="state">s [B, S].</param>
    /// <param name="sample">a [B, A] and ln pi(a|s) [B, 1].</param>
    /// <param name="alpha">The temperature, a constant here.</param>
    public static SoftPolicyTerms Policy(TwinCritic critic, ParameterBlock phi, Node state, (Node Action, Node LogProbability) sample, Node alpha)
    {
        var (q1, q2) = critic.Apply(phi, state, sample.Action);
        var mean = Mean(sample.LogProbability);
        return new SoftPolicyTerms(sample.Action, sample.LogProbability, q1, q2, (alpha * mean) - Mean(Min(q1, q2)), -mean);
    }

    /// <summary>Equation 18, with ln alpha as rlkit has it: -ln alpha (mean ln pi(a|s) + H), H the target entropy.</summary>
    public static Node Temperature(Node logAlpha, SoftPolicyTerms policy, double targetEntropy) =>
        logAlpha * StopGradient(policy.Entropy - (float)targetEntropy);
}

/// <summary>Nodes of the policy's loss.</summary>
internal sealed record SoftPolicyTerms(Node Action, Node LogProbability, Node Q1, Node Q2, Node Loss, Node Entropy);
