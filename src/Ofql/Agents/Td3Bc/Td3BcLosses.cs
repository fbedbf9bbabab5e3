using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Nodes;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Td3Bc;

/// <summary>
/// The equations of TD3+BC (Fujimoto and Gu, arXiv 2106.06860), recorded over one batch: theta are the policy's parameters, phi
/// the critics', primes their targets.
/// </summary>
internal sealed class Td3BcLosses
{
    private readonly Td3BcSettings _settings;
    private readonly Td3BcModel _model;
    private readonly TwinCriticLosses _critics;

    public Td3BcLosses(Graph.Graph graph, Td3BcSettings settings, Td3BcModel model)
    {
        _settings = settings;
        _model = model;
        Batch = BatchInputs.Create(graph, model.StateSize, model.ActionSize);
        NoiseTarget = graph.Input("noise_target", model.ActionSize);
        _critics = new TwinCriticLosses(model.Critic, Batch);
    }

    public BatchInputs Batch { get; }

    public InputNode NoiseTarget { get; }

    /// <summary>
    /// sum over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask min_j Q'_j(s', a'), a' = clip(pi'(s') + c, -1, 1), c the clipped noise.
    /// </summary>
    public CriticTerms Critic()
    {
        var bound = (float)_settings.NoiseClip;
        var c = Clamp((float)_settings.PolicyNoise * NoiseTarget, -bound, bound);
        var nextAction = Clamp(_model.Policy.Apply(_model.ThetaTarget, Batch.NextState) + c, -1f, 1f);
        return _critics.Critic(_model.Phi, _model.PhiTarget, Batch.NextState, nextAction, _settings.Discount);
    }

    /// <summary>-lambda mean Q_1(s, pi(s)) + mean (pi(s) - a)^2, lambda = alpha / sg(mean |Q_1(s, pi(s))|) (equations 3 to 5).</summary>
    public Td3BcPolicyTerms Policy()
    {
        var action = _model.Policy.Apply(_model.Theta, Batch.State);
        var q = _critics.Policy(_model.Phi, action, coin: 0, QNormalization.Same, floor: 0);
        var bcLoss = Mean(Square(action - Batch.Action));
        return new Td3BcPolicyTerms(action, q.Q1, (float)_settings.Alpha * Reciprocal(q.Scale), bcLoss, bcLoss + ((float)_settings.Alpha * q.Loss));
    }
}

/// <summary>Nodes of the policy's loss.</summary>
internal sealed record Td3BcPolicyTerms(Node Action, Node Q1, Node Lambda, Node BcLoss, Node Loss);
