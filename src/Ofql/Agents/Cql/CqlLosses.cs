using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Nodes;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Cql;

/// <summary>
/// The equations of Conservative Q-Learning, CQL(H) on Soft Actor-Critic (arXiv 2006.04779; CORL's code), recorded over one batch:
/// theta are the policy's parameters, phi the critics', primes their targets. Everything is taken at the parameters from before the update.
/// </summary>
internal sealed class CqlLosses
{
    private readonly Graph.Graph _g;
    private readonly CqlSettings _settings;
    private readonly CqlModel _model;
    private readonly (Node Mean, Node LogStd) _atState;
    private readonly (Node Mean, Node LogStd) _atNextState;

    public CqlLosses(Graph.Graph graph, CqlSettings settings, CqlModel model)
    {
        _g = graph;
        _settings = settings;
        _model = model;
        var actions = graph.Batch * settings.CqlActions;
        Batch = BatchInputs.Create(graph, model.StateSize, model.ActionSize);
        NoisePolicy = graph.Input("noise_policy", model.ActionSize);
        NoiseNext = graph.Input("noise_next", model.ActionSize, settings.MaxTargetBackup ? actions : graph.Batch);
        NoiseCqlCurrent = graph.Input("noise_cql_current", model.ActionSize, actions);
        NoiseCqlNext = graph.Input("noise_cql_next", model.ActionSize, actions);
        RandomActions = graph.Input("random_actions", model.ActionSize, actions);
        _atState = model.Policy.Apply(model.Theta, Batch.State);
        _atNextState = model.Policy.Apply(model.Theta, Batch.NextState);
    }

    public BatchInputs Batch { get; }

    public InputNode NoisePolicy { get; }

    public InputNode NoiseNext { get; }

    public InputNode NoiseCqlCurrent { get; }

    public InputNode NoiseCqlNext { get; }

    /// <summary>Actions uniform in [-1, 1], [B N, A].</summary>
    public InputNode RandomActions { get; }

    /// <summary>mean (sg(alpha) ln pi(a|s) - min_j Q_j(s, a)), a ~ pi(s); and -ln alpha sg(mean ln pi(a|s) + H), H the target entropy.</summary>
    public CqlPolicyTerms Policy()
    {
        var logAlpha = CqlModel.NumberOf(_g, _model.Temperature);
        var alpha = StopGradient(Exp(logAlpha));
        var soft = SoftPolicyLosses.Policy(_model.Critic, _model.Phi, Batch.State, _model.Policy.Sample(_atState.Mean, _atState.LogStd, NoisePolicy), alpha);
        return new CqlPolicyTerms(soft, alpha, SoftPolicyLosses.Temperature(logAlpha, soft, _settings.TargetEntropyPerAction * _model.ActionSize));
    }

    /// <summary>
    /// sum over i of mean (Q_i(s, a) - y)^2 + alpha_c D_i (equation 4), y = r + gamma mask min_j Q'_j(s', a'), a' ~ pi(s'), without entropy;
    /// with a learned weight alpha' of the penalty alpha' alpha_c (D_i - gap) in place of alpha_c D_i (equation 30).
    /// </summary>
    public CqlCriticTerms Critic()
    {
        var samples = _settings.MaxTargetBackup ? _settings.CqlActions : 1;
        var (nextAction, _) = _model.Policy.Sample(_atNextState.Mean, _atNextState.LogStd, NoiseNext);
        var td = new TwinCriticLosses(_model.Critic, Batch).Critic(
            _model.Phi, _model.PhiTarget, RepeatRows(Batch.NextState, samples), nextAction, _settings.Discount, samples, bestByLower: true);
        var penalty = Penalty(td.Q1, td.Q2);
        var alpha = (float)_settings.CqlAlpha;
        var difference = penalty.Difference1 + penalty.Difference2;
        Node? multiplier = null, multiplierLoss = null;
        if (_model.Multiplier is not null)
        {
            difference -= (float)(2 * _settings.LagrangeGap);
            var learned = Clamp(Exp(CqlModel.NumberOf(_g, _model.Multiplier)), 0f, 1e6f);
            multiplier = StopGradient(learned);
            multiplierLoss = -0.5f * alpha * (learned * StopGradient(difference));
        }

        var weighted = multiplier is null ? difference : multiplier * difference;
        return new CqlCriticTerms(td, penalty, td.Loss + (alpha * weighted), multiplier, multiplierLoss);
    }

    /// <summary>
    /// D_i = mean (T ln sum exp(scores / T) - Q_i(s, a)) over random actions R, policy actions F of s' and C of s, all judged in s:
    /// scores = [Q_i(s, R) - A ln 0.5, Q_i(s, F) - ln pi(F|s'), Q_i(s, C) - ln pi(C|s)], 3 N a state. The actions are constants.
    /// </summary>
    private CqlPenaltyTerms Penalty(Node q1, Node q2)
    {
        var current = Constants(_model.Policy.Sample(_atState.Mean, _atState.LogStd, NoiseCqlCurrent));
        var next = Constants(_model.Policy.Sample(_atNextState.Mean, _atNextState.LogStd, NoiseCqlNext));
        var uniform = _g.Constant((float)(_model.ActionSize * Math.Log(0.5)), RandomActions.Rows);
        var s = RepeatRows(Batch.State, _settings.CqlActions);
        var (random1, random2) = Scores(s, RandomActions, uniform);
        var (next1, next2) = Scores(s, next.Action, next.LogProbability);
        var (current1, current2) = Scores(s, current.Action, current.LogProbability);
        var temperature = (float)_settings.CqlTemperature;
        var sum1 = temperature * LogSumExp(Concatenate(random1, next1, current1) / temperature);
        var sum2 = temperature * LogSumExp(Concatenate(random2, next2, current2) / temperature);
        return new CqlPenaltyTerms(
            current.Action, current.LogProbability, next.Action, next.LogProbability, sum1, sum2, Mean(Limited(sum1 - q1)), Mean(Limited(sum2 - q2)));
    }

    /// <summary>Q_i(s, a) - ln density(a) of both critics: [B, N] each, for s and a [B N, ..].</summary>
    private (Node First, Node Second) Scores(Node s, Node a, Node logDensity)
    {
        var (q1, q2) = _model.Critic.Apply(_model.Phi, s, a);
        return (GroupRows(q1 - logDensity, _settings.CqlActions), GroupRows(q2 - logDensity, _settings.CqlActions));
    }

    private Node Limited(Node difference) => _settings.DifferenceLow <= CqlSettings.NoLimit
        ? difference
        : Max(difference, _g.Constant((float)_settings.DifferenceLow, difference.Rows));

    private static (Node Action, Node LogProbability) Constants((Node Action, Node LogProbability) sample) =>
        (StopGradient(sample.Action), StopGradient(sample.LogProbability));
}

/// <summary>Nodes of the policy's and the temperature's loss.</summary>
internal sealed record CqlPolicyTerms(SoftPolicyTerms Soft, Node Alpha, Node TemperatureLoss);

/// <summary>Nodes of the penalty.</summary>
internal sealed record CqlPenaltyTerms(
    Node CurrentActions, Node CurrentLogProbability, Node NextActions, Node NextLogProbability, Node LogSumExp1, Node LogSumExp2, Node Difference1, Node Difference2);

/// <summary>Nodes of the critics' loss.</summary>
internal sealed record CqlCriticTerms(CriticTerms Td, CqlPenaltyTerms Penalty, Node Loss, Node? Multiplier, Node? MultiplierLoss);
