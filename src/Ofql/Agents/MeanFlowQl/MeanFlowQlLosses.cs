using Ofql.Data;
using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Activations;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.MeanFlowQl;

/// <summary>
/// The equations of MeanFlowQL (arXiv 2511.13035), recorded over one batch: theta is the policy g, phi the critics, primes targets. All
/// hold with the parameters as they were before the update. The paper's text could not be read here: equations are named by what the paper
/// calls them and follow its Table 6 and the authors' code.
/// </summary>
internal sealed class MeanFlowQlLosses
{
    private const float SmallestWeight = 1e-6f;
    private const float LargestWeight = 1e6f;
    private readonly MeanFlowQlSettings _settings;
    private readonly MeanFlowQlModel _model;
    private readonly MeanCriticLosses _critics;

    public MeanFlowQlLosses(Graph.Graph graph, MeanFlowQlSettings settings, MeanFlowQlModel model)
    {
        _settings = settings;
        _model = model;
        var size = model.ActionSize;
        Batch = BatchInputs.Create(graph, model.StateSize, size);
        NoiseNext = graph.Input("noise_next", size, graph.Batch * settings.TargetCandidates);
        NoisePolicy = graph.Input("noise_policy", size);
        NoiseFlow = graph.Input("noise_flow", size);
        T = graph.Input("t", 1);
        Alpha = graph.Input("alpha", 1, rows: 1);
        if (settings.ConsistencyWeight > 0)
            Consistency = new ConsistencyInputs(graph.Input("noise_consistency", size), graph.Input("t_first", 1), graph.Input("t_second", 1));
        _critics = new MeanCriticLosses(model.Critic, Batch);
    }

    public BatchInputs Batch { get; }

    /// <summary>Noise of the next actions [B n, A].</summary>
    public InputNode NoiseNext { get; }

    public InputNode NoisePolicy { get; }

    public InputNode NoiseFlow { get; }

    public InputNode T { get; }

    /// <summary>alpha, a number that the agent writes before each update.</summary>
    public InputNode Alpha { get; }

    /// <summary>Draws of the consistency loss; null where it has no weight.</summary>
    public ConsistencyInputs? Consistency { get; }

    /// <summary>
    /// mean over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask Q'(s', a'), a' the best of n actions of the online policy by the mean
    /// of the target critics (value-guided sampling, half of the candidates of acting [code]).
    /// </summary>
    public CriticTerms Critic()
    {
        var nextState = RepeatRows(Batch.NextState, _settings.TargetCandidates);
        var nextAction = Clamp(_model.Unclipped(nextState, NoiseNext), -1f, 1f);
        return _critics.Critic(
            _model.Phi, _model.PhiTarget, nextState, nextAction, _settings.Discount, _settings.QAggregation, _settings.TargetCandidates);
    }

    /// <summary>L = alpha (L_flow + w_c L_consistency) + L_Q + w_b L_bound; alpha by its course (eq. 21 where it is dynamic), w_b of Table 6.</summary>
    public MeanFlowQlActorTerms Actor()
    {
        // L_flow, the MeanFlow identity in residual form: adaptively weighted squared distance of g to a_t + (t - 1) v - t dg/dt; gamma and c of Table 6.
        var flow = ResidualMeanFlowTerms.Of(G, Batch.Action, NoiseFlow, T, (float)_settings.TargetBound);
        var error = flow.SquaredError();
        var weight = Clamp(
            AverageVelocityTerms.AdaptiveWeight(error, (float)_settings.AdaptiveConstant, (float)(1 - _settings.AdaptiveGamma)), SmallestWeight, LargestWeight);
        var flowLoss = Mean(weight * error);
        var consistency = Consistency is { } draws ? ConsistencyLoss(draws) : null;
        var behaviour = consistency is null ? flowLoss : flowLoss + ((float)_settings.ConsistencyWeight * consistency);

        // L_bound: mean (a - 1)+ + mean (-1 - a)+ of the action before clipping.
        var action = _model.Unclipped(Batch.State, NoisePolicy);
        var bound = Mean(Activate(action - 1f, Activation.Relu)) + Mean(Activate(-1f - action, Activation.Relu));
        var q = _critics.Policy(_model.Phi, Clamp(action, -1f, 1f), _settings.NormalizeQLoss);
        var loss = (Alpha * behaviour) + q.Loss + ((float)_settings.BoundWeight * bound);
        return new MeanFlowQlActorTerms(flow, weight, flowLoss, consistency, action, q, bound, loss);
    }

    /// <summary>mean (x(t1) - sg(x(t2)))^2: the data x(t) = a_t - t u(a_t, 0, t), u = a_t - g, seen from two times of one path is one.</summary>
    private Node ConsistencyLoss(ConsistencyInputs draws)
    {
        return Mean(Square(Data(draws.First) - StopGradient(Data(draws.Second))));

        Node Data(Node t)
        {
            var at = StraightPath.At(Batch.Action, draws.Noise, t);
            return at - (t * (at - G(at, t)));
        }
    }

    private Node G(Node at, Node t) => _model.G(Batch.State, at, t);
}

/// <summary>What the consistency loss draws: noise [B, A] and two times [B, 1].</summary>
internal sealed record ConsistencyInputs(InputNode Noise, InputNode First, InputNode Second);

/// <summary>Nodes of the policy's loss.</summary>
internal sealed record MeanFlowQlActorTerms(
    ResidualMeanFlowTerms Flow, Node Weight, Node FlowLoss, Node? ConsistencyLoss, Node Action, PolicyValueTerms Q, Node BoundLoss, Node Loss);
