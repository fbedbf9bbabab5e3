using Ofql.Data;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;
using Ofql.Networks;

namespace Ofql.Agents.Ofql;

/// <summary>The networks of OFQL with their parameters and targets, and the transforms between the dataset's units and theirs.</summary>
internal sealed class OfqlModel : IDisposable
{
    public OfqlModel(OfqlSettings settings, int stateSize, int actionSize)
    {
        var frequencies = settings.EmbeddingFrequencies == EmbeddingFrequencies.DiffusionQl
            ? SinusoidFrequencies.DiffusionQl(settings.EmbeddingSize)
            : SinusoidFrequencies.MeanFlow(settings.EmbeddingSize);
        var trunk = MlpShape.Uniform(settings.HiddenLayers, settings.HiddenWidth, settings.Activation);
        var criticTrunk = trunk with { LayerNorm = settings.CriticLayerNorm ? LayerNormPlacement.BeforeActivation : LayerNormPlacement.None };
        Actor = new VelocityNetwork(new VelocityShape(stateSize, actionSize, trunk, frequencies, settings.EmbeddingMlp));
        Critic = new TwinCritic(stateSize, actionSize, criticTrunk);
        Theta = new ParameterBlock("actor", Actor.Layout);
        ThetaTarget = new ParameterBlock("actor_target", Actor.Layout);
        Phi = new ParameterBlock("critic", Critic.Layout);
        PhiTarget = new ParameterBlock("critic_target", Critic.Layout);
        States = Normalizer.Identity(stateSize);
        Actions = Normalizer.Identity(actionSize);
        ActionLow = Enumerable.Repeat(-1f, actionSize).ToArray();
        ActionHigh = Enumerable.Repeat(1f, actionSize).ToArray();
    }

    public VelocityNetwork Actor { get; }

    public TwinCritic Critic { get; }

    /// <summary>theta: the actor that learns.</summary>
    public ParameterBlock Theta { get; }

    /// <summary>theta': its moving average.</summary>
    public ParameterBlock ThetaTarget { get; }

    /// <summary>phi: the critics that learn.</summary>
    public ParameterBlock Phi { get; }

    /// <summary>phi': their targets.</summary>
    public ParameterBlock PhiTarget { get; }

    public Normalizer States { get; init; }

    /// <summary>From the task's action bounds to [-1, 1].</summary>
    public Normalizer Actions { get; init; }

    public RewardTransform Rewards { get; init; } = new(0f, 1f);

    public float[] ActionLow { get; init; }

    public float[] ActionHigh { get; init; }

    /// <summary>A model with freshly drawn parameters, targets equal to them, and transforms fitted to the dataset.</summary>
    public static OfqlModel Create(OfqlSettings settings, AgentContext context)
    {
        var data = context.Data;
        if (context.ActionLow.Length != data.ActionSize)
            throw new OfqlException($"The environment has {context.ActionLow.Length} action entries, the dataset {data.ActionSize}. They do not belong together.");
        var model = new OfqlModel(settings, data.StateSize, data.ActionSize)
        {
            States = settings.NormalizeStates == StateNormalization.Standardize
                ? Normalizer.Standardize(data.Observations)
                : Normalizer.Identity(data.StateSize),
            Actions = Normalizer.ToUnitBox(context.ActionLow, context.ActionHigh),
            Rewards = RewardTransform.Of(data, settings.NormalizeRewards, settings.RewardShift, settings.RewardScale),
            ActionLow = context.ActionLow,
            ActionHigh = context.ActionHigh,
        };
        model.Theta.Initialize(new RandomStream(context.Seed, "initialize actor"));
        model.Phi.Initialize(new RandomStream(context.Seed, "initialize critic"));
        model.ThetaTarget.CopyFrom(model.Theta);
        model.PhiTarget.CopyFrom(model.Phi);
        return model;
    }

    public void Dispose()
    {
        Theta.Dispose();
        ThetaTarget.Dispose();
        Phi.Dispose();
        PhiTarget.Dispose();
    }
}
