using Ofql.Data;
using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Ofql;

/// <summary>
/// The equations of One-Step Flow Q-Learning (arXiv 2508.13904), recorded over one batch: theta are the actor's parameters,
/// phi the critics', primes their targets. Section numbers refer to the paper.
/// </summary>
internal sealed class OfqlLosses
{
    private readonly Graph.Graph _g;
    private readonly OfqlSettings _settings;
    private readonly VelocityNetwork _actor;
    private readonly TwinCritic _critic;

    public OfqlLosses(Graph.Graph graph, OfqlSettings settings, VelocityNetwork actor, TwinCritic critic)
    {
        _g = graph;
        _settings = settings;
        _actor = actor;
        _critic = critic;
        var candidates = settings.MaxQBackup ? settings.MaxQCandidates : 1;
        Batch = BatchInputs.Create(graph, actor.Shape.StateSize, actor.Shape.ActionSize);
        NoiseNext = graph.Input("noise_next", actor.Shape.ActionSize, graph.Batch * candidates);
        NoisePolicy = graph.Input("noise_policy", actor.Shape.ActionSize);
        NoiseBehaviour = graph.Input("noise_bc", actor.Shape.ActionSize);
        R = graph.Input("r", 1);
        T = graph.Input("t", 1);
    }

    public BatchInputs Batch { get; }

    public InputNode NoiseNext { get; }

    public InputNode NoisePolicy { get; }

    public InputNode NoiseBehaviour { get; }

    public InputNode R { get; }

    public InputNode T { get; }

    /// <summary>One-step action before clipping: eps - u(eps, 0, 1; s) (section 4, acting).</summary>
    public Node Unclipped(ParameterBlock theta, Node eps, Node s) =>
        eps - _actor.Apply(theta, eps, r: _g.Constant(0f), t: _g.Constant(1f), s);

    /// <summary>pi(s, eps) = clip(eps - u(eps, 0, 1; s)).</summary>
    public Node Act(ParameterBlock theta, Node eps, Node s) => Clamp(Unclipped(theta, eps, s), -1f, 1f);

    /// <summary>sum over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask min_j Q'_j(s', pi'(s')).</summary>
    public CriticTerms Critic(ParameterBlock phi, ParameterBlock phiTarget, ParameterBlock thetaTarget)
    {
        var candidates = _settings.MaxQBackup ? _settings.MaxQCandidates : 1;
        var nextState = RepeatRows(Batch.NextState, candidates);
        var nextAction = Act(thetaTarget, NoiseNext, nextState);
        var (next1, next2) = _critic.Apply(phiTarget, nextState, nextAction);
        if (_settings.MaxQBackup)
            (next1, next2) = (MaxColumns(GroupRows(next1, candidates)), MaxColumns(GroupRows(next2, candidates)));

        var y = StopGradient(Batch.Reward + ((float)_settings.Discount * Batch.Mask * Min(next1, next2)));
        var (q1, q2) = _critic.Apply(phi, Batch.State, Batch.Action);
        var loss = Mean(Square(q1 - y)) + Mean(Square(q2 - y));
        return new CriticTerms(nextAction, next1, next2, y, q1, q2, loss, Mean(q1), Mean(y));
    }

    /// <summary>L_BC: squared distance of u to the MeanFlow target (section 4, behaviour regularisation).</summary>
    public (AverageVelocityTerms Terms, Node? SquaredError, Node? Weight, Node Loss) Behaviour(ParameterBlock theta)
    {
        var terms = AverageVelocityTerms.Of(
            (at, r, t) => _actor.Apply(theta, at, r, t, Batch.State), Batch.Action, NoiseBehaviour, R, T);
        if (_settings.BcWeighting == BehaviourWeighting.Adaptive)
        {
            var error = terms.SquaredError();
            var weight = AverageVelocityTerms.AdaptiveWeight(error, (float)_settings.AdaptiveConstant, (float)_settings.AdaptivePower);
            return (terms, error, weight, Mean(weight * error));
        }

        return (terms, null, null, _settings.BcReduction == ErrorReduction.Mean ? terms.MeanSquare() : terms.MeanSquaredNorm());
    }

    /// <summary>L = L_BC - eta mean Q_i(s, pi(s)) / sg(mean |Q_j|), for the coin i = <paramref name="coin"/>, j = 1 - i.</summary>
    public ActorTerms Actor(ParameterBlock theta, ParameterBlock phi, int coin)
    {
        var behaviour = Behaviour(theta);
        var unclipped = Unclipped(theta, NoisePolicy, Batch.State);
        var action = Clamp(unclipped, -1f, 1f);
        var (q1, q2) = _critic.Apply(phi, Batch.State, action);
        var (qi, qj) = coin == 0 ? (q1, q2) : (q2, q1);
        var scale = Scale(phi, qj, coin);
        var qLoss = -(Mean(qi) / scale);
        var loss = behaviour.Loss + ((float)_settings.Eta * qLoss);
        var clipped = Mean(Negative(1f - Abs(unclipped)));
        return new ActorTerms(behaviour.Terms, behaviour.SquaredError, behaviour.Weight, behaviour.Loss, unclipped, action, q1, q2, scale, qLoss, loss, clipped);
    }

    private Node Scale(ParameterBlock phi, Node otherAtPolicy, int coin)
    {
        if (_settings.QNormalization == QNormalization.None)
            return _g.Constant(1f);
        var q = otherAtPolicy;
        if (_settings.QNormalization == QNormalization.Data)
        {
            var (q1, q2) = _critic.Apply(phi, Batch.State, Batch.Action);
            q = coin == 0 ? q2 : q1;
        }

        return StopGradient(Max(Mean(Abs(q)), _g.Constant((float)_settings.QFloor)));
    }
}

/// <summary>Nodes of the critic's loss.</summary>
internal sealed record CriticTerms(
    Node NextAction, Node NextQ1, Node NextQ2, Node Target, Node Q1, Node Q2, Node Loss, Node MeanQ, Node MeanTarget);

/// <summary>Nodes of the actor's loss.</summary>
internal sealed record ActorTerms(
    AverageVelocityTerms Behaviour, Node? SquaredError, Node? Weight, Node BcLoss, Node Unclipped, Node Action, Node Q1, Node Q2, Node Scale, Node QLoss, Node Loss, Node ClippedShare);
