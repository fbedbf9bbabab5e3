using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;

namespace Ofql.Agents.IqlTdmpc;

/// <summary>
/// IQL-TD-MPC (Chitnis, Xu et al., arXiv 2306.00867) in our reading (docs/iql-tdmpc.md). One update: a step of the manager, all of whose
/// losses are taken at the parameters from before it, then in the same way a step of the worker, whose intents are those of the new
/// manager. With pretraining first the manager learns alone, then the worker.
/// </summary>
public sealed class IqlTdmpcAgent : ProgramAgent
{
    /// <summary>Builds the agent for a dataset.</summary>
    public IqlTdmpcAgent(IqlTdmpcSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal IqlTdmpcAgent(IqlTdmpcSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new IqlTdmpcModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private IqlTdmpcAgent(IqlTdmpcSettings settings, AgentContext context, DataTransforms transforms, IqlTdmpcModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Losses = new IqlTdmpcLosses(Graph, settings, model);
        ModelTerms = Losses.Model();
        ManagerValueTerms = Losses.ManagerValue();
        ManagerPolicyTerms = Losses.ManagerPolicy(ManagerValueTerms);
        WorkerTerms = Losses.Worker();
        // Both programs fill the same inputs with the same windows: either may run alone.
        var windows = DrawWindows(Losses.Windows, settings.Window, settings.Discount);
        var manager = new AdamOptions(settings.ManagerLearningRate, MaximumNorm: settings.ManagerMaxNorm);
        ModelOptimizer = Optimizer(model.Omega, manager);
        ManagerCriticOptimizer = Optimizer(model.ManagerPhi, manager);
        ManagerValueOptimizer = Optimizer(model.ManagerPsi, manager);
        ManagerPolicyOptimizer = Optimizer(model.ManagerTheta, manager);
        ManagerProgram = Compile(ManagerStep, windows);
        ActorOptimizer = Optimizer(model.Theta, new AdamOptions(
            settings.LearningRate, MaximumNorm: settings.ActorMaxNorm, CosineSteps: Math.Max(0, CosineSteps(settings.LearningRateDecay) - settings.PretrainUpdates)));
        CriticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate, MaximumNorm: settings.CriticMaxNorm));
        ValueOptimizer = Optimizer(model.Psi, new AdamOptions(settings.ValueLearningRate));
        WorkerProgram = Compile(WorkerStep, windows);
        NameMetrics();
    }

    /// <summary>Its settings.</summary>
    public IqlTdmpcSettings Settings { get; }

    internal IqlTdmpcModel Model { get; }

    internal IqlTdmpcLosses Losses { get; }

    internal IqlTdmpcModelTerms ModelTerms { get; }

    internal ImplicitValueTerms ManagerValueTerms { get; }

    internal ImplicitPolicyTerms ManagerPolicyTerms { get; }

    internal IqlTdmpcWorkerTerms WorkerTerms { get; }

    internal Adam ModelOptimizer { get; }

    internal Adam ManagerCriticOptimizer { get; }

    internal Adam ManagerValueOptimizer { get; }

    internal Adam ManagerPolicyOptimizer { get; }

    internal Adam ActorOptimizer { get; }

    internal Adam CriticOptimizer { get; }

    internal Adam ValueOptimizer { get; }

    internal Program ManagerProgram { get; }

    internal Program WorkerProgram { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => IqlTdmpcFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate()
    {
        if (Settings.PretrainUpdates == 0 || Step < Settings.PretrainUpdates)
        {
            ManagerProgram.Run();
            Hold();
        }

        if (Step >= Settings.PretrainUpdates)
            WorkerProgram.Run();
    }

    private ProgramBuilder ManagerStep(ProgramBuilder program) => program
        .Gradient(ModelTerms.Loss, Model.Omega)
        .Gradient(ModelTerms.Loss, Model.ManagerPhi)
        .Gradient(ManagerValueTerms.Loss, Model.ManagerPsi)
        .Gradient(ManagerPolicyTerms.Loss, Model.ManagerTheta)
        .Compute(ModelTerms.Consistency, ModelTerms.Reward, ModelTerms.Critic.Loss, ModelTerms.Critic.MeanQ, ManagerValueTerms.MeanV, ManagerPolicyTerms.MeanWeight)
        .Step(ModelOptimizer)
        .Step(ManagerCriticOptimizer)
        .Step(ManagerValueOptimizer)
        .Step(ManagerPolicyOptimizer)
        .Average(Average(Model.Omega, Model.OmegaTarget, Settings.ManagerTau, Settings.ManagerTargetEvery))
        .Average(Average(Model.ManagerPhi, Model.ManagerPhiTarget, Settings.ManagerTau, Settings.ManagerTargetEvery));

    private ProgramBuilder WorkerStep(ProgramBuilder program) => program
        .Gradient(WorkerTerms.Policy.Loss, Model.Theta)
        .Gradient(WorkerTerms.Critic.Loss, Model.Phi)
        .Gradient(WorkerTerms.Value.Loss, Model.Psi)
        .Compute(WorkerTerms.Value.MeanV, WorkerTerms.Critic.MeanQ, WorkerTerms.Critic.MeanTarget, WorkerTerms.Policy.MeanWeight, WorkerTerms.IntentSize)
        .Step(ActorOptimizer)
        .Step(CriticOptimizer)
        .Step(ValueOptimizer)
        .Average(Average(Model.Phi, Model.PhiTarget, Settings.CriticTau));

    private void NameMetrics()
    {
        OfManager("manager/consistency_loss", ModelTerms.Consistency);
        OfManager("manager/reward_loss", ModelTerms.Reward);
        OfManager("manager/critic_loss", ModelTerms.Critic.Loss);
        OfManager("manager/q_mean", ModelTerms.Critic.MeanQ);
        OfManager("manager/value_loss", ManagerValueTerms.Loss);
        OfManager("manager/value_mean", ManagerValueTerms.MeanV);
        OfManager("manager/policy_loss", ManagerPolicyTerms.Loss);
        OfManager("manager/weight_mean", ManagerPolicyTerms.MeanWeight);
        Occasional("manager/gradient_norm", () => (float)ModelOptimizer.GradientNorm);
        Metric("value/loss", WorkerProgram, WorkerTerms.Value.Loss);
        Metric("value/value_mean", WorkerProgram, WorkerTerms.Value.MeanV);
        Metric("value/gradient_norm", ValueOptimizer);
        Metric("critic/loss", WorkerProgram, WorkerTerms.Critic.Loss);
        Metric("critic/q_mean", WorkerProgram, WorkerTerms.Critic.MeanQ);
        Metric("critic/target_mean", WorkerProgram, WorkerTerms.Critic.MeanTarget);
        Metric("critic/gradient_norm", CriticOptimizer);
        Metric("actor/loss", WorkerProgram, WorkerTerms.Policy.Loss);
        Metric("actor/weight_mean", WorkerProgram, WorkerTerms.Policy.MeanWeight);
        Metric("actor/intent_size", WorkerProgram, WorkerTerms.IntentSize);
        Metric("actor/gradient_norm", ActorOptimizer);

        void OfManager(string name, Node value) => Occasional(name, () => ManagerProgram.Scalar(value));
    }
}
