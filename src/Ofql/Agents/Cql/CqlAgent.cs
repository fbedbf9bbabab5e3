using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;

namespace Ofql.Agents.Cql;

/// <summary>
/// Conservative Q-Learning (Kumar et al., arXiv 2006.04779): CQL(H) on Soft Actor-Critic, as CORL has it. One update is one program: all losses
/// are taken at the parameters from before it, then temperature, policy and critics step and the targets move.
/// </summary>
public sealed class CqlAgent : ProgramAgent
{
    /// <summary>Builds the agent for a dataset.</summary>
    public CqlAgent(CqlSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal CqlAgent(CqlSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new CqlModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private CqlAgent(CqlSettings settings, AgentContext context, DataTransforms transforms, CqlModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Losses = new CqlLosses(Graph, settings, model);
        PolicyTerms = Losses.Policy();
        CriticTerms = Losses.Critic();
        var cosineSteps = CosineSteps(settings.LearningRateDecay);
        ActorOptimizer = Optimizer(model.Theta, new AdamOptions(settings.LearningRate, MaximumNorm: settings.ActorMaxNorm, CosineSteps: cosineSteps));
        CriticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate, MaximumNorm: settings.CriticMaxNorm, CosineSteps: cosineSteps));
        TemperatureOptimizer = Optimizer(model.Temperature, new AdamOptions(settings.LearningRate));
        Program = Compile(
            Update,
            DrawBatch(Losses.Batch),
            DrawNoise("noise_policy", Losses.NoisePolicy),
            DrawNoise("noise_next", Losses.NoiseNext),
            DrawNoise("noise_cql_current", Losses.NoiseCqlCurrent),
            DrawNoise("noise_cql_next", Losses.NoiseCqlNext),
            Draw(new UniformSource(Stream("random_actions"), Losses.RandomActions, low: -1f, high: 1f)));
        NameMetrics();
    }

    /// <summary>Its settings.</summary>
    public CqlSettings Settings { get; }

    internal CqlModel Model { get; }

    internal CqlLosses Losses { get; }

    internal CqlPolicyTerms PolicyTerms { get; }

    internal CqlCriticTerms CriticTerms { get; }

    internal Adam ActorOptimizer { get; }

    internal Adam CriticOptimizer { get; }

    internal Adam TemperatureOptimizer { get; }

    internal Program Program { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => CqlFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate() => Program.Run();

    private ProgramBuilder Update(ProgramBuilder program)
    {
        program
            .Gradient(PolicyTerms.TemperatureLoss, Model.Temperature)
            .Gradient(PolicyTerms.Soft.Loss, Model.Theta)
            .Gradient(CriticTerms.Loss, Model.Phi)
            .Compute(PolicyTerms.Alpha, PolicyTerms.Soft.Entropy)
            .Compute(CriticTerms.Td.Loss, CriticTerms.Penalty.Difference1, CriticTerms.Penalty.Difference2, CriticTerms.Td.MeanQ, CriticTerms.Td.MeanTarget)
            .Step(TemperatureOptimizer)
            .Step(ActorOptimizer)
            .Step(CriticOptimizer);
        if (Model.Multiplier is not null)
        {
            program
                .Gradient(CriticTerms.MultiplierLoss!, Model.Multiplier)
                .Compute(CriticTerms.Multiplier!)
                .Step(Optimizer(Model.Multiplier, new AdamOptions(Settings.CriticLearningRate)));
        }

        return program.Average(Average(Model.Phi, Model.PhiTarget, Settings.CriticTau));
    }

    private void NameMetrics()
    {
        Metric("critic/loss", Program, CriticTerms.Loss);
        Metric("critic/td_loss", Program, CriticTerms.Td.Loss);
        Metric("critic/q_mean", Program, CriticTerms.Td.MeanQ);
        Metric("critic/target_mean", Program, CriticTerms.Td.MeanTarget);
        Metric("critic/difference1", Program, CriticTerms.Penalty.Difference1);
        Metric("critic/difference2", Program, CriticTerms.Penalty.Difference2);
        Metric("critic/gradient_norm", CriticOptimizer);
        Metric("actor/loss", Program, PolicyTerms.Soft.Loss);
        Metric("actor/entropy", Program, PolicyTerms.Soft.Entropy);
        Metric("actor/gradient_norm", ActorOptimizer);
        Metric("temperature/alpha", Program, PolicyTerms.Alpha);
        Metric("temperature/loss", Program, PolicyTerms.TemperatureLoss);
        if (Model.Multiplier is null)
            return;
        Metric("lagrange/alpha", Program, CriticTerms.Multiplier!);
        Metric("lagrange/loss", Program, CriticTerms.MultiplierLoss!);
    }
}
