using Ofql.Agents;
using Ofql.Agents.Options;
using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;
using Ofql.Graph.Parameters;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Guide;

public sealed record CrrSettings : ActorCriticSettings
{
    public double Beta { get; init; } = 1;

    public static OptionTable<CrrSettings> Options { get; } = new OptionTable<CrrSettings>(new CrrSettings())
        .Network("256", "3", "mish").Learning("256", "3e-4").Critic("3e-4", "0.005").Discount("0.99").States("none")
        .Number("beta", s => s.Beta, (s, v) => s with { Beta = v }, 1e-3, 1e6, "Temperature of the weights, 1 [Acme].");
}

public sealed class CrrModel : AgentModel
{
    private readonly TanhPolicy _policy;

    public CrrModel(CrrSettings settings, int stateSize, int actionSize)
        : base(stateSize, actionSize)
    {
        _policy = new TanhPolicy(stateSize, actionSize, settings.Trunk);
        Critic = new TwinCritic(stateSize, actionSize, settings.CriticTrunk);
        (Theta, Phi) = (Block("actor", _policy.Layout), Block("critic", Critic.Layout));
        PhiTarget = Target(Phi);
    }

    public TwinCritic Critic { get; }
    public ParameterBlock Theta { get; }
    public ParameterBlock Phi { get; }
    public ParameterBlock PhiTarget { get; }
    public override ActingRule Acting => new() { Blocks = [("actor", Theta)], Action = (s, _) => Policy(s) };

    public Node Policy(Node s) => _policy.Apply(Theta, s);
}

public sealed class CrrAgent : ProgramAgent
{
    private readonly CrrSettings _settings;
    private readonly Program _program;

    public CrrAgent(CrrSettings settings, AgentContext context)
        : base(context, settings, new CrrModel(settings, context.Data.StateSize, context.Data.ActionSize))
    {
        _settings = settings;
        var model = (CrrModel)Networks;
        var batch = BatchInputs.Create(Graph, model.StateSize, model.ActionSize);
        // y = r + gamma min_j Q'_j(s', pi(s'))
        var critic = new TwinCriticLosses(model.Critic, batch)
            .Critic(model.Phi, model.PhiTarget, batch.NextState, model.Policy(batch.NextState), settings.Discount);
        // f = min(exp((Q(s, a) - Q(s, pi(s))) / beta), 20), L = mean f |pi(s) - a|^2
        var action = model.Policy(batch.State);
        var (valueOfPolicy, _) = model.Critic.Apply(model.PhiTarget, batch.State, action);
        var (valueOfData, _) = model.Critic.Apply(model.PhiTarget, batch.State, batch.Action);
        var filter = StopGradient(Clamp(Exp((float)(1 / settings.Beta) * (valueOfData - valueOfPolicy)), 0f, 20f));
        var loss = Mean(filter * SumColumns(Square(action - batch.Action)));
        _program = Compile(
            program => program.Gradient(critic.Loss, model.Phi).Gradient(loss, model.Theta)
                .Step(Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate)))
                .Step(Optimizer(model.Theta, new AdamOptions(settings.LearningRate)))
                .Average(Average(model.Phi, model.PhiTarget, settings.CriticTau)),
            DrawBatch(batch));
        Metric("critic/loss", _program, critic.Loss);
        Metric("actor/loss", _program, loss);
    }

    public override PolicyArtefact ExportPolicy() => CrrFactory.Format.Write(Networks, Transforms, _settings);

    protected override void RunUpdate() => _program.Run();
}

public sealed class CrrFactory : AgentFactory<CrrSettings>
{
    public override string Title => "Critic Regularized Regression: behaviour cloning filtered by the critics";
    public override string Paper => "arXiv 2006.15134";
    protected override PolicyFormat<CrrSettings> Policies => Format;

    public static PolicyFormat<CrrSettings> Format { get; } = new()
    {
        Kind = "crr", Contract = "action = invert(tanh(network(normalize(state))))", Options = CrrSettings.Options,
        ActingOptionNames = ["hidden_width", "hidden_layers", "activation"],
        CreateModel = (settings, stateSize, actionSize) => new CrrModel(settings, stateSize, actionSize),
    };

    protected override IAgent Create(CrrSettings settings, AgentContext context) => new CrrAgent(settings, context);
}
