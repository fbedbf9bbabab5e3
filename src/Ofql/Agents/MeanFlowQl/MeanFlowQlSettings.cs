using Ofql.Agents.Options;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Activations;
using Ofql.Networks;

namespace Ofql.Agents.MeanFlowQl;

/// <summary>Course of the weight alpha of the flow loss.</summary>
public enum AlphaSchedule
{
    /// <summary>Up or down by a fifth where the flow loss leaves the range of its recent values.</summary>
    Dynamic,

    /// <summary>Half a cosine from alpha to a tenth of it.</summary>
    Cosine,

    /// <summary>alpha.</summary>
    Constant,
}

/// <summary>Every choice of MeanFlowQL (arXiv 2511.13035). Defaults are the authors'.</summary>
public sealed record MeanFlowQlSettings : ActorCriticSettings
{
    /// <summary>The shared settings at this algorithm's defaults.</summary>
    public MeanFlowQlSettings()
    {
        HiddenLayers = 4;
        HiddenWidth = 512;
        Activation = Activation.Gelu;
        CriticLayerNorm = true;
        LearningRate = 1e-4;
        LearningRateDecay = LearningRateDecay.Cosine;
        ActorMaxNorm = 1;
        CriticMaxNorm = 1;
        NormalizeStates = StateNormalization.Standardize;
    }

    /// <summary>Width of the policy's transformer.</summary>
    public int ActorWidth { get; init; } = 256;

    /// <summary>Its blocks.</summary>
    public int ActorDepth { get; init; } = 3;

    /// <summary>Width of a block's inner layer, in widths.</summary>
    public int ActorMlpRatio { get; init; } = 4;

    /// <summary>Size of the time embedding.</summary>
    public int EmbeddingSize { get; init; } = 256;

    /// <summary>Levels T of the time.</summary>
    public int TimeSteps { get; init; } = 10_000;

    /// <summary>1 - p of the adaptive weight.</summary>
    public double AdaptiveGamma { get; init; } = 0.8;

    /// <summary>c of the adaptive weight.</summary>
    public double AdaptiveConstant { get; init; } = 1e-4;

    /// <summary>Largest size of a target's entries.</summary>
    public double TargetBound { get; init; } = 5;

    /// <summary>Weight of the consistency loss beside the flow loss.</summary>
    public double ConsistencyWeight { get; init; }

    /// <summary>Weight of the loss on actions out of bounds.</summary>
    public double BoundWeight { get; init; } = 1;

    /// <summary>alpha: weight of the flow loss.</summary>
    public double Alpha { get; init; } = 10;

    /// <summary>Its course.</summary>
    public AlphaSchedule AlphaSchedule { get; init; } = AlphaSchedule.Dynamic;

    /// <summary>Updates between two looks at the flow loss.</summary>
    public int AlphaInterval { get; init; } = 2000;

    /// <summary>Looks that are remembered.</summary>
    public int AlphaWindow { get; init; } = 20;

    /// <summary>How many times the remembered mean is too far.</summary>
    public double AlphaThreshold { get; init; } = 5;

    /// <summary>N: candidates when acting, half of them in the backup.</summary>
    public int BestOf { get; init; } = 5;

    /// <summary>Value of a next action.</summary>
    public CriticAggregation QAggregation { get; init; } = CriticAggregation.Mean;

    /// <summary>Takes the scale out of the Q term.</summary>
    public bool NormalizeQLoss { get; init; }

    /// <summary>Share of the planned updates over which the actor's rate rises.</summary>
    public double WarmUpShare { get; init; } = 0.05;

    /// <summary>Share of the actor's rate at the end.</summary>
    public double FinalRateShare { get; init; } = 0.1;

    /// <inheritdoc/>
    /// <remarks>The dynamic course, too: it sets out after a tenth of the planned updates.</remarks>
    public override bool DependsOnLength => base.DependsOnLength || AlphaSchedule != AlphaSchedule.Constant;

    /// <inheritdoc/>
    public override AgentSettings AfterItsCourse() => LearningRateDecay == LearningRateDecay.None || FinalRateShare == 0
        ? base.AfterItsCourse()
        : this with { LearningRateDecay = LearningRateDecay.None, LearningRate = FinalRateShare * LearningRate };

    /// <summary>The options by name ([paper] arXiv 2511.13035, [code] the authors').</summary>
    internal static OptionTable<MeanFlowQlSettings> Options { get; } = Policy(Optimisation(new OptionTable<MeanFlowQlSettings>(new MeanFlowQlSettings())));

    /// <summary>The critics' hidden layers, normalised as Flax does.</summary>
    internal MlpShape ValueTrunk => CriticLayerNorm
        ? Trunk with { LayerNorm = LayerNormPlacement.AfterActivation, LayerNormEpsilon = 1e-6f }
        : Trunk;

    /// <summary>The policy's shape: noise beside state in, action out.</summary>
    internal TokenTransformerShape Transformer(int stateSize, int actionSize) => new(
        stateSize + actionSize, actionSize, ActorWidth, ActorDepth, ActorMlpRatio, SinusoidFrequencies.MeanFlow(EmbeddingSize));

    /// <summary>
    /// Next actions in the backup: half of N, as paper and code state it. What the code runs is 5 whatever N, because its count, computed as an
    /// array, is not taken for a number.
    /// </summary>
    internal int TargetCandidates => Math.Max(1, BestOf / 2);

