using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents;

/// <summary>What |Q| in the denominator of the policy loss is averaged over.</summary>
public enum QNormalization
{
    /// <summary>The other critic at the policy's actions (Diffusion-QL's code).</summary>
    Policy,

    /// <summary>The other critic at the dataset's actions (the paper's formula).</summary>
    Data,

    /// <summary>No normalisation.</summary>
    None,

    /// <summary>The judging critic itself at the policy's actions (EDP's code, arXiv 2305.20081; TD3+BC).</summary>
    Same,
}

/// <summary>
/// The losses that Diffusion-QL and its descendants share, whatever their policy: clipped double Q-learning, and the Q term of the
/// policy with the scale of Q taken out (arXiv 2208.06193, its code; arXiv 2508.13904).
/// </summary>
/// <param name="critic">The critics' networks.</param>
/// <param name="batch">The batch they are judged on.</param>
public sealed class TwinCriticLosses(TwinCritic critic, BatchInputs batch)
{
    /// <summary>
    /// sum over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask (min_j Q'_j(s', a') + bonus), or the mean of the Q'_j. Several candidates a' per next state (as many rows
    /// after each other) back up the best by each critic: max-Q backup; or the best by the lower of both (CQL).
    /// </summary>
    /// <param name="phi">Critics.</param>
    /// <param name="phiTarget">Their targets.</param>
    /// <param name="nextState">s' [B n, S].</param>
    /// <param name="nextAction">a' [B n, A].</param>
    /// <param name="discount">gamma.</param>
    /// <param name="candidates">n.</param>
    /// <param name="bestByLower">The best candidate is the one whose lower value is largest, max min, instead of min max.</param>
    /// <param name="aggregation">Of the two targets.</param>
    /// <param name="bonus">Belongs to the value of the next action: the entropy term of soft Q-learning. Null for none.</param>
    public CriticTerms Critic(
        ParameterBlock phi, ParameterBlock phiTarget, Node nextState, Node nextAction, double discount, int candidates = 1, bool bestByLower = false,
        CriticAggregation aggregation = CriticAggregation.Min, Node? bonus = null)
    {
        var (next1, next2) = critic.Apply(phiTarget, nextState, nextAction);
        if (candidates > 1 && !bestByLower)
            (next1, next2) = (Best(next1, candidates), Best(next2, candidates));
        var value = MeanCriticLosses.Aggregate(next1, next2, aggregation);
        if (candidates > 1 && bestByLower)
            value = Best(value, candidates);
        if (bonus is not null)
            value += bonus;
        var y = BellmanError.Target(batch.Reward, (float)discount * batch.Mask, value);
        var (q1, q2) = critic.Apply(phi, batch.State, batch.Action);
        return new CriticTerms(nextAction, next1, next2, y, q1, q2, BellmanError.Sum(q1, q2, y), Mean(q1), Mean(y));
    }

    /// <summary>-mean Q_i(s, a0) / sg(max(mean |Q_j|, floor)), for the coin i = <paramref name="coin"/>, j = 1 - i.</summary>
    public PolicyValueTerms Policy(ParameterBlock phi, Node action, int coin, QNormalization normalization, double floor)
    {
        var (q1, q2) = critic.Apply(phi, batch.State, action);
        var (qi, qj) = coin == 0 ? (q1, q2) : (q2, q1);
        var scale = Scale(phi, normalization == QNormalization.Same ? qi : qj, coin, normalization, floor);
        return new PolicyValueTerms(q1, q2, scale, -(Mean(qi) / scale));
    }

    private static Node Best(Node values, int candidates) => MaxColumns(GroupRows(values, candidates));

    private Node Scale(ParameterBlock phi, Node atPolicy, int coin, QNormalization normalization, double floor)
    {
        var g = atPolicy.Graph;
        if (normalization == QNormalization.None)
            return g.Constant(1f);
        var q = atPolicy;
        if (normalization == QNormalization.Data)
        {
            var (q1, q2) = critic.Apply(phi, batch.State, batch.Action);
            q = coin == 0 ? q2 : q1;
        }

        return StopGradient(Max(Mean(Abs(q)), g.Constant((float)floor)));
    }
}

/// <summary>Nodes of the critics' loss; B rows, n candidates.</summary>
/// <param name="NextAction">a' [B n, A].</param>
/// <param name="NextQ1">Q1'(s', a') [B, 1], of the best candidate by each; of all, [B n, 1], where the lower value decides.</param>
/// <param name="NextQ2">Q2'(s', a'), likewise.</param>
/// <param name="Target">y [B, 1].</param>
/// <param name="Q1">Q1(s, a) [B, 1].</param>
/// <param name="Q2">Q2(s, a) [B, 1].</param>
/// <param name="Loss">The sum of both mean squared errors.</param>
/// <param name="MeanQ">mean Q1.</param>
/// <param name="MeanTarget">mean y.</param>
public sealed record CriticTerms(
    Node NextAction, Node NextQ1, Node NextQ2, Node Target, Node Q1, Node Q2, Node Loss, Node MeanQ, Node MeanTarget);

/// <summary>Nodes of the policy's Q term.</summary>
/// <param name="Q1">Q1(s, a0) [B, 1].</param>
/// <param name="Q2">Q2(s, a0) [B, 1].</param>
/// <param name="Scale">The number that Q is divided by.</param>
/// <param name="Loss">The term.</param>
public sealed record PolicyValueTerms(Node Q1, Node Q2, Node Scale, Node Loss);
