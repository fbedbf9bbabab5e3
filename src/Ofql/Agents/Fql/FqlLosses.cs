using Ofql.Data;
using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Nodes;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Fql;

/// <summary>
/// The equations of Flow Q-Learning (arXiv 2502.02538), recorded over one batch: theta is the flow, omega the one-step policy, phi the
/// critics, primes targets. All hold with the parameters as they were before the update.
/// </summary>
internal sealed class FqlLosses
{
    private readonly FqlSettings _settings;
    private readonly FqlModel _model;
    private readonly MeanCriticLosses _critics;

    public FqlLosses(Graph.Graph graph, FqlSettings settings, FqlModel model)
    {
        _settings = settings;
        _model = model;
        Batch = BatchInputs.Create(graph, model.StateSize, model.ActionSize);
        NoiseNext = graph.Input("noise_next", model.ActionSize);
        NoiseFlow = graph.Input("noise_flow", model.ActionSize);
        NoisePolicy = graph.Input("noise_policy", model.ActionSize);
        T = graph.Input("t", 1);
        _critics = new MeanCriticLosses(model.Critic, Batch);
    }

    public BatchInputs Batch { get; }

    public InputNode NoiseNext { get; }

    public InputNode NoiseFlow { get; }

    public InputNode NoisePolicy { get; }

    public InputNode T { get; }

    /// <summary>L_Q: mean over i of mean (Q_i(s, a) - y)^2, y = r + gamma mask Q'(s', mu(s', z)), the online policy (section 4, algorithm 1).</summary>
    public CriticTerms Critic()
    {
        var nextAction = Clamp(_model.Policy(Batch.NextState, NoiseNext), -1f, 1f);
        return _critics.Critic(_model.Phi, _model.PhiTarget, Batch.NextState, nextAction, _settings.Discount, _settings.QAggregation);
    }

    /// <summary>L_flow + alpha L_distill + L_Q of the policy.</summary>
    public FqlActorTerms Actor()
    {
        // L_flow: conditional flow matching, x_t = (1 - t) z + t a. Its time runs from noise to action, so the two change places.
        var flow = MarginalVelocityTerms.Of((x, t) => _model.Velocity(Batch.State, x, t), a: NoiseFlow, eps: Batch.Action, T);
        var flowLoss = flow.MeanSquare();

        // L_distill: the flow's result from the same noise.
        var teacher = StopGradient(Clamp(Flow(NoisePolicy), -1f, 1f));
        var action = _model.Policy(Batch.State, NoisePolicy);
        var distillLoss = Mean(Square(action - teacher));

        var q = _critics.Policy(_model.Phi, Clamp(action, -1f, 1f), _settings.NormalizeQLoss);
        var loss = flowLoss + ((float)_settings.Alpha * distillLoss) + q.Loss;
        return new FqlActorTerms(flow, teacher, action, q, flowLoss, distillLoss, loss);
    }

    /// <summary>K Euler steps of the flow from z [B, A].</summary>
    private Node Flow(Node z)
    {
        var (x, steps) = (z, _settings.FlowSteps);
        for (var k = 0; k < steps; k++)
            x += _model.Velocity(Batch.State, x, z.Graph.Constant((float)k / steps)) / steps;
        return x;
    }
}

/// <summary>Nodes of the policies' loss.</summary>
internal sealed record FqlActorTerms(
    MarginalVelocityTerms Flow, Node Teacher, Node Action, PolicyValueTerms Q, Node FlowLoss, Node DistillLoss, Node Loss);
