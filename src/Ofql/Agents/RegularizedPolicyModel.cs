using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Networks;

namespace Ofql.Agents;

/// <summary>The networks of Diffusion-QL and its descendants: a policy with its moving average, twin critics with their targets.</summary>
internal abstract class RegularizedPolicyModel : AgentModel
{
    private readonly RegularizedPolicySettings _settings;

    protected RegularizedPolicyModel(RegularizedPolicySettings settings, int stateSize, int actionSize, ParameterLayout actor)
        : base(stateSize, actionSize)
    {
        _settings = settings;
        Critic = new TwinCritic(stateSize, actionSize, settings.CriticShape);
        Theta = Block("actor", actor);
        ThetaTarget = Target(Theta);
        Phi = Block("critic", Critic.Layout);
        PhiTarget = Target(Phi);
    }

    public TwinCritic Critic { get; }

    /// <summary>theta: the actor that learns.</summary>
    public ParameterBlock Theta { get; }

    /// <summary>theta': its moving average.</summary>
    public ParameterBlock ThetaTarget { get; }

    /// <summary>phi: the critics that learn.</summary>
    public ParameterBlock Phi { get; }

    /// <summary>phi': their targets.</summary>
    public ParameterBlock PhiTarget { get; }

    /// <summary>Standard normal numbers of one action.</summary>
    public abstract int NoiseSize { get; }

    /// <summary>pi(s, noise), its candidates judged by the minimum of the critics.</summary>
    public override ActingRule Acting
    {
        get
        {
            var theta = _settings.ActWith == ActingParameters.Average ? ThetaTarget : Theta;
            return new ActingRule
            {
                Blocks = _settings.TrainCritics ? [("actor", theta), (Judge.Name, Judge)] : [("actor", theta)],
                NoiseSize = NoiseSize,
                Action = (s, noise) => ActAfterTraining(theta, noise!, s),
                Value = _settings.TrainCritics ? (s, a) => Critic.Lower(Judge, s, a) : null,
            };
        }
    }

    /// <summary>The critics that judge candidates when acting: the targets (Diffusion-QL's code) unless an algorithm says otherwise.</summary>
    protected virtual ParameterBlock Judge => PhiTarget;

    /// <summary>The policy of the next actions in the backup: the average (Diffusion-QL's code) unless an algorithm says otherwise.</summary>
    public virtual ParameterBlock NextPolicy => ThetaTarget;

    /// <summary>pi(s, noise) [R, A] within [-1, 1], for s [R, S] and noise [R, <see cref="NoiseSize"/>].</summary>
    public abstract Node Act(ParameterBlock theta, Node noise, Node s);

    /// <summary>The same for a policy that acts in another way than it trains.</summary>
    protected virtual Node ActAfterTraining(ParameterBlock theta, Node noise, Node s) => Act(theta, noise, s);

    /// <summary>Shape of a network over actions, times and states under the settings.</summary>
    protected static VelocityShape Shape(RegularizedPolicySettings settings, int stateSize, int actionSize) => new(
        stateSize, actionSize, settings.Trunk, settings.EmbeddingFrequencies.OfSize(settings.EmbeddingSize), settings.EmbeddingMlp);
}
