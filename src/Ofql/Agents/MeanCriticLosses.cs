using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents;

/// <summary>What becomes of the two target critics' values of an action.</summary>
public enum CriticAggregation
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The smaller one.</summary>
    Min,
}

/// <summary>
/// The losses that Flow Q-Learning and its descendants share, whatever their policy: critics that back up the mean (or the minimum) of
/// their targets, and a policy term of the critics' mean (arXiv 2502.02538, its code; arXiv 2511.13035).
/// </summary>
internal sealed class MeanCriticLosses(TwinCritic critic, BatchInputs batch)
{
    /// <summary>The value [R, 1] of an action under both critics.</summary>
    public static Node Aggregate(Node q1, Node q2, CriticAggregation aggregation) =>
        aggregation == CriticAggregation.Min ? Min(q1, q2) : 0.5f * (q1 + q2);

    /// <summary>
    /// mean over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask Q'(s', a'). Several candidates a' per next state (as many rows after
    /// each other): the one whose mean value is largest is backed up.
    /// </summary>
    /// <param name="phi">Critics.</param>
    /// <param name="phiTarget">Their targets.</param>
    /// <param name="nextState">s' [B n, S].</param>
    /// <param name="nextAction">a' [B n, A].</param>
    /// <param name="discount">gamma.</param>
    /// <param name="aggregation">Q' of the two targets.</param>
    /// <param name="candidates">n.</param>
    public CriticTerms Critic(
        ParameterBlock phi, ParameterBlock phiTarget, Node nextState, Node nextAction, double discount, CriticAggregation aggregation, int candidates = 1)
    {
        var (next1, next2) = critic.Apply(phiTarget, nextState, nextAction);
        var value = Aggregate(next1, next2, aggregation);
        if (candidates > 1)
            value = OfTheBest(GroupRows(Aggregate(next1, next2, CriticAggregation.Mean), candidates), GroupRows(value, candidates));

        var y = BellmanError.Target(batch.Reward, (float)discount * batch.Mask, value);
        var (q1, q2) = critic.Apply(phi, batch.State, batch.Action);
        var loss = 0.5f * BellmanError.Sum(q1, q2, y);
        return new CriticTerms(nextAction, next1, next2, y, q1, q2, loss, Mean(q1), Mean(y));
    }

    /// <summary>-mean Q(s, a), Q the mean of the critics; divided by sg(mean |Q|) where <paramref name="normalize"/> is on.</summary>
    public PolicyValueTerms Policy(ParameterBlock phi, Node action, bool normalize)
    {
        var (q1, q2) = critic.Apply(phi, batch.State, action);
        var q = Aggregate(q1, q2, CriticAggregation.Mean);
        var scale = normalize ? StopGradient(Mean(Abs(q))) : action.Graph.Constant(1f);
        return new PolicyValueTerms(q1, q2, scale, -(Mean(q) / scale));
    }

    /// <summary>The value [B, 1] in the column whose judgement is largest, of values and judgements [B, n]; equal ones share.</summary>
    private static Node OfTheBest(Node judgement, Node value)
    {
        var best = 1f - Negative(judgement - MaxColumns(judgement));
        return SumColumns(best * value) / SumColumns(best);
    }
}
