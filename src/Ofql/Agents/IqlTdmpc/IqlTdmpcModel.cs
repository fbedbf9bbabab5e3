using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;
using Ofql.Networks;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.IqlTdmpc;

/// <summary>
/// The networks of IQL-TD-MPC: the manager's latent model (encoder h, abstraction E, dynamics f, reward R) with twin critics, V and a
/// policy over abstract actions, and the worker, which is IQL's on states joined with intents.
/// </summary>
internal sealed class IqlTdmpcModel : AgentModel
{
    private readonly IqlTdmpcSettings _settings;
    private readonly Mlp _encoder;
    private readonly Mlp _abstraction;
    private readonly Mlp _dynamics;
    private readonly Mlp _reward;
    private readonly Mlp _managerValue;
    private readonly Mlp _value;

    public IqlTdmpcModel(IqlTdmpcSettings settings, int stateSize, int actionSize)
        : base(stateSize, actionSize)
    {
        _settings = settings;
        var (z, g, trunk) = (settings.LatentSize, settings.AbstractSize, settings.ManagerTrunk);
        var model = new ParameterLayout();
        _encoder = new Mlp(model, "encoder.", stateSize, settings.EncoderTrunk, z);
        _abstraction = new Mlp(model, "abstraction.", 2 * stateSize, trunk, g);
        _dynamics = new Mlp(model, "dynamics.", z + g, trunk, z);
        _reward = new Mlp(model, "reward.", z + g, trunk, 1);
        ManagerCritic = new TwinCritic(z, g, trunk);
        var managerValue = new ParameterLayout();
        _managerValue = new Mlp(managerValue, "", z, trunk, 1);
        ManagerPolicy = new GaussianPolicy(z, g, trunk, settings.LogStdLow, settings.LogStdHigh);
        Omega = Block("model", model);
        OmegaTarget = Target(Omega);
        ManagerPhi = Block("manager_critic", ManagerCritic.Layout);
        ManagerPhiTarget = Target(ManagerPhi);
        ManagerPsi = Block("manager_value", managerValue);
        ManagerTheta = Block("manager_policy", ManagerPolicy.Layout);

        var joined = stateSize + z;
        Policy = new GaussianPolicy(joined, actionSize, settings.Trunk, settings.LogStdLow, settings.LogStdHigh);
        Critic = new TwinCritic(joined, actionSize, settings.CriticTrunk);
        var value = new ParameterLayout();
        _value = new Mlp(value, "", joined, settings.CriticTrunk, 1);
        Theta = Block("actor", Policy.Layout);
        Phi = Block("critic", Critic.Layout);
        PhiTarget = Target(Phi);
        Psi = Block("value", value);
        Planner = new IqlTdmpcPlanner(settings, this);
    }

    public TwinCritic ManagerCritic { get; }

    public GaussianPolicy ManagerPolicy { get; }

    public TwinCritic Critic { get; }

    public GaussianPolicy Policy { get; }

    public IqlTdmpcPlanner Planner { get; }

    /// <summary>omega: h, E, f and R.</summary>
    public ParameterBlock Omega { get; }

    /// <summary>omega': their targets, of which only h' is used.</summary>
    public ParameterBlock OmegaTarget { get; }

    /// <summary>The manager's critics.</summary>
    public ParameterBlock ManagerPhi { get; }

    /// <summary>Their targets.</summary>
    public ParameterBlock ManagerPhiTarget { get; }

    /// <summary>The manager's V.</summary>
    public ParameterBlock ManagerPsi { get; }

    /// <summary>The manager's policy.</summary>
    public ParameterBlock ManagerTheta { get; }

    /// <summary>theta: the worker's policy.</summary>
    public ParameterBlock Theta { get; }

    /// <summary>phi: the worker's critics.</summary>
    public ParameterBlock Phi { get; }

    /// <summary>phi': their targets.</summary>
    public ParameterBlock PhiTarget { get; }

    /// <summary>psi: the worker's V.</summary>
    public ParameterBlock Psi { get; }

    /// <summary>
    /// The worker's action under the intent that is planned in this very state. The noise: A numbers of the worker's policy, then those of
    /// the plan. Candidates are the plan's affair: there is no value to choose among actions by.
    /// </summary>
    public override ActingRule Acting => Rule(_settings.ActWith == GaussianActing.Sample);

    /// <summary>The same with a sample of the worker's policy.</summary>
    public override ActingRule Exploring => Rule(sample: true);

    /// <summary>z = h(s) [R, Z].</summary>
    public Node Encode(ParameterBlock omega, Node s) => _encoder.Apply(omega, s);

    /// <summary>g = E(s_t, s_(t+m)) [R, G] within (-1, 1): the abstract action that leads from one state to the other.</summary>
    public Node Abstract(Node s, Node end) => Tanh(_abstraction.Apply(Omega, Concatenate(s, end)));

    /// <summary>f(z, g) [R, Z]: the latent state where the window ends.</summary>
    public Node Next(Node z, Node g) => _dynamics.Apply(Omega, Concatenate(z, g));

    /// <summary>R(z, g) [R, 1]: the window's discounted rewards.</summary>
    public Node Reward(Node z, Node g) => _reward.Apply(Omega, Concatenate(z, g));

    /// <summary>The intent f(z, g) - z [R, Z].</summary>
    public Node Intent(Node z, Node g) => Next(z, g) - z;

    /// <summary>The manager's V(z) [R, 1].</summary>
    public Node ManagerValue(Node z) => _managerValue.Apply(ManagerPsi, z);

    /// <summary>The manager's min_j Q'_j(z, g) [R, 1].</summary>
    public Node ManagerTargetValue(Node z, Node g) => ManagerCritic.Lower(ManagerPhiTarget, z, g);

    /// <summary>The worker's V(x) [R, 1], x = (s, intent).</summary>
    public Node Value(Node x) => _value.Apply(Psi, x);

    /// <summary>The worker's min_j Q'_j(x, a) [R, 1].</summary>
    public Node TargetValue(Node x, Node a) => Critic.Lower(PhiTarget, x, a);

    // TD-MPC begins with orthogonal layers of gain 1 and rewards and critics of 0, IQL with orthogonal layers of gain 2^(1/2).
    protected override void Draw(ParameterBlock block, RandomStream random)
    {
        var gain = block == Theta || block == Phi || block == Psi ? Math.Sqrt(2) : 1;
        WeightInitialization.Orthogonal(block, random, gain, gain);
        if (block == Theta)
            Policy.InitializeDeviation(block);
        if (block == ManagerTheta)
            ManagerPolicy.InitializeDeviation(block);
        foreach (var tensor in block.Layout.Tensors.Where(tensor => BeginsAtZero(block, tensor.Name)))
            block.Write(tensor, new float[tensor.Count]);
    }

    private bool BeginsAtZero(ParameterBlock block, string tensor) =>
        (block == Omega && tensor == "reward.out.weight") || (block == ManagerPhi && tensor.EndsWith(".out.weight", StringComparison.Ordinal));

    private ActingRule Rule(bool sample) => new()
    {
        Blocks = [("model", Omega), ("manager_policy", ManagerTheta), ("manager_value", ManagerPsi), ("actor", Theta)],
        NoiseSize = ActionSize + Planner.NoiseSize,
        Action = (s, noise) =>
        {
            var z = Encode(Omega, s);
            var g = Planner.Plan(z, Columns(noise!, ActionSize, Planner.NoiseSize));
            var mean = Policy.Mean(Theta, Concatenate(s, Intent(z, g)));
            return sample ? Policy.Sample(Theta, mean, Columns(noise!, 0, ActionSize)) : mean;
        },
    };
}
