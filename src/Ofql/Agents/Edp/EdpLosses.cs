using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Kernels.Randomness;
using static Ofql.Graph.Functions;

namespace Ofql.Agents.Edp;

/// <summary>
/// The equations of Efficient Diffusion Policy with TD3's loss (arXiv 2305.20081, its code) over one batch: L = L_diff - alpha mean Q_i(s, a0) / sg(mean |Q_i(s, a0)|),
/// one critic i by a coin in both, of which the base adds the second term.
/// </summary>
internal sealed class EdpLosses : RegularizedPolicyLosses
{
    private readonly EdpModel _model;

    public EdpLosses(Graph.Graph graph, EdpSettings settings, EdpModel model)
        : base(graph, settings, model)
    {
        _model = model;
        Level = NoiseLevelInputs.Create(graph);

        // L_diff = E |eps - e(a_k, k; s)|^2, a_k = sqrt(abar_k) a + sqrt(1 - abar_k) eps (section 3, as a mean over entries).
        Behaviour = DiffusionTerms.Of((x, k) => model.Network.Apply(model.Theta, x, k, Batch.State), Batch.Action, NoiseBehaviour, Level);
        BehaviourLoss = Behaviour.MeanSquare();

        // Action approximation ("Reinforcement-Guided Diffusion Policy Learning"): instead of a chain, the data that a_k stands for,
        // a0 = a_k / sqrt(abar_k) - sqrt(1 - abar_k) / sqrt(abar_k) e(a_k, k; s), by the same evaluation as L_diff; then clipped.
        Unclipped = Behaviour.Reconstruction(Level);
        Action = Clamp(Unclipped, -1f, 1f);
    }

    /// <summary>The noise level of each row.</summary>
    public NoiseLevelInputs Level { get; }

    public DiffusionTerms Behaviour { get; }

    public override Node BehaviourLoss { get; }

    public override Node Action { get; }

    public override Node Unclipped { get; }

    public override IReadOnlyList<IStreamSource> Draws(Func<string, RandomStream> stream) => [new NoiseLevelSource(_model.Schedule, stream("levels"), Level)];
}
