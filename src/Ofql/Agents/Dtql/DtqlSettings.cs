using Ofql.Agents.Options;
using Ofql.Flow;
using Ofql.Kernels.Activations;
using Ofql.Networks;

namespace Ofql.Agents.Dtql;

/// <summary>Every choice of Diffusion Trusted Q-Learning (arXiv 2405.19690). Defaults are the authors' for locomotion.</summary>
public sealed record DtqlSettings : ActorCriticSettings
{
    /// <summary>The shared settings at this algorithm's defaults.</summary>
    public DtqlSettings() => CriticLayerNorm = true;

    /// <summary>alpha: weight of the trust region.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>The paper's gamma: weight of the log-likelihood of the data's actions.</summary>
    public double LikelihoodWeight { get; init; }

    /// <summary>tau of V's expectile.</summary>
    public double Expectile { get; init; } = 0.7;

    /// <summary>First updates in which only behaviour policy and critics learn.</summary>
    public long PretrainUpdates { get; init; } = 50_000;

    /// <inheritdoc/>
    public override string? Caution(long updates) => CautionOfPretraining(PretrainUpdates, updates);

    /// <summary>Size of the time embedding.</summary>
    public int EmbeddingSize { get; init; } = 16;

    /// <summary>Activation of the one-step policy.</summary>
    public Activation ActorActivation { get; init; } = Activation.Relu;

    /// <summary>Smallest ln sigma of the one-step policy.</summary>
    public double LogStdLow { get; init; } = -5;

    /// <summary>Largest.</summary>
    public double LogStdHigh { get; init; } = 2;

    /// <summary>Deviation of the data for the behaviour policy.</summary>
    public double SigmaData { get; init; } = 0.5;

    /// <summary>Smallest deviation of its noise.</summary>
    public double SigmaLow { get; init; } = 0.002;

    /// <summary>Largest.</summary>
    public double SigmaHigh { get; init; } = 80;

    /// <summary>The options by name ([paper] arXiv 2405.19690, [code] the authors').</summary>
    internal static OptionTable<DtqlSettings> Options { get; } = new OptionTable<DtqlSettings>(new DtqlSettings())
        .Network("256 [code]", "3 [code]", "mish, of critics, V and behaviour policy [code]")
        .CriticLayerNorm("on, not in V [code]")
        .Word("actor_activation", s => s.ActorActivation, (s, v) => s with { ActorActivation = v }, "Activation of the one-step policy, relu [code].")
        .Number("log_std_low", s => s.LogStdLow, (s, v) => s with { LogStdLow = v }, -80, 80, "Smallest ln sigma of the one-step policy, -5 [code].")
        .Number("log_std_high", s => s.LogStdHigh, (s, v) => s with { LogStdHigh = v }, -80, 80, "Largest ln sigma, 2 [code].")
        .Integer("embedding_size", s => s.EmbeddingSize, (s, v) => s with { EmbeddingSize = (int)v }, 2, "Size of the embedding of the noise level, even, 16 [code].", 65_536)
        .Number("sigma_data", s => s.SigmaData, (s, v) => s with { SigmaData = v }, 1e-3, 1e3, "Deviation of actions that the behaviour policy is scaled for, 0.5 [code].")
        .Number("sigma_low", s => s.SigmaLow, (s, v) => s with { SigmaLow = v }, 1e-6, 1e6, "Smallest deviation of its noise, 0.002 [code].")
        .Number("sigma_high", s => s.SigmaHigh, (s, v) => s with { SigmaHigh = v }, 1e-6, 1e6, "Largest deviation of its noise, 80 [code].")
        .Learning("256, 2048 on AntMaze [paper]", "3e-4, of behaviour policy and one-step policy; per task down to 1e-5 [paper]")
        .Critic("3e-4 [code]", "0.005; the targets only judge candidates [code]")
        .Decay("of all networks from the end of the pretraining on; per task [paper]")
        .Integer("pretrain_updates", s => s.PretrainUpdates, (s, v) => s with { PretrainUpdates = v }, 0, "First updates in which the one-step policy waits for behaviour policy and critics, 50000 [code].", long.MaxValue)
        .Discount("0.99 [code]")
        .Number("expectile", s => s.Expectile, (s, v) => s with { Expectile = v }, 0, 1, "tau of V's expectile, 0.7, 0.9 on AntMaze [paper].")
        .Number("alpha", s => s.Alpha, (s, v) => s with { Alpha = v }, 0, double.PositiveInfinity, "Weight of the trust region against Q; per task 0.5 to 1500 [paper].")
        .Number("likelihood_weight", s => s.LikelihoodWeight, (s, v) => s with { LikelihoodWeight = v }, 0, double.PositiveInfinity, "gamma of the paper: weight of -ln pi of the data's actions, 1 on AntMaze, else 0 [paper].")
        .States("none [code]")
        .Rewards("none [code]", "-1 on AntMaze [code]", "1 [code]");

    /// <summary>The settings that text options describe.</summary>
    internal static DtqlSettings Parse(IReadOnlyDictionary<string, string> given)
    {
        var settings = Options.Parse(given);
        if (settings.EmbeddingSize % 2 != 0)
            throw new UsageException($"Option 'embedding_size' expects an even number; found '{settings.EmbeddingSize}'.");
        Ordered("log_std_low", settings.LogStdLow, "log_std_high", settings.LogStdHigh);
        Ordered("sigma_low", settings.SigmaLow, "sigma_high", settings.SigmaHigh);
        return settings;
    }

    /// <summary>Noise levels of the behaviour policy's loss and of the trust region.</summary>
    internal LogLogistic Sigmas => new(Math.Log(SigmaData), 0.5, SigmaLow, SigmaHigh);

    /// <summary>The one-step policy's hidden layers.</summary>
    internal MlpShape ActorTrunk => Trunk with { Activation = ActorActivation };

    private static void Ordered(string lowName, double low, string highName, double high)
    {
        if (low >= high)
            throw new UsageException(FormattableString.Invariant($"Option '{lowName}' is {low}; expected less than {highName}, {high}."));
    }
}
