using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Iql;

/// <summary>The networks of IQL: V, twin critics with targets, and a Gaussian policy whose deviation does not depend on the state.</summary>
internal sealed class IqlModel : AgentModel
{
    private readonly IqlSettings _settings;
    private readonly GaussianPolicy _policy;
    private readonly Mlp _value;

    public IqlModel(IqlSettings settings, int stateSize, int actionSize)
        : base(stateSize, actionSize)
    {
        _settings = settings;
        _policy = new GaussianPolicy(stateSize, actionSize, settings.Trunk, settings.LogStdLow, settings.LogStdHigh);
        Critic = new TwinCritic(stateSize, actionSize, settings.CriticTrunk);
        var valueLayout = new ParameterLayout();
        _value = new Mlp(valueLayout, "", stateSize, settings.CriticTrunk, 1);
        Theta = Block("actor", _policy.Layout);
        Phi = Block("critic", Critic.Layout);
        PhiTarget = Target(Phi);
        Psi = Block("value", valueLayout);
    }

    public TwinCritic Critic { get; }

    /// <summary>theta: the policy.</summary>
    public ParameterBlock Theta { get; }

    /// <summary>phi: the critics that learn.</summary>
    public ParameterBlock Phi { get; }

    /// <summary>phi': their targets.</summary>
    public ParameterBlock PhiTarget { get; }

    /// <summary>psi: V.</summary>
    public ParameterBlock Psi { get; }

    public override ActingRule Acting => _settings.ActWith == GaussianActing.Mean
        ? new ActingRule { Blocks = [("actor", Theta)], Action = (s, _) => Mean(s) }
        : Exploring;

    /// <summary>A sample of the Gaussian.</summary>
    public override ActingRule Exploring => new()
    {
        Blocks = [("actor", Theta), ("critic_target", PhiTarget)],
        NoiseSize = ActionSize,
        Action = (s, eps) => _policy.Sample(Theta, Mean(s), eps!),
        Value = TargetValue,
    };

    /// <summary>V(s) [R, 1].</summary>
    public Node Value(Node s) => _value.Apply(Psi, s);

    /// <summary>min_j Q'_j(s, a) [R, 1].</summary>
    public Node TargetValue(Node s, Node a) => Critic.Lower(PhiTarget, s, a);

    /// <summary>The policy's mean, within (-1, 1).</summary>
    public Node Mean(Node s, IReadOnlyList<Node>? masks = null) => _policy.Mean(Theta, s, masks);

    /// <summary>ln sigma [1, A].</summary>
    public Node LogStd(Graph.Graph graph) => _policy.LogStd(Theta, graph);

    // The authors begin all layers orthogonal with gain 2^(1/2), the last ones too, and ln sigma at 0.
    protected override void Draw(ParameterBlock block, RandomStream random)
    {
        if (_settings.OrthogonalWeights)
            WeightInitialization.Orthogonal(block, random, Math.Sqrt(2), Math.Sqrt(2));
        else
            base.Draw(block, random);
        if (block == Theta)
            _policy.InitializeDeviation(block);
    }
}
