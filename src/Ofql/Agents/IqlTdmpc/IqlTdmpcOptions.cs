using Ofql.Agents.Options;

namespace Ofql.Agents.IqlTdmpc;

/// <summary>
/// The options of IQL-TD-MPC by name, with their sources: [TD-MPC] its authors' code, [IQL] its authors' code, [paper] as reported of arXiv
/// 2306.00867, [ours].
/// </summary>
internal static class IqlTdmpcOptions
{
    private const double Infinite = double.PositiveInfinity;
    private const int LargestWidth = 65_536;

    /// <summary>Most random numbers that one plan may take: 40 MB.</summary>
    private const long LargestPlan = 10_000_000;

    public static OptionTable<IqlTdmpcSettings> Table { get; } = Worker(Manager(new OptionTable<IqlTdmpcSettings>(new IqlTdmpcSettings())))
        .Integer("plan_samples", s => s.PlanSamples, (s, v) => s with { PlanSamples = (int)v }, 1, "Sequences of the manager's policy that a plan is made of: 512 [paper]; 128, since every action plans anew [ours].")
        .Integer("plan_elites", s => s.PlanElites, (s, v) => s with { PlanElites = (int)v }, 1, "The best of them, whose weighted mean is the plan: 64 [paper]; 16, the same share [ours].")
        .Integer("plan_horizon", s => s.PlanHorizon, (s, v) => s with { PlanHorizon = (int)v }, 1, "Abstract actions of a sequence, 2 [ours].", 1000)
        .Number("plan_temperature", s => s.PlanTemperature, (s, v) => s with { PlanTemperature = v }, 0, Infinite, "Factor on the scores in the elites' weights, 0.5 [TD-MPC].")
        .Word("act_with", s => s.ActWith, (s, v) => s with { ActWith = v }, "What of the worker's policy acts: mean [IQL], or a sample.")
        .ActionLimit("1 - 1e-5 [IQL]")
        .States("none [IQL, TD-MPC]")
        .Rewards("none; return_range on locomotion [IQL]", "0; -1 on AntMaze [IQL]", "1 [IQL]")
        .DeviationBounds(s => s.LogStdLow, s => s.LogStdHigh)
        .Require(s => s.PlanElites <= s.PlanSamples ? null : $"Option 'plan_elites' is {s.PlanElites}; expected at most plan_samples, {s.PlanSamples}.")
        .Require(s => (long)s.PlanSamples * s.PlanHorizon * s.AbstractSize <= LargestPlan
            ? null
            : $"Options 'plan_samples', 'plan_horizon' and 'abstract_size' are {s.PlanSamples}, {s.PlanHorizon} and {s.AbstractSize}; expected a product of at most {LargestPlan}.");

