using Ofql.Data;
using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Randomness;
using static Ofql.Graph.Functions;

namespace Ofql.Agents;

/// <summary>
/// L(theta) = L_BC + eta L_Q (Diffusion-QL, arXiv 2208.06193, eq. 3) with clipped double Q-learning of the critics (eq. 4), over one
/// batch. An algorithm brings its behaviour loss and its action; both are recorded once and serve both coins.
/// </summary>
internal abstract class RegularizedPolicyLosses
{
    private readonly RegularizedPolicySettings _settings;
    private readonly RegularizedPolicyModel _model;
    private readonly TwinCriticLosses _critics;

    protected RegularizedPolicyLosses(Graph.Graph graph, RegularizedPolicySettings settings, RegularizedPolicyModel model)
    {
        _settings = settings;
        _model = model;
        Batch = BatchInputs.Create(graph, model.StateSize, model.ActionSize);
        NoiseNext = graph.Input("noise_next", model.NoiseSize, graph.Batch * settings.TargetCandidates);
        NoiseBehaviour = graph.Input("noise_bc", model.ActionSize);
        _critics = new TwinCriticLosses(model.Critic, Batch);
    }

    public BatchInputs Batch { get; }

    /// <summary>Noise of the target actions [B n, <see cref="RegularizedPolicyModel.NoiseSize"/>].</summary>
    public InputNode NoiseNext { get; }

    /// <summary>eps [B, A] of the behaviour loss.</summary>
    public InputNode NoiseBehaviour { get; }

    /// <summary>L_BC, a number.</summary>
    public abstract Node BehaviourLoss { get; }

    /// <summary>The action that the critics judge [B, A].</summary>
    public abstract Node Action { get; }

    /// <summary>The same before it is clipped to [-1, 1].</summary>
    public abstract Node Unclipped { get; }

    /// <summary>What draws the times of the behaviour loss, and noise that only this algorithm has.</summary>
    public abstract IReadOnlyList<IStreamSource> Draws(Func<string, RandomStream> stream);

    /// <summary>sum over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask min_j Q'_j(s', pi'(s')), or their mean.</summary>
    public CriticTerms Critic()
    {
        var nextState = RepeatRows(Batch.NextState, _settings.TargetCandidates);
        var nextAction = _model.Act(_model.NextPolicy, NoiseNext, nextState);
        return _critics.Critic(_model.Phi, _model.PhiTarget, nextState, nextAction, _settings.Discount, _settings.TargetCandidates, aggregation: _settings.QAggregation);
    }

    /// <summary>
    /// L = L_BC - eta mean Q_i(s, a0) / sg(mean |Q_j(s, a0)|), for the coin i = <paramref name="coin"/>, j = 1 - i. With eta = 0 it is L_BC, and
    /// no gradient is taken through the critics to be multiplied by nothing. Relative to the behaviour loss it is eta sg(L_BC) in place of eta.
    /// </summary>
    public RegularizedPolicyTerms Actor(int coin)
    {
        var q = _critics.Policy(_model.Phi, Action, coin, _settings.QNormalization, _settings.QFloor);
        return new RegularizedPolicyTerms(q, _settings.Eta == 0 ? BehaviourLoss : BehaviourLoss + Weighted(q.Loss));
    }

    private Node Weighted(Node loss) => _settings.EtaScale == EtaScale.BehaviourLoss
        ? (float)_settings.Eta * StopGradient(BehaviourLoss) * loss
        : (float)_settings.Eta * loss;

    /// <summary>Share of action entries that were clipped.</summary>
    public Node ClippedShare() => Mean(Negative(1f - Abs(Unclipped)));
}

/// <summary>Nodes of the actor's loss that depend on the coin.</summary>
internal sealed record RegularizedPolicyTerms(PolicyValueTerms Q, Node Loss);
