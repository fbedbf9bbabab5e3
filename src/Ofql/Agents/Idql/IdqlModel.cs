using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Idql;

/// <summary>The networks of IDQL: a noise network with its moving average, twin critics with targets, V; and the chain in which it acts.</summary>
internal sealed class IdqlModel : AgentModel
{
    private readonly IdqlSettings _settings;
    private readonly ResidualTimedNetwork _actor;
    private readonly Mlp _value;

    public IdqlModel(IdqlSettings settings, int stateSize, int actionSize)
        : base(stateSize, actionSize)
    {
        _settings = settings;
        Schedule = NoiseSchedule.Of(settings.NoiseSchedule, settings.Steps);
        _actor = new ResidualTimedNetwork(new ResidualShape(stateSize, actionSize, settings.HiddenWidth, settings.Blocks, settings.EmbeddingSize));
        Critic = new TwinCritic(stateSize, actionSize, settings.CriticTrunk);
        var valueLayout = new ParameterLayout();
        _value = new Mlp(valueLayout, "", stateSize, settings.CriticTrunk, 1);
        Theta = Block("actor", _actor.Layout);
        ThetaTarget = Target(Theta);
        Phi = Block("critic", Critic.Layout);
        PhiTarget = Target(Phi);
        Psi = Block("value", valueLayout);
    }

    public NoiseSchedule Schedule { get; }

    public TwinCritic Critic { get; }

    /// <summary>theta: the noise network that learns.</summary>
    public ParameterBlock Theta { get; }

    /// <summary>theta': its moving average.</summary>
    public ParameterBlock ThetaTarget { get; }

    /// <summary>phi: the critics that learn.</summary>
    public ParameterBlock Phi { get; }

    /// <summary>phi': their targets.</summary>
    public ParameterBlock PhiTarget { get; }

    /// <summary>psi: V.</summary>
    public ParameterBlock Psi { get; }

    /// <summary>Candidates of the cloned policy, judged by the critics: algorithm 2 of the paper.</summary>
    public override ActingRule Acting
    {
        get
        {
            var theta = _settings.ActWith == ActingParameters.Average ? ThetaTarget : Theta;
            var byExpectile = _settings.CandidateValue == IdqlValue.Expectile;
            return new ActingRule
            {
                Blocks = byExpectile ? [("actor", theta), ("critic_target", PhiTarget), ("value", Psi)] : [("actor", theta), ("critic_target", PhiTarget)],
                NoiseSize = Schedule.Steps * ActionSize,
                Action = (s, noise) => Act(theta, noise!, s),
                Value = byExpectile ? LogWeight : TargetValue,
            };
        }
    }

    /// <summary>e(x_k, k; s).</summary>
    public Node Noise(ParameterBlock theta, Node x, Node k, Node s, IReadOnlyList<Node>? masks = null) => _actor.Apply(theta, x, k, s, masks);

    /// <summary>V(s) [R, 1].</summary>
    public Node Value(Node s) => _value.Apply(Psi, s);

    /// <summary>min_j Q'_j(s, a) [R, 1].</summary>
    public Node TargetValue(Node s, Node a) => Critic.Lower(PhiTarget, s, a);

    /// <summary>x_T ~ N(0, I) to x_0 in T ancestral steps.</summary>
    public Node Act(ParameterBlock theta, Node noise, Node s)
    {
        var draws = ReverseDiffusion.Draws(noise, ActionSize);
        return ReverseDiffusion.AncestralSample((x, k) => Noise(theta, x, k, s), Schedule, draws[0], draws[1..], bound: 1f);
    }

    // The authors' networks begin with Xavier's weights throughout, but for the residual blocks.
    protected override void Draw(ParameterBlock block, RandomStream random)
    {
        if (block == Theta)
            _actor.Initialize(block, random);
        else
            WeightInitialization.Xavier(block, random);
    }

    /// <summary>ln of |tau - 1(Q below V)| up to a constant: the expectile's weight (section 4.2 of the paper).</summary>
    private Node LogWeight(Node s, Node a) => (float)Math.Log((1 - _settings.Expectile) / _settings.Expectile) * Negative(TargetValue(s, a) - Value(s));
}
