using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;

namespace Ofql.Agents.Sac;

/// <summary>
/// Soft Actor-Critic (Haarnoja et al., arXiv 1812.05905). One update is one program: all three losses are taken at the parameters
/// as they were before it, then critics, policy and temperature step and the targets move, as rlkit does.
/// </summary>
public sealed class SacAgent : ProgramAgent
{
    /// <summary>Builds the agent for a dataset or a replay buffer.</summary>
    public SacAgent(SacSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal SacAgent(SacSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new SacModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private SacAgent(SacSettings settings, AgentContext context, DataTransforms transforms, SacModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Losses = new SacLosses(Graph, settings, model);
        var batch = DrawBatch(Losses.Batch);
        var noiseNext = DrawNoise("noise_next", Losses.NoiseNext);
        var noisePolicy = DrawNoise("noise_policy", Losses.NoisePolicy);
        var policyOptimizer = Optimizer(model.Theta, new AdamOptions(settings.LearningRate, MaximumNorm: settings.ActorMaxNorm));
        var criticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate, MaximumNorm: settings.CriticMaxNorm));
        var temperatureOptimizer = Optimizer(model.Temperature, new AdamOptions(settings.TemperatureLearningRate));
        var criticAverage = Average(model.Phi, model.PhiTarget, settings.CriticTau, settings.CriticTargetEvery);
        CriticTerms = Losses.Critic();
        PolicyTerms = Losses.Policy();
        TemperatureLoss = Losses.Temperature(PolicyTerms);
        Program = Compile(
            program => WithTemperature(
                program
                    .Gradient(CriticTerms.Loss, model.Phi)
                    .Gradient(PolicyTerms.Loss, model.Theta)
                    .Compute(CriticTerms.MeanQ, CriticTerms.MeanTarget, PolicyTerms.Entropy, Losses.Alpha, TemperatureLoss)
                    .Step(criticOptimizer)
                    .Step(policyOptimizer),
                temperatureOptimizer).Average(criticAverage),
            batch, noiseNext, noisePolicy);
        Metric("critic/loss", Program, CriticTerms.Loss);
        Metric("critic/q_mean", Program, CriticTerms.MeanQ);
        Metric("critic/target_mean", Program, CriticTerms.MeanTarget);
        Metric("critic/gradient_norm", criticOptimizer);
        Metric("actor/loss", Program, PolicyTerms.Loss);
        Metric("actor/entropy", Program, PolicyTerms.Entropy);
        Metric("actor/gradient_norm", policyOptimizer);
        Metric("temperature/alpha", Program, Losses.Alpha);
        Metric("temperature/loss", Program, TemperatureLoss);
    }

    /// <summary>Its settings.</summary>
    public SacSettings Settings { get; }

    internal SacModel Model { get; }

    internal SacLosses Losses { get; }

    internal CriticTerms CriticTerms { get; }

    internal SoftPolicyTerms PolicyTerms { get; }

    internal Node TemperatureLoss { get; }

    internal Program Program { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => SacFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate() => Program.Run();

    private ProgramBuilder WithTemperature(ProgramBuilder program, Adam optimizer) => Settings.AutomaticTemperature
        ? program.Gradient(TemperatureLoss, Model.Temperature).Step(optimizer)
        : program;
}
