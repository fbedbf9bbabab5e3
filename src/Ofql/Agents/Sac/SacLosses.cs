using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Nodes;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Sac;

/// <summary>
/// The equations of Soft Actor-Critic with a learned temperature (arXiv 1812.05905), recorded over one batch: theta are the
/// policy's parameters, phi the critics', primes their targets. Equation numbers refer to the paper.
/// </summary>
internal sealed class SacLosses
{
    private readonly SacSettings _settings;
    private readonly SacModel _model;

    public SacLosses(Graph.Graph graph, SacSettings settings, SacModel model)
    {
        _settings = settings;
        _model = model;
        Batch = BatchInputs.Create(graph, model.StateSize, model.ActionSize);
        NoiseNext = graph.Input("noise_next", model.ActionSize);
        NoisePolicy = graph.Input("noise_policy", model.ActionSize);
        LogAlpha = graph.Parameter(model.Temperature, model.Temperature.Layout["log_alpha"]);
        Alpha = StopGradient(Exp(LogAlpha));
    }

    public BatchInputs Batch { get; }

    public InputNode NoiseNext { get; }

    public InputNode NoisePolicy { get; }

    /// <summary>ln alpha, a number.</summary>
    public Node LogAlpha { get; }

    /// <summary>alpha, a constant in the losses of policy and critics.</summary>
    public Node Alpha { get; }

    /// <summary>
    /// Equation 5: sum over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask (min_j Q'_j(s', a') - alpha ln pi(a'|s')), a' ~ pi(s').
    /// </summary>
    public CriticTerms Critic()
    {
        var (nextAction, nextLogProbability) = _model.Policy.Sample(_model.Theta, Batch.NextState, NoiseNext);
        return new TwinCriticLosses(_model.Critic, Batch).Critic(
            _model.Phi, _model.PhiTarget, Batch.NextState, nextAction, _settings.Discount, bonus: _settings.BackupEntropy ? -(Alpha * nextLogProbability) : null);
    }

    /// <summary>Equation 7: mean (alpha ln pi(a|s) - min_j Q_j(s, a)), a ~ pi(s).</summary>
    public SoftPolicyTerms Policy() => SoftPolicyLosses.Policy(
        _model.Critic, _model.Phi, Batch.State, _model.Policy.Sample(_model.Theta, Batch.State, NoisePolicy), Alpha);

    /// <summary>Equation 18: -ln alpha (mean ln pi(a|s) + H).</summary>
    public Node Temperature(SoftPolicyTerms policy) => SoftPolicyLosses.Temperature(LogAlpha, policy, _settings.TargetEntropyPerAction * _model.ActionSize);
}
