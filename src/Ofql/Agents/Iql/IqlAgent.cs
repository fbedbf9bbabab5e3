using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;

namespace Ofql.Agents.Iql;

/// <summary>
/// Implicit Q-Learning (Kostrikov, Nair and Levine, arXiv 2110.06169). One update in the authors' order: a step of V, then with the new V a
/// step of policy and critics, then the targets move. In CORL's order all losses are taken at the parameters from before the update.
/// </summary>
public sealed class IqlAgent : ProgramAgent
{
    /// <summary>Builds the agent for a dataset.</summary>
    public IqlAgent(IqlSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal IqlAgent(IqlSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new IqlModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private IqlAgent(IqlSettings settings, AgentContext context, DataTransforms transforms, IqlModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Losses = new IqlLosses(Graph, settings, model);
        ValueTerms = Losses.Value();
        CriticTerms = Losses.Critic();
        PolicyTerms = Losses.Policy(ValueTerms);
        ActorOptimizer = Optimizer(model.Theta, new AdamOptions(
            settings.LearningRate, MaximumNorm: settings.ActorMaxNorm, CosineSteps: CosineSteps(settings.LearningRateDecay)));
        CriticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate, MaximumNorm: settings.CriticMaxNorm));
        ValueOptimizer = Optimizer(model.Psi, new AdamOptions(settings.ValueLearningRate));
        var batch = DrawBatch(Losses.Batch);
        var dropout = Losses.Dropout.Select(input => Draw(new UniformSource(Stream(input.Name), input))).ToArray();
        var average = Average(model.Phi, model.PhiTarget, settings.CriticTau);
        if (settings.Order == IqlOrder.Paper)
        {
            ValueProgram = Compile(ValueStep, batch);
            PolicyProgram = Compile(program => PolicyAndCriticStep(program).Average(average), dropout);
        }
        else
        {
            ValueProgram = PolicyProgram = Compile(program => ValueStep(PolicyAndCriticStep(program)).Average(average), [batch, .. dropout]);
        }

        NameMetrics();
    }

    /// <summary>Its settings.</summary>
    public IqlSettings Settings { get; }

    internal IqlModel Model { get; }

    internal IqlLosses Losses { get; }

    internal ImplicitValueTerms ValueTerms { get; }

    internal ImplicitCriticTerms CriticTerms { get; }

    internal ImplicitPolicyTerms PolicyTerms { get; }

    internal Adam ActorOptimizer { get; }

    internal Adam CriticOptimizer { get; }

    internal Adam ValueOptimizer { get; }

    internal Program ValueProgram { get; }

    /// <summary>Policy and critics; in CORL's order the one program of everything.</summary>
    internal Program PolicyProgram { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => IqlFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate()
    {
        ValueProgram.Run();
        if (PolicyProgram != ValueProgram)
            PolicyProgram.Run();
    }

    private ProgramBuilder ValueStep(ProgramBuilder program) => program
        .Gradient(ValueTerms.Loss, Model.Psi)
        .Compute(ValueTerms.MeanV)
        .Step(ValueOptimizer);

    private ProgramBuilder PolicyAndCriticStep(ProgramBuilder program) => program
        .Gradient(PolicyTerms.Loss, Model.Theta)
        .Gradient(CriticTerms.Loss, Model.Phi)
        .Compute(PolicyTerms.MeanWeight, CriticTerms.MeanQ, CriticTerms.MeanTarget)
        .Step(ActorOptimizer)
        .Step(CriticOptimizer);

    private void NameMetrics()
    {
        Metric("value/loss", ValueProgram, ValueTerms.Loss);
        Metric("value/value_mean", ValueProgram, ValueTerms.MeanV);
        Metric("value/gradient_norm", ValueOptimizer);
        Metric("critic/loss", PolicyProgram, CriticTerms.Loss);
        Metric("critic/q_mean", PolicyProgram, CriticTerms.MeanQ);
        Metric("critic/target_mean", PolicyProgram, CriticTerms.MeanTarget);
        Metric("critic/gradient_norm", CriticOptimizer);
        Metric("actor/loss", PolicyProgram, PolicyTerms.Loss);
        Metric("actor/weight_mean", PolicyProgram, PolicyTerms.MeanWeight);
        Metric("actor/gradient_norm", ActorOptimizer);
    }
}
