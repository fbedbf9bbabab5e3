using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Randomness;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Cpql;

/// <summary>
/// The equations of Consistency Policy Q-Learning (arXiv 2310.06343) over one batch: L = alpha L_RC - eta L_Q (section "Training Loss for
/// Consistency Policy"), the critics of section "Policy Evaluation". The paper's text could not be read here, so sections stand for numbers.
/// </summary>
internal sealed class CpqlLosses : RegularizedPolicyLosses
{
    private readonly CpqlSettings _settings;
    private readonly CpqlModel _model;

    public CpqlLosses(Graph.Graph graph, CpqlSettings settings, CpqlModel model)
        : base(graph, settings, model)
    {
        _settings = settings;
        _model = model;
        NoisePolicy = graph.Input("noise_policy", model.NoiseSize);
        Sigma = graph.Input("sigma", 1);
        NextSigma = graph.Input("next_sigma", 1);
        BehaviourLoss = (float)settings.Alpha * Behaviour();
        Unclipped = model.ActUnclipped(model.Theta, NoisePolicy, Batch.State);
        Action = Clamp(Unclipped, -1f, 1f);
    }

    /// <summary>Noise of the action that the critics judge.</summary>
    public InputNode NoisePolicy { get; }

    /// <summary>sigma_i of the behaviour loss [B, 1].</summary>
    public InputNode Sigma { get; }

    /// <summary>sigma_(i+1), the next lower level.</summary>
    public InputNode NextSigma { get; }

    public override Node BehaviourLoss { get; }

    public override Node Action { get; }

    public override Node Unclipped { get; }

    public override IReadOnlyList<IStreamSource> Draws(Func<string, RandomStream> stream) =>
        [new NoiseSource(stream("noise_policy"), NoisePolicy), new KarrasLevelSource(_settings.Sigmas, stream("levels"), Sigma, NextSigma)];

    /// <summary>
    /// mean lambda(sigma) |f(a + sigma eps, sigma) - target|^2 with lambda = 1/sigma^2 + 1/sigma_d^2, the square as a mean over entries.
    /// The target is a itself (L_RC, reconstruction, which the code takes too), or, in consistency training, what the averaged policy makes of the same
    /// path at the next level, f'(a + sigma' eps, sigma').
    /// </summary>
    private Node Behaviour()
    {
        Node a = Batch.Action, eps = NoiseBehaviour, s = Batch.State;
        var f = _model.Consistent(_model.Theta, a + (Sigma * eps), Sigma, s);
        var target = _settings.BehaviourLoss == ConsistencyLoss.Reconstruction
            ? a
            : StopGradient(_model.Consistent(_model.ThetaTarget, a + (NextSigma * eps), NextSigma, s));
        var weight = Reciprocal(Square(Sigma)) + (float)(1 / (_settings.SigmaData * _settings.SigmaData));
        return Mean(weight * SumColumns(Square(f - target))) / a.Columns;
    }
}