    /// <summary>The settings that text options describe.</summary>
    internal static MeanFlowQlSettings Parse(IReadOnlyDictionary<string, string> given)
    {
        var settings = Options.Parse(given);
        return settings.EmbeddingSize % 2 == 0
            ? settings
            : throw new UsageException($"Option 'embedding_size' expects an even number; found '{settings.EmbeddingSize}'.");
    }

    private static OptionTable<MeanFlowQlSettings> Optimisation(OptionTable<MeanFlowQlSettings> table) => table
        .Network("512, of the critics [code]", "4, of the critics [code]", "gelu, of the critics [code]")
        .Boolean("critic_layer_norm", s => s.CriticLayerNorm, (s, v) => s with { CriticLayerNorm = v }, "Layer norm after each critic activation, on [code].")
        .Integer("actor_width", s => s.ActorWidth, (s, v) => s with { ActorWidth = (int)v }, 2, "Width of the policy's transformer over one token, 256 [code].", 65_536)
        .Integer("actor_depth", s => s.ActorDepth, (s, v) => s with { ActorDepth = (int)v }, 1, "Its blocks, 3 [code].", 1000)
        .Integer("actor_mlp_ratio", s => s.ActorMlpRatio, (s, v) => s with { ActorMlpRatio = (int)v }, 1, "Width of a block's inner layer, in widths, 4 [code].", 64)
        .Integer("embedding_size", s => s.EmbeddingSize, (s, v) => s with { EmbeddingSize = (int)v }, 2, "Sinusoids of the time, even, 256 [code].", 65_536)
        .Learning("256 [code]", "1e-4 [code]")
        .Decay("of the actor; cosine after a warm-up [code]")
        .Number("warm_up_share", s => s.WarmUpShare, (s, v) => s with { WarmUpShare = v }, 0, 1, "Share of the planned updates over which the actor's rate rises from 0, 0.05 [code]; with cosine.")
        .Number("final_rate_share", s => s.FinalRateShare, (s, v) => s with { FinalRateShare = v }, 0, 1, "What the cosine leaves of the actor's rate, 0.1 [code].")
        .Critic("3e-4, constant [code]", "0.005 [code]")
        .Clipping("1 [code]", "1 [code]")
        .Discount("0.99 on D4RL [paper]")
        .States("standardize [code, by its launcher]")
        .Rewards("none [code]", "-1 on AntMaze [code]", "1 [code]");

    private static OptionTable<MeanFlowQlSettings> Policy(OptionTable<MeanFlowQlSettings> table) => table
        .Integer("time_steps", s => s.TimeSteps, (s, v) => s with { TimeSteps = (int)v }, 1, "Levels of the time, uniform times where there are more than 1000: 10000 [code], per task 50 to 10000 [paper].")
        .Number("adaptive_gamma", s => s.AdaptiveGamma, (s, v) => s with { AdaptiveGamma = v }, 0, 1, "The flow error's weight is 1 / (sg(d) + c)^(1 - gamma), 0.8 [code].")
        .Number("adaptive_constant", s => s.AdaptiveConstant, (s, v) => s with { AdaptiveConstant = v }, 0, double.PositiveInfinity, "c of that weight, 1e-4 [code].")
        .Number("target_bound", s => s.TargetBound, (s, v) => s with { TargetBound = v }, 0, double.PositiveInfinity, "Largest size of the entries of the flow's target, 5 [code].")
        .Number("consistency_weight", s => s.ConsistencyWeight, (s, v) => s with { ConsistencyWeight = v }, 0, double.PositiveInfinity, "Weight, beside the flow loss, of the loss between two times of one path, 0 [code].")
        .Number("bound_weight", s => s.BoundWeight, (s, v) => s with { BoundWeight = v }, 0, double.PositiveInfinity, "Weight of the loss on actions out of [-1, 1], 1 [code].")
        .Number("alpha", s => s.Alpha, (s, v) => s with { Alpha = v }, 0, double.PositiveInfinity, "Weight of the flow loss against the Q term; per task 10 to 11000 [paper].")
        .Word("alpha_schedule", s => s.AlphaSchedule, (s, v) => s with { AlphaSchedule = v }, "Course of alpha: dynamic [paper], cosine to a tenth [code], constant.")
        .Integer("alpha_interval", s => s.AlphaInterval, (s, v) => s with { AlphaInterval = (int)v }, 1, "Dynamic alpha: updates between two looks at the flow loss, 2000 [code].")
        .Integer("alpha_window", s => s.AlphaWindow, (s, v) => s with { AlphaWindow = (int)v }, 2, "Dynamic alpha: looks whose mean is compared with, 20 [code].", 100_000)
        .Number("alpha_threshold", s => s.AlphaThreshold, (s, v) => s with { AlphaThreshold = v }, 1, double.PositiveInfinity, "Dynamic alpha: more than this many times the mean raises it by 1.2, less than its inverse lowers it by 0.8; 5 [code].")
        .Integer("best_of", s => s.BestOf, (s, v) => s with { BestOf = (int)v }, 1, "Candidates N: half of them compete in the backup; act with as many (--candidates); 5 [paper].", 1000)
        .Word("q_aggregation", s => s.QAggregation, (s, v) => s with { QAggregation = v }, "Two target critics to one value: mean [code] or min.")
        .Boolean("normalize_q_loss", s => s.NormalizeQLoss, (s, v) => s with { NormalizeQLoss = v }, "Divide the Q term by mean |Q|, off [code].");
}
