using Ofql.Graph;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Dtql;

/// <summary>The networks of DTQL: critics with V, the diffusion that clones the data, the Gaussian policy that acts.</summary>
internal sealed class DtqlModel : AgentModel
{
    private readonly Mlp _value;
    private readonly ScoreNetwork _score;

    public DtqlModel(DtqlSettings settings, int stateSize, int actionSize)
        : base(stateSize, actionSize)
    {
        Critic = new TwinCritic(stateSize, actionSize, settings.CriticTrunk);
        _value = new Mlp(Critic.Layout, "v.", stateSize, settings.Trunk, 1);
        _score = new ScoreNetwork(stateSize, actionSize, settings.Trunk, SinusoidFrequencies.DiffusionQl(settings.EmbeddingSize));
        Policy = new TanhGaussian(stateSize, actionSize, settings.ActorTrunk, settings.LogStdLow, settings.LogStdHigh);
        Theta = Block("actor", Policy.Layout);
        Mu = Block("behaviour", _score.Layout);
        Phi = Block("critic", Critic.Layout);
        PhiTarget = Target(Phi);
    }

    public TwinCritic Critic { get; }

    public TanhGaussian Policy { get; }

    /// <summary>theta: the one-step policy.</summary>
    public ParameterBlock Theta { get; }

    /// <summary>The behaviour policy mu.</summary>
    public ParameterBlock Mu { get; }

    /// <summary>phi: critics and V that learn.</summary>
    public ParameterBlock Phi { get; }

    /// <summary>phi': their targets, of which acting uses the critics.</summary>
    public ParameterBlock PhiTarget { get; }

    /// <summary>tanh(m(s) + sigma(s) eps), candidates judged by the minimum of the target critics.</summary>
    public override ActingRule Acting => new()
    {
        Blocks = [("actor", Theta), ("critic_target", PhiTarget)],
        NoiseSize = ActionSize,
        Action = (s, eps) => Policy.Sample(Theta, s, eps!).Action,
        Value = (s, a) => Critic.Lower(PhiTarget, s, a),
    };

    /// <summary>V(s) [R, 1].</summary>
    public Node Value(Node s) => _value.Apply(Phi, s);

    /// <summary>F(x, sigma; s) [R, A]: the time of the network is ln(sigma) / 4.</summary>
    public Node Score(Node x, Node sigma, Node s) => _score.Apply(Mu, x, 0.25f * Log(sigma), s);

    protected override void Draw(ParameterBlock block, RandomStream random)
    {
        if (block == Theta)
            WeightInitialization.Orthogonal(block, random, gain: 1, outputGain: 1);
        else
            base.Draw(block, random);
    }
}
