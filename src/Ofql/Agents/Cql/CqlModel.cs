using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Cql;

/// <summary>The networks of CQL: a squashed Gaussian policy, twin critics with targets, the temperature and, where it is learned, the penalty's weight.</summary>
internal sealed class CqlModel : AgentModel
{
    private const double OutputGain = 1e-2;
    private readonly CqlSettings _settings;

    public CqlModel(CqlSettings settings, int stateSize, int actionSize)
        : base(stateSize, actionSize)
    {
        _settings = settings;
        Policy = new TanhGaussian(stateSize, actionSize, settings.Trunk, settings.LogStdLow, settings.LogStdHigh, learnedScale: true);
        Critic = new TwinCritic(stateSize, actionSize, settings.DeepCriticTrunk);
        Theta = Block("actor", Policy.Layout);
        Phi = Block("critic", Critic.Layout);
        PhiTarget = Target(Phi);
        Temperature = Number("temperature", "log_alpha");
        Multiplier = settings.Lagrange ? Number("lagrange", "log_alpha_prime") : null;
    }

    public TanhGaussian Policy { get; }

    public TwinCritic Critic { get; }

    /// <summary>theta: the policy.</summary>
    public ParameterBlock Theta { get; }

    /// <summary>phi: the critics that learn.</summary>
    public ParameterBlock Phi { get; }

    /// <summary>phi': their targets.</summary>
    public ParameterBlock PhiTarget { get; }

    /// <summary>ln alpha of the entropy.</summary>
    public ParameterBlock Temperature { get; }

    /// <summary>ln alpha' of the penalty; null where it is fixed.</summary>
    public ParameterBlock? Multiplier { get; }

    public override ActingRule Acting => _settings.ActWith == GaussianActing.Mean
        ? new ActingRule { Blocks = [("actor", Theta)], Action = (s, _) => Tanh(Policy.Apply(Theta, s).Mean) }
        : Exploring;

    /// <summary>A sample of the squashed Gaussian.</summary>
    public override ActingRule Exploring => new()
    {
        Blocks = [("actor", Theta), ("critic_target", PhiTarget)],
        NoiseSize = ActionSize,
        Action = (s, eps) => Policy.Sample(Theta, s, eps!).Action,
        Sample = (s, eps) => Policy.Sample(Theta, s, eps),
        Value = (s, a) => Critic.Lower(PhiTarget, s, a),
    };

    /// <summary>The number in a block of one.</summary>
    public static Node NumberOf(Graph.Graph graph, ParameterBlock block) => graph.Parameter(block, block.Layout.Tensors[0]);

    // [CORL]: small last layers; critics orthogonal, the policy not; sigma begins near exp(-1); alpha at 1, alpha' at e.
    protected override void Draw(ParameterBlock block, RandomStream random)
    {
        if (block == Phi && _settings.OrthogonalWeights)
        {
            WeightInitialization.Orthogonal(block, random, Math.Sqrt(2), OutputGain);
            return;
        }

        base.Draw(block, random);
        WeightInitialization.XavierOutput(block, random, OutputGain);
        if (block == Theta)
            Policy.InitializeScale(block, multiplier: 1, offset: -1);
        else if (block == Multiplier)
            block.Write(block.Layout.Tensors[0], [1f]);
    }

    private ParameterBlock Number(string name, string tensor)
    {
        var layout = new ParameterLayout();
        layout.AddVector(tensor, 1);
        return Block(name, layout);
    }
}
