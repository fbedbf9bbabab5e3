using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;

namespace Ofql.Agents.Td3Bc;

/// <summary>
/// TD3+BC (Fujimoto and Gu, arXiv 2106.06860). One update: a step of the critics; in every second one also a step of the policy,
/// judged by the stepped critics, after which all targets move.
/// </summary>
public sealed class Td3BcAgent : ProgramAgent
{
    /// <summary>Builds the agent for a dataset.</summary>
    public Td3BcAgent(Td3BcSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal Td3BcAgent(Td3BcSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new Td3BcModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private Td3BcAgent(Td3BcSettings settings, AgentContext context, DataTransforms transforms, Td3BcModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Losses = new Td3BcLosses(Graph, settings, model);
        CriticTerms = Losses.Critic();
        PolicyTerms = Losses.Policy();
        var cosineSteps = CosineSteps(settings.LearningRateDecay);
        // The policy steps, and so moves along its cosine, in one update of several.
        ActorOptimizer = Optimizer(model.Theta, new AdamOptions(
            settings.LearningRate, MaximumNorm: settings.ActorMaxNorm, CosineSteps: (cosineSteps + settings.PolicyDelay - 1) / settings.PolicyDelay));
        CriticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate, MaximumNorm: settings.CriticMaxNorm, CosineSteps: cosineSteps));
        CriticProgram = Compile(
            program => program.Gradient(CriticTerms.Loss, model.Phi).Compute(CriticTerms.MeanQ, CriticTerms.MeanTarget).Step(CriticOptimizer),
            DrawBatch(Losses.Batch), DrawNoise("noise_target", Losses.NoiseTarget));
        PolicyProgram = Compile(program => program
            .Gradient(PolicyTerms.Loss, model.Theta)
            .Compute(PolicyTerms.BcLoss, PolicyTerms.Lambda)
            .Step(ActorOptimizer)
            .Average(Average(model.Phi, model.PhiTarget, settings.CriticTau))
            .Average(Average(model.Theta, model.ThetaTarget, settings.CriticTau)));
        NameMetrics();
    }

    /// <summary>Its settings.</summary>
    public Td3BcSettings Settings { get; }

    internal Td3BcModel Model { get; }

    internal Td3BcLosses Losses { get; }

    internal CriticTerms CriticTerms { get; }

    internal Td3BcPolicyTerms PolicyTerms { get; }

    internal Adam CriticOptimizer { get; }

    internal Adam ActorOptimizer { get; }

    internal Program CriticProgram { get; }

    internal Program PolicyProgram { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => Td3BcFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate()
    {
        CriticProgram.Run();
        if ((Step + 1) % Settings.PolicyDelay != 0)
            return;
        PolicyProgram.Run();
        Hold();
    }

    private void NameMetrics()
    {
        Metric("critic/loss", CriticProgram, CriticTerms.Loss);
        Metric("critic/q_mean", CriticProgram, CriticTerms.MeanQ);
        Metric("critic/target_mean", CriticProgram, CriticTerms.MeanTarget);
        Metric("critic/gradient_norm", CriticOptimizer);
        Occasional("actor/loss", () => PolicyProgram.Scalar(PolicyTerms.Loss));
        Occasional("actor/bc_loss", () => PolicyProgram.Scalar(PolicyTerms.BcLoss));
        Occasional("actor/lambda", () => PolicyProgram.Scalar(PolicyTerms.Lambda));
        Occasional("actor/gradient_norm", () => (float)ActorOptimizer.GradientNorm);
    }
}
