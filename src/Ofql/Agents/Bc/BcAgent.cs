using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;
using Ofql.Graph.Parameters;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Bc;

/// <summary>The policy pi of behaviour cloning, deterministic.</summary>
internal sealed class BcModel : AgentModel
{
    public BcModel(BcSettings settings, int stateSize, int actionSize)
        : base(stateSize, actionSize)
    {
        Policy = new TanhPolicy(stateSize, actionSize, settings.Trunk);
        Theta = Block("actor", Policy.Layout);
    }

    public TanhPolicy Policy { get; }

    /// <summary>theta: the policy.</summary>
    public ParameterBlock Theta { get; }

    public override ActingRule Acting => new()
    {
        Blocks = [("actor", Theta)],
        Action = (s, _) => Policy.Apply(Theta, s),
    };
}

/// <summary>
/// Behaviour cloning: the regression of actions on states, L = mean (pi(s) - a)^2 over batch and action entries. What every
/// offline algorithm has to beat.
/// </summary>
public sealed class BcAgent : ProgramAgent
{
    /// <summary>Builds the agent for a dataset.</summary>
    public BcAgent(BcSettings settings, AgentContext context)
        : this(settings, context, DataTransforms.Of(settings, context))
    {
    }

    internal BcAgent(BcSettings settings, AgentContext context, DataTransforms transforms, ProgramMode? mode = null)
        : this(settings, context, transforms, new BcModel(settings, transforms.StateSize, transforms.ActionSize), mode)
    {
    }

    private BcAgent(BcSettings settings, AgentContext context, DataTransforms transforms, BcModel model, ProgramMode? mode)
        : base(context, settings, model, transforms, mode)
    {
        Settings = settings;
        Model = model;
        Batch = BatchInputs.Create(Graph, model.StateSize, model.ActionSize);
        Action = model.Policy.Apply(model.Theta, Batch.State);
        Loss = Mean(Square(Action - Batch.Action));
        ActorOptimizer = Optimizer(model.Theta, new AdamOptions(settings.LearningRate, CosineSteps: CosineSteps(settings.LearningRateDecay)));
        Program = Compile(program => program.Gradient(Loss, model.Theta).Step(ActorOptimizer), DrawBatch(Batch));
        Metric("actor/loss", Program, Loss);
        Metric("actor/gradient_norm", ActorOptimizer);
    }

    /// <summary>Its settings.</summary>
    public BcSettings Settings { get; }

    internal BcModel Model { get; }

    internal BatchInputs Batch { get; }

    /// <summary>pi(s).</summary>
    internal Node Action { get; }

    internal Node Loss { get; }

    internal Adam ActorOptimizer { get; }

    internal Program Program { get; }

    /// <inheritdoc/>
    public override PolicyArtefact ExportPolicy() => BcFactory.Format.Write(Model, Transforms, Settings);

    /// <inheritdoc/>
    protected override void RunUpdate() => Program.Run();
}