    private static OptionTable<IqlTdmpcSettings> Manager(OptionTable<IqlTdmpcSettings> table) => table
        .Integer("window", s => s.Window, (s, v) => s with { Window = (int)v }, 1, "k: environment steps that one step of the manager spans, 8 [paper, from memory].", 100_000)
        .Integer("latent_size", s => s.LatentSize, (s, v) => s with { LatentSize = (int)v }, 1, "Size of latent states and intents, 50 [TD-MPC].", LargestWidth)
        .Integer("abstract_size", s => s.AbstractSize, (s, v) => s with { AbstractSize = (int)v }, 1, "Size of abstract actions, 16 [ours].", LargestWidth)
        .Integer("encoder_width", s => s.EncoderWidth, (s, v) => s with { EncoderWidth = (int)v }, 2, "Width of the encoder's hidden layer, 256 [TD-MPC].", LargestWidth)
        .Integer("manager_width", s => s.ManagerWidth, (s, v) => s with { ManagerWidth = (int)v }, 2, "Width of the two hidden layers of the manager's other networks: 512 [TD-MPC]; 256, since every action plans anew [ours].", LargestWidth)
        .Number("manager_learning_rate", s => s.ManagerLearningRate, (s, v) => s with { ManagerLearningRate = v }, 0, 1, "Adam's rate for all of the manager, 1e-3 [TD-MPC].")
        .Number("manager_max_norm", s => s.ManagerMaxNorm, (s, v) => s with { ManagerMaxNorm = v }, 0, Infinite, "Clip of the gradient's norm, in each block of the manager, 0 = none; 10 [TD-MPC].")
        .Number("manager_tau", s => s.ManagerTau, (s, v) => s with { ManagerTau = v }, 0, 1, "Weight of the manager's networks in their targets, 0.01 [TD-MPC].")
        .Integer("manager_target_every", s => s.ManagerTargetEvery, (s, v) => s with { ManagerTargetEvery = (int)v }, 1, "Updates between moves of the manager's targets, 2 [TD-MPC].")
        .Integer("pretrain_updates", s => s.PretrainUpdates, (s, v) => s with { PretrainUpdates = v }, 0, "Updates of the manager alone, after which the worker learns alone [paper]; 0: both learn in every update [ours].", long.MaxValue)
        .Number("consistency_weight", s => s.ConsistencyWeight, (s, v) => s with { ConsistencyWeight = v }, 0, Infinite, "Weight of the dynamics' error, 2 [TD-MPC].")
        .Number("reward_weight", s => s.RewardWeight, (s, v) => s with { RewardWeight = v }, 0, Infinite, "Weight of the reward's error, 0.5 [TD-MPC].")
        .Number("value_weight", s => s.ValueWeight, (s, v) => s with { ValueWeight = v }, 0, Infinite, "Weight of the manager's critics' error, 0.1 [TD-MPC].")
        .Number("manager_expectile", s => s.ManagerExpectile, (s, v) => s with { ManagerExpectile = v }, 0, 1, "tau of the manager's V, 0.9 [IQL, AntMaze].")
        .Number("manager_beta", s => s.ManagerBeta, (s, v) => s with { ManagerBeta = v }, 0, Infinite, "Inverse temperature of the manager's advantage weights, 3 [IQL].");

    private static OptionTable<IqlTdmpcSettings> Worker(OptionTable<IqlTdmpcSettings> table) => table
        .Network("of the worker, 256 [IQL]", "those of the worker, 2 [IQL]", "of the worker, relu [IQL]")
        .CriticLayerNorm("none [IQL]")
        .Learning("256 [IQL]", "3e-4 [IQL]")
        .Critic("3e-4 [IQL]", "0.005 [IQL]")
        .Number("value_learning_rate", s => s.ValueLearningRate, (s, v) => s with { ValueLearningRate = v }, 0, 1, "Adam's rate for the worker's V, 3e-4 [IQL].")
        .Decay("of the worker's policy alone; cosine over its planned updates [IQL]")
        .Clipping("none [IQL]", "none [IQL]")
        .Discount("of manager and worker, 0.99 [IQL, TD-MPC]")
        .Number("expectile", s => s.Expectile, (s, v) => s with { Expectile = v }, 0, 1, "tau of the worker's V: 0.7 [IQL], 0.9 [IQL, AntMaze].")
        .Number("beta", s => s.Beta, (s, v) => s with { Beta = v }, 0, Infinite, "Inverse temperature of the worker's advantage weights: 3 [IQL], 10 [IQL, AntMaze].")
        .Number("maximum_weight", s => s.MaximumWeight, (s, v) => s with { MaximumWeight = v }, 0, Infinite, "Largest advantage weight of both, 100 [IQL].")
        .Number("log_std_low", s => s.LogStdLow, (s, v) => s with { LogStdLow = v }, -80, 80, "Smallest ln sigma of both policies, -5 [IQL].")
        .Number("log_std_high", s => s.LogStdHigh, (s, v) => s with { LogStdHigh = v }, -80, 80, "Largest ln sigma of both policies, 2 [IQL].");
}
