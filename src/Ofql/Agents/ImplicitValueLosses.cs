using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents;

/// <summary>The losses of Implicit Q-Learning (arXiv 2110.06169): V as an expectile of Q, Q from V, a policy by weighted regression.</summary>
internal static class ImplicitValueLosses
{
    /// <summary>Equation 5: mean |tau - 1(d below 0)| d^2, d = min_j Q'_j(s, a) - V(s).</summary>
    /// <param name="targetValue">min_j Q'_j(s, a) [B, 1]; a constant here.</param>
    /// <param name="v">V(s) [B, 1].</param>
    /// <param name="expectile">tau.</param>
    public static ImplicitValueTerms Value(Node targetValue, Node v, double expectile)
    {
        var q = StopGradient(targetValue);
        var d = q - v;
        var weight = StopGradient(Abs((float)expectile - Negative(d)));
        return new ImplicitValueTerms(q, v, d, Mean(weight * Square(d)), Mean(v));
    }

    /// <summary>Equation 6: factor times the sum over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask V(s').</summary>
    public static ImplicitCriticTerms Critic(BatchInputs batch, TwinCritic critic, ParameterBlock phi, Node nextValue, double discount, float factor = 1f) =>
        Critic(critic, phi, batch.State, batch.Action, batch.Reward, (float)discount * batch.Mask, nextValue, factor);

    /// <summary>The same for any states, actions, rewards and discounts [B, 1] (0 where no value follows).</summary>
    public static ImplicitCriticTerms Critic(
        TwinCritic critic, ParameterBlock phi, Node state, Node action, Node reward, Node discount, Node nextValue, float factor = 1f)
    {
        var y = BellmanError.Target(reward, discount, nextValue);
        var (q1, q2) = critic.Apply(phi, state, action);
        var sum = BellmanError.Sum(q1, q2, y);
        return new ImplicitCriticTerms(nextValue, y, q1, q2, factor == 1f ? sum : factor * sum, Mean(q1), Mean(y));
    }

    /// <summary>Equation 7: -mean min(exp(beta d), largest) ln pi(a|s), for a Gaussian policy.</summary>
    /// <param name="advantage">d [B, 1]; a constant here.</param>
    /// <param name="action">a [B, A].</param>
    /// <param name="mean">mu(s) [B, A].</param>
    /// <param name="logStd">ln sigma [1, A].</param>
    /// <param name="beta">Inverse temperature.</param>
    /// <param name="maximumWeight">Largest weight.</param>
    public static ImplicitPolicyTerms Policy(Node advantage, Node action, Node mean, Node logStd, double beta, double maximumWeight)
    {
        var weight = StopGradient(Min(Exp((float)beta * advantage), advantage.Graph.Constant((float)maximumWeight)));
        var logProbability = DiagonalGaussian.LogDensity(action, mean, logStd);
        return new ImplicitPolicyTerms(weight, mean, logProbability, -Mean(weight * logProbability), Mean(weight));
    }
}

/// <summary>Nodes of V's loss.</summary>
internal sealed record ImplicitValueTerms(Node TargetQ, Node V, Node Advantage, Node Loss, Node MeanV);

/// <summary>Nodes of the critics' loss.</summary>
internal sealed record ImplicitCriticTerms(Node NextV, Node Target, Node Q1, Node Q2, Node Loss, Node MeanQ, Node MeanTarget);

/// <summary>Nodes of the policy's loss.</summary>
internal sealed record ImplicitPolicyTerms(Node Weight, Node Mean, Node LogProbability, Node Loss, Node MeanWeight);
