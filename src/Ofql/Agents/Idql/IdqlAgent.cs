using Ofql.Flow;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;

namespace Ofql.Agents.Idql;

/// <summary>
/// Implicit Diffusion Q-Learning (Hansen-Estruch et al., arXiv 2304.10573; the authors' code). One update: a step of V, then with the new V
/// a step of the critics, a step of the cloned diffusion policy that no critic touches, and both averages. Q enters when it acts.
/// </summary>
public sealed class IdqlAgent : ProgramAgent
{
    /// <summary>Builds the agent for a dataset.</summary>
    public IdqlAgent(IdqlSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal IdqlAgent(IdqlSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new IdqlModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private IdqlAgent(IdqlSettings settings, AgentContext context, DataTransforms transforms, IdqlModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Losses = new IdqlLosses(Graph, settings, model);
        ValueTerms = Losses.Value();
        CriticTerms = Losses.Critic();
        ActorTerms = Losses.Actor();
        ValueOptimizer = Optimizer(model.Psi, new AdamOptions(settings.ValueLearningRate));
        CriticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate, MaximumNorm: settings.CriticMaxNorm));
        ActorOptimizer = Optimizer(model.Theta, new AdamOptions(
            settings.LearningRate, WeightDecay: settings.WeightDecay, MaximumNorm: settings.ActorMaxNorm, CosineSteps: CosineSteps(settings.LearningRateDecay)));

        ValueProgram = Compile(
            program => program.Gradient(ValueTerms.Loss, model.Psi).Compute(ValueTerms.MeanV).Step(ValueOptimizer),
            DrawBatch(Losses.Batch));
        CriticAndActorProgram = Compile(
            program => program
                .Gradient(CriticTerms.Loss, model.Phi)
                .Gradient(ActorTerms.Loss, model.Theta)
                .Compute(CriticTerms.MeanQ, CriticTerms.MeanTarget)
                .Step(CriticOptimizer)
                .Step(ActorOptimizer)
                .Average(Average(model.Phi, model.PhiTarget, settings.CriticTau))
                .Average(Average(model.Theta, model.ThetaTarget, settings.ActorTau)),
            [
                DrawNoise("noise_bc", Losses.NoiseBehaviour), Draw(new NoiseLevelSource(model.Schedule, Stream("levels"), Losses.Level)),
                .. Losses.Dropout.Select(input => Draw(new UniformSource(Stream(input.Name), input))),
            ]);
        NameMetrics();
    }

    /// <summary>Its settings.</summary>
    public IdqlSettings Settings { get; }

    internal IdqlModel Model { get; }

    internal IdqlLosses Losses { get; }

    internal ImplicitValueTerms ValueTerms { get; }

    internal ImplicitCriticTerms CriticTerms { get; }

    internal IdqlActorTerms ActorTerms { get; }

    internal Adam ValueOptimizer { get; }

    internal Adam CriticOptimizer { get; }

    internal Adam ActorOptimizer { get; }

    internal Program ValueProgram { get; }

    internal Program CriticAndActorProgram { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => IdqlFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate()
    {
        ValueProgram.Run();
        CriticAndActorProgram.Run();
    }

    private void NameMetrics()
    {
        Metric("value/loss", ValueProgram, ValueTerms.Loss);
        Metric("value/value_mean", ValueProgram, ValueTerms.MeanV);
        Metric("value/gradient_norm", ValueOptimizer);
        Metric("critic/loss", CriticAndActorProgram, CriticTerms.Loss);
        Metric("critic/q_mean", CriticAndActorProgram, CriticTerms.MeanQ);
        Metric("critic/target_mean", CriticAndActorProgram, CriticTerms.MeanTarget);
        Metric("critic/gradient_norm", CriticOptimizer);
        Metric("actor/loss", CriticAndActorProgram, ActorTerms.Loss);
        Metric("actor/gradient_norm", ActorOptimizer);
    }
}
