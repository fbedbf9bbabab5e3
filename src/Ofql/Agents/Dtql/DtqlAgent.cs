using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;

namespace Ofql.Agents.Dtql;

/// <summary>
/// Diffusion Trusted Q-Learning (Chen, Wang and Zhou, arXiv 2405.19690). One update: a step of critics and V, one of the diffusion that
/// clones the data, and, after the pretraining, one of the policy judged by both as they have become, then the targets move. The
/// authors' code also keeps an average of the policy that nothing reads; it is left out.
/// </summary>
public sealed class DtqlAgent : ProgramAgent
{
    /// <summary>Builds the agent for a dataset.</summary>
    public DtqlAgent(DtqlSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal DtqlAgent(DtqlSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new DtqlModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private DtqlAgent(DtqlSettings settings, AgentContext context, DataTransforms transforms, DtqlModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Losses = new DtqlLosses(Graph, settings, model);
        CriticTerms = Losses.Critic();
        BehaviourLoss = Losses.Behaviour();
        ActorTerms = Losses.Actor();
        var (end, pretrain) = (CosineSteps(settings.LearningRateDecay), settings.PretrainUpdates);
        CriticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate, CosineSteps: end, CosineStart: pretrain));
        BehaviourOptimizer = Optimizer(model.Mu, new AdamOptions(settings.LearningRate, CosineSteps: end, CosineStart: pretrain));
        ActorOptimizer = Optimizer(model.Theta, new AdamOptions(settings.LearningRate, CosineSteps: Math.Max(0, end - pretrain)));
        CriticProgram = Compile(
            program => program.Gradient(CriticTerms.Loss, model.Phi)
                .Compute(CriticTerms.Value.Loss, CriticTerms.Critic.MeanQ, CriticTerms.Value.MeanV, CriticTerms.Critic.MeanTarget).Step(CriticOptimizer),
            DrawBatch(Losses.Batch));
        BehaviourProgram = Compile(
            program => program.Gradient(BehaviourLoss, model.Mu).Step(BehaviourOptimizer),
            DrawNoise("noise_bc", Losses.NoiseBehaviour), Sigmas("sigma_bc", Losses.SigmaBehaviour));
        ActorProgram = Compile(
            program => program.Gradient(ActorTerms.Loss, model.Theta)
                .Compute(ActorTerms.TrustLoss, ActorTerms.QLoss)
                .Compute(ActorTerms.LikelihoodLoss is { } likelihood ? [likelihood] : [])
                .Step(ActorOptimizer)
                .Average(Average(model.Phi, model.PhiTarget, settings.CriticTau)),
            DrawNoise("noise_policy", Losses.NoisePolicy), DrawNoise("noise_trust", Losses.NoiseTrust), Sigmas("sigma_trust", Losses.SigmaTrust));
        NameMetrics();
    }

    /// <summary>Its settings.</summary>
    public DtqlSettings Settings { get; }

    internal DtqlModel Model { get; }

    internal DtqlLosses Losses { get; }

    internal DtqlCriticTerms CriticTerms { get; }

    internal Node BehaviourLoss { get; }

    internal DtqlActorTerms ActorTerms { get; }

    internal Adam CriticOptimizer { get; }

    internal Adam BehaviourOptimizer { get; }

    internal Adam ActorOptimizer { get; }

    internal Program CriticProgram { get; }

    internal Program BehaviourProgram { get; }

    internal Program ActorProgram { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => DtqlFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate()
    {
        CriticProgram.Run();
        BehaviourProgram.Run();
        if (Step < Settings.PretrainUpdates)
            return;
        ActorProgram.Run();
        Hold();
    }

    private LogLogisticSource Sigmas(string name, Graph.Nodes.InputNode input) => Draw(new LogLogisticSource(Settings.Sigmas, Stream(name), input));

    private void NameMetrics()
    {
        Metric("critic/loss", CriticProgram, CriticTerms.Loss);
        Metric("critic/value_loss", CriticProgram, CriticTerms.Value.Loss);
        Metric("critic/q_mean", CriticProgram, CriticTerms.Critic.MeanQ);
        Metric("critic/v_mean", CriticProgram, CriticTerms.Value.MeanV);
        Metric("critic/target_mean", CriticProgram, CriticTerms.Critic.MeanTarget);
        Metric("critic/gradient_norm", CriticOptimizer);
        Metric("actor/bc_loss", BehaviourProgram, BehaviourLoss);
        Metric("actor/bc_gradient_norm", BehaviourOptimizer);
        Occasional("actor/loss", () => ActorProgram.Scalar(ActorTerms.Loss));
        Occasional("actor/trust_loss", () => ActorProgram.Scalar(ActorTerms.TrustLoss));
        Occasional("actor/q_loss", () => ActorProgram.Scalar(ActorTerms.QLoss));
        if (ActorTerms.LikelihoodLoss is { } likelihood)
            Occasional("actor/likelihood_loss", () => ActorProgram.Scalar(likelihood));
        Occasional("actor/gradient_norm", () => (float)ActorOptimizer.GradientNorm);
    }
}
