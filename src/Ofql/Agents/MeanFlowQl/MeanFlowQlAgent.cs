using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;

namespace Ofql.Agents.MeanFlowQl;

/// <summary>
/// MeanFlowQL (Wang et al., arXiv 2511.13035). One update is one program: all losses are taken at the parameters as they were before
/// it, then both networks step and the targets move towards the stepped critics.
/// </summary>
public sealed class MeanFlowQlAgent : ProgramAgent
{
    /// <summary>More time steps than this stand for uniform times in the authors' code.</summary>
    private const int MostLevels = 1000;

    private readonly FlowWeight _weight;
    private float _alpha;

    /// <summary>Builds the agent for a dataset.</summary>
    public MeanFlowQlAgent(MeanFlowQlSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal MeanFlowQlAgent(MeanFlowQlSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new MeanFlowQlModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private MeanFlowQlAgent(MeanFlowQlSettings settings, AgentContext context, DataTransforms transforms, MeanFlowQlModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Losses = new MeanFlowQlLosses(Graph, settings, model);
        CriticTerms = Losses.Critic();
        ActorTerms = Losses.Actor();
        _weight = new FlowWeight(settings, context.PlannedUpdates);
        Keep("flow_weight", _weight.State);
        CriticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate, MaximumNorm: settings.CriticMaxNorm));
        ActorOptimizer = Optimizer(model.Theta, ActorOptions(settings, CosineSteps(settings.LearningRateDecay)));
        Program = Compile(Update, Sources());
        NameMetrics();
    }

    /// <summary>Its settings.</summary>
    public MeanFlowQlSettings Settings { get; }

    internal MeanFlowQlModel Model { get; }

    internal MeanFlowQlLosses Losses { get; }

    internal CriticTerms CriticTerms { get; }

    internal MeanFlowQlActorTerms ActorTerms { get; }

    internal Adam CriticOptimizer { get; }

    internal Adam ActorOptimizer { get; }

    internal Program Program { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => MeanFlowQlFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate()
    {
        _alpha = _weight.At(Step);
        Losses.Alpha.WriteNumber(0, _alpha);
        Program.Run();
        _weight.Observe(Step, Program.Scalar(ActorTerms.FlowLoss));
    }

    private static AdamOptions ActorOptions(MeanFlowQlSettings settings, long cosineSteps)
    {
        var warmUp = (long)(settings.WarmUpShare * cosineSteps);
        return new AdamOptions(
            settings.LearningRate, MaximumNorm: settings.ActorMaxNorm, CosineSteps: cosineSteps, CosineStart: warmUp, WarmUpSteps: warmUp,
            FinalShare: settings.FinalRateShare);
    }

    private IStreamSource[] Sources()
    {
        var levels = Settings.TimeSteps > MostLevels ? 0 : Settings.TimeSteps;
        List<IStreamSource> sources =
        [
            DrawBatch(Losses.Batch),
            Draw(new LevelTimeSource(levels, Stream("times"), Losses.T)),
            DrawNoise("noise_next", Losses.NoiseNext),
            DrawNoise("noise_policy", Losses.NoisePolicy),
            DrawNoise("noise_flow", Losses.NoiseFlow),
        ];
        if (Losses.Consistency is { } draws)
        {
            sources.Add(DrawNoise("noise_consistency", draws.Noise));
            sources.Add(Draw(new LevelTimeSource(Settings.TimeSteps, Stream("times_first"), draws.First)));
            sources.Add(Draw(new LevelTimeSource(Settings.TimeSteps, Stream("times_second"), draws.Second)));
        }

        return [.. sources];
    }

    private ProgramBuilder Update(ProgramBuilder builder) => builder
        .Gradient(CriticTerms.Loss, Model.Phi)
        .Gradient(ActorTerms.Loss, Model.Theta)
        .Compute(CriticTerms.MeanQ, CriticTerms.MeanTarget, ActorTerms.FlowLoss, ActorTerms.BoundLoss, ActorTerms.Q.Loss)
        .Compute(ActorTerms.ConsistencyLoss is { } consistency ? [consistency] : [])
        .Step(CriticOptimizer).Step(ActorOptimizer)
        .Average(Average(Model.Phi, Model.PhiTarget, Settings.CriticTau));

    private void NameMetrics()
    {
        Metric("critic/loss", Program, CriticTerms.Loss);
        Metric("critic/q_mean", Program, CriticTerms.MeanQ);
        Metric("critic/target_mean", Program, CriticTerms.MeanTarget);
        Metric("critic/gradient_norm", CriticOptimizer);
        Metric("actor/loss", Program, ActorTerms.Loss);
        Metric("actor/flow_loss", Program, ActorTerms.FlowLoss);
        if (ActorTerms.ConsistencyLoss is { } consistency)
            Metric("actor/consistency_loss", Program, consistency);
        Metric("actor/q_loss", Program, ActorTerms.Q.Loss);
        Metric("actor/bound_loss", Program, ActorTerms.BoundLoss);
        Metric("actor/alpha", () => _alpha);
        Metric("actor/gradient_norm", ActorOptimizer);
    }
}
