using Ofql.Data;
using Ofql.Graph.Nodes;

namespace Ofql.Agents.Iql;

/// <summary>
/// The equations of Implicit Q-Learning (arXiv 2110.06169), recorded over one batch: psi are V's parameters, phi the critics', theta
/// the policy's, primes targets. Each loss holds with the parameters that a program finds when it runs.
/// </summary>
internal sealed class IqlLosses
{
    private readonly Graph.Graph _g;
    private readonly IqlSettings _settings;
    private readonly IqlModel _model;

    public IqlLosses(Graph.Graph graph, IqlSettings settings, IqlModel model)
    {
        _g = graph;
        _settings = settings;
        _model = model;
        Batch = BatchInputs.Create(graph, model.StateSize, model.ActionSize);
        if (settings.Dropout > 0)
            Dropout = [.. Enumerable.Range(1, settings.HiddenLayers).Select(layer => graph.Input($"dropout{layer}", settings.HiddenWidth))];
    }

    public BatchInputs Batch { get; }

    /// <summary>Uniform numbers [B, H] for each hidden layer of the policy; empty without dropout.</summary>
    public IReadOnlyList<InputNode> Dropout { get; } = [];

    /// <summary>Equation 5: mean |tau - 1(d below 0)| d^2, d = min_j Q'_j(s, a) - V(s).</summary>
    public ImplicitValueTerms Value() => ImplicitValueLosses.Value(_model.TargetValue(Batch.State, Batch.Action), _model.Value(Batch.State), _settings.Expectile);

    /// <summary>Equation 6: sum over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask V(s'); half of it in CORL's order.</summary>
    public ImplicitCriticTerms Critic() => ImplicitValueLosses.Critic(
        Batch, _model.Critic, _model.Phi, _model.Value(Batch.NextState), _settings.Discount, _settings.Order == IqlOrder.Corl ? 0.5f : 1f);

    /// <summary>Equation 7: -mean min(exp(beta d), largest) ln pi(a|s), d the advantage min_j Q'_j(s, a) - V(s).</summary>
    public ImplicitPolicyTerms Policy(ImplicitValueTerms value) => ImplicitValueLosses.Policy(
        value.Advantage, Batch.Action, _model.Mean(Batch.State, Dropout.Count == 0 ? null : Networks.Dropout.Masks(Dropout, _settings.Dropout)), _model.LogStd(_g),
        _settings.Beta, _settings.MaximumWeight);
}
