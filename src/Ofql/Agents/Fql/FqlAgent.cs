using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;

namespace Ofql.Agents.Fql;

/// <summary>
/// Flow Q-Learning (Park, Li and Levine, arXiv 2502.02538). One update is one program: all losses are taken at the parameters as they
/// were before it, then all three networks step.
/// </summary>
public sealed class FqlAgent : ProgramAgent
{
    private static readonly TimeSampling _uniform = new() { Distribution = TimeDistribution.Uniform };

    /// <summary>Builds the agent for a dataset.</summary>
    public FqlAgent(FqlSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal FqlAgent(FqlSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new FqlModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private FqlAgent(FqlSettings settings, AgentContext context, DataTransforms transforms, FqlModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Losses = new FqlLosses(Graph, settings, model);
        CriticTerms = Losses.Critic();
        ActorTerms = Losses.Actor();
        CriticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate));
        FlowOptimizer = Optimizer(model.Theta, new AdamOptions(settings.LearningRate));
        PolicyOptimizer = Optimizer(model.Omega, new AdamOptions(settings.LearningRate));
        Program = Compile(
            Update,
            DrawBatch(Losses.Batch),
            Draw(new SingleTimeSource(_uniform, Stream("times"), Losses.T)),
            DrawNoise("noise_next", Losses.NoiseNext),
            DrawNoise("noise_flow", Losses.NoiseFlow),
            DrawNoise("noise_policy", Losses.NoisePolicy));
        NameMetrics();
    }

    /// <summary>Its settings.</summary>
    public FqlSettings Settings { get; }

    internal FqlModel Model { get; }

    internal FqlLosses Losses { get; }

    internal CriticTerms CriticTerms { get; }

    internal FqlActorTerms ActorTerms { get; }

    internal Adam CriticOptimizer { get; }

    internal Adam FlowOptimizer { get; }

    internal Adam PolicyOptimizer { get; }

    internal Program Program { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => FqlFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate() => Program.Run();

    // The authors' code moves the targets towards the critics from before their step.
    private ProgramBuilder Update(ProgramBuilder builder) => builder
        .Gradient(CriticTerms.Loss, Model.Phi)
        .Gradient(ActorTerms.Loss, Model.Theta)
        .Gradient(ActorTerms.Loss, Model.Omega)
        .Compute(CriticTerms.MeanQ, CriticTerms.MeanTarget, ActorTerms.FlowLoss, ActorTerms.DistillLoss, ActorTerms.Q.Loss)
        .Average(Average(Model.Phi, Model.PhiTarget, Settings.CriticTau))
        .Step(CriticOptimizer).Step(FlowOptimizer).Step(PolicyOptimizer);

    private void NameMetrics()
    {
        Metric("critic/loss", Program, CriticTerms.Loss);
        Metric("critic/q_mean", Program, CriticTerms.MeanQ);
        Metric("critic/target_mean", Program, CriticTerms.MeanTarget);
        Metric("critic/gradient_norm", CriticOptimizer);
        Metric("actor/loss", Program, ActorTerms.Loss);
        Metric("actor/flow_loss", Program, ActorTerms.FlowLoss);
        Metric("actor/distill_loss", Program, ActorTerms.DistillLoss);
        Metric("actor/q_loss", Program, ActorTerms.Q.Loss);
        Metric("actor/flow_gradient_norm", FlowOptimizer);
        Metric("actor/gradient_norm", PolicyOptimizer);
    }
}
