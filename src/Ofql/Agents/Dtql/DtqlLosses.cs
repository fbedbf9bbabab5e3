using Ofql.Data;
using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Nodes;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Dtql;

/// <summary>
/// The equations of Diffusion Trusted Q-Learning (arXiv 2405.19690), recorded over one batch: mu is the diffusion that clones the data,
/// theta the one-step policy, phi critics and V. Each loss holds with the parameters that a program finds when it runs.
/// </summary>
internal sealed class DtqlLosses
{
    /// <summary>The data's actions are divided by this before the inverse of tanh [code].</summary>
    private const float ActionMargin = 1f + 1e-3f;

    private readonly DtqlSettings _settings;
    private readonly DtqlModel _model;

    public DtqlLosses(Graph.Graph graph, DtqlSettings settings, DtqlModel model)
    {
        _settings = settings;
        _model = model;
        Batch = BatchInputs.Create(graph, model.StateSize, model.ActionSize);
        NoiseBehaviour = graph.Input("noise_bc", model.ActionSize);
        SigmaBehaviour = graph.Input("sigma_bc", 1);
        NoisePolicy = graph.Input("noise_policy", model.ActionSize);
        NoiseTrust = graph.Input("noise_trust", model.ActionSize);
        SigmaTrust = graph.Input("sigma_trust", 1);
    }

    public BatchInputs Batch { get; }

    public InputNode NoiseBehaviour { get; }

    public InputNode SigmaBehaviour { get; }

    public InputNode NoisePolicy { get; }

    public InputNode NoiseTrust { get; }

    public InputNode SigmaTrust { get; }

    /// <summary>
    /// L_V (eq. 6): mean |tau - 1(d below 0)| d^2, d = min_j Q_j(s, a) - V(s), of the online critics as in the code, where the paper writes
    /// their targets; plus L_Q (eq. 7): the sum over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask V(s').
    /// </summary>
    public DtqlCriticTerms Critic()
    {
        var critic = ImplicitValueLosses.Critic(Batch, _model.Critic, _model.Phi, _model.Value(Batch.NextState), _settings.Discount);
        var value = ImplicitValueLosses.Value(Min(critic.Q1, critic.Q2), _model.Value(Batch.State), _settings.Expectile);
        return new DtqlCriticTerms(critic, value, value.Loss + critic.Loss);
    }

    /// <summary>L(phi) (eq. 2): the denoising loss of the data's actions, which trains mu; weights and levels are EDM's.</summary>
    public Node Behaviour() => Denoising(Batch.Action, NoiseBehaviour, SigmaBehaviour).MeanSquare();

    /// <summary>
    /// L_pi (eq. 5) = alpha L_TR - mean min_j Q_j(s, a), a the policy's own sample, less gamma mean ln pi(a_data | s), the entropy term that
    /// section 2.3 asks of a Gaussian policy. L_TR (eq. 4) is the denoising loss of mu at that sample: small where mu knows the action. Its
    /// gradient reaches theta through the sample; mu stands still.
    /// </summary>
    public DtqlActorTerms Actor()
    {
        var (action, _) = _model.Policy.Sample(_model.Theta, Batch.State, NoisePolicy);
        var trust = Denoising(action, NoiseTrust, SigmaTrust);
        var trustLoss = trust.MeanSquare();
        var qLoss = -Mean(_model.Critic.Lower(_model.Phi, Batch.State, action));
        var loss = ((float)_settings.Alpha * trustLoss) + qLoss;
        if (_settings.LikelihoodWeight == 0)
            return new DtqlActorTerms(action, trust, trustLoss, qLoss, null, loss);
        var likelihoodLoss = -Mean(LogLikelihood());
        return new DtqlActorTerms(action, trust, trustLoss, qLoss, likelihoodLoss, loss + ((float)_settings.LikelihoodWeight * likelihoodLoss));
    }

    private DenoisingTerms Denoising(Node action, Node eps, Node sigma) => DenoisingTerms.Of(
        (x, level) => _model.Score(x, level, Batch.State), action, eps, sigma, _settings.SigmaData);

    /// <summary>ln N(u; m(s), sigma(s)) of u = artanh(a), without the slope of tanh, which theta does not change: [B, 1].</summary>
    private Node LogLikelihood()
    {
        var a = Batch.Action / ActionMargin;
        var u = 0.5f * (Log(a + 1f) - Log(1f - a));
        var (mean, logStd) = _model.Policy.Apply(_model.Theta, Batch.State);
        return DiagonalGaussian.LogDensity(u, mean, logStd);
    }
}

/// <summary>Nodes of the loss of critics and V.</summary>
internal sealed record DtqlCriticTerms(ImplicitCriticTerms Critic, ImplicitValueTerms Value, Node Loss);

/// <summary>Nodes of the one-step policy's loss.</summary>
internal sealed record DtqlActorTerms(Node Action, DenoisingTerms Trust, Node TrustLoss, Node QLoss, Node? LikelihoodLoss, Node Loss);
