using Ofql.Data;
using Ofql.Graph;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.IqlTdmpc;

/// <summary>
/// The equations of IQL-TD-MPC (arXiv 2306.00867) in our reading, over one batch of windows (s_t .. s_(t+m)): z = h(s_t), g = E(s_t, s_(t+m)).
/// Each loss holds with the parameters that a program finds when it runs; primes are targets.
/// </summary>
internal sealed class IqlTdmpcLosses
{
    private readonly IqlTdmpcSettings _settings;
    private readonly IqlTdmpcModel _model;
    private readonly Node _z;
    private readonly Node _g;
    private readonly Node _next;

    public IqlTdmpcLosses(Graph.Graph graph, IqlTdmpcSettings settings, IqlTdmpcModel model)
    {
        _settings = settings;
        _model = model;
        Windows = WindowInputs.Create(graph, model.StateSize, model.ActionSize);
        _z = model.Encode(model.Omega, Windows.First.State);
        _g = model.Abstract(Windows.First.State, Windows.End);
        _next = model.Next(_z, _g);
    }

    public WindowInputs Windows { get; }

    /// <summary>
    /// TD-MPC's joint loss of its model (arXiv 2203.04955, eq. 7 and what it sums over steps; the value term is its eq. 9, the consistency
    /// its eq. 10) over one abstract step, the value target IQL's:
    /// c1 mean (f(z, g) - h'(s_(t+m)))^2 + c2 mean (R(z, g) - r)^2 + c3 sum over i of mean (Q_i(z, g) - y)^2,
    /// y = r + gamma^m mask V(h(s_(t+m))), r the window's discounted rewards. V is asked where it learns, at h: at the lagging h' it would
    /// be asked about states it has never seen.
    /// </summary>
    public IqlTdmpcModelTerms Model()
    {
        var consistency = Mean(Square(_next - StopGradient(_model.Encode(_model.OmegaTarget, Windows.End))));
        var reward = Mean(Square(_model.Reward(_z, _g) - Windows.Reward));
        var critic = ImplicitValueLosses.Critic(
            _model.ManagerCritic, _model.ManagerPhi, _z, _g, Windows.Reward, Windows.Discount, _model.ManagerValue(_model.Encode(_model.Omega, Windows.End)));
        var loss = ((float)_settings.ConsistencyWeight * consistency) + ((float)_settings.RewardWeight * reward) + ((float)_settings.ValueWeight * critic.Loss);
        return new IqlTdmpcModelTerms(consistency, reward, critic, loss);
    }

    /// <summary>IQL's equation 5 in the latent space: mean |tau - 1(d below 0)| d^2, d = min_j Q'_j(z, g) - V(z); z and g are constants.</summary>
    public ImplicitValueTerms ManagerValue()
    {
        var (z, g) = (StopGradient(_z), StopGradient(_g));
        return ImplicitValueLosses.Value(_model.ManagerTargetValue(z, g), _model.ManagerValue(z), _settings.ManagerExpectile);
    }

    /// <summary>IQL's equation 7 in the latent space: -mean min(exp(beta d), largest) ln pi(g|z); z and g are constants.</summary>
    public ImplicitPolicyTerms ManagerPolicy(ImplicitValueTerms value) => ImplicitValueLosses.Policy(
        value.Advantage, StopGradient(_g), _model.ManagerPolicy.Mean(_model.ManagerTheta, StopGradient(_z)),
        _model.ManagerPolicy.LogStd(_model.ManagerTheta, _z.Graph), _settings.ManagerBeta, _settings.MaximumWeight);

    /// <summary>
    /// IQL's equations 5 to 7 for the worker on x = (s_t, f(z, g) - z): intents are those of the data's own windows, and constants. The
    /// next state is joined with the intent of the window that begins there.
    /// </summary>
    public IqlTdmpcWorkerTerms Worker()
    {
        var batch = Windows.First;
        var intent = StopGradient(_next - _z);
        var nextIntent = StopGradient(_model.Intent(_model.Encode(_model.Omega, batch.NextState), _model.Abstract(batch.NextState, Windows.NextEnd)));
        Node x = Concatenate(batch.State, intent), xNext = Concatenate(batch.NextState, nextIntent);
        var value = ImplicitValueLosses.Value(_model.TargetValue(x, batch.Action), _model.Value(x), _settings.Expectile);
        var critic = ImplicitValueLosses.Critic(
            _model.Critic, _model.Phi, x, batch.Action, batch.Reward, (float)_settings.Discount * batch.Mask, _model.Value(xNext));
        var policy = ImplicitValueLosses.Policy(
            value.Advantage, batch.Action, _model.Policy.Mean(_model.Theta, x), _model.Policy.LogStd(_model.Theta, x.Graph), _settings.Beta, _settings.MaximumWeight);
        return new IqlTdmpcWorkerTerms(intent, nextIntent, value, critic, policy, Mean(Abs(intent)));
    }
}

/// <summary>Nodes of the manager's joint loss.</summary>
internal sealed record IqlTdmpcModelTerms(Node Consistency, Node Reward, ImplicitCriticTerms Critic, Node Loss);

/// <summary>Nodes of the worker's losses.</summary>
internal sealed record IqlTdmpcWorkerTerms(
    Node Intent, Node NextIntent, ImplicitValueTerms Value, ImplicitCriticTerms Critic, ImplicitPolicyTerms Policy, Node IntentSize);
