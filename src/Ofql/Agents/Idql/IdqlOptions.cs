using Ofql.Agents.Options;

namespace Ofql.Agents.Idql;

/// <summary>The options of IDQL by name, with their sources ([code] the authors').</summary>
internal static class IdqlOptions
{
    public static OptionTable<IdqlSettings> Table { get; } = new OptionTable<IdqlSettings>(new IdqlSettings())
        .Integer("steps", s => s.Steps, (s, v) => s with { Steps = (int)v }, 1, "Diffusion steps T, 5 [code].", 1000)
        .Word("noise_schedule", s => s.NoiseSchedule, (s, v) => s with { NoiseSchedule = v }, "Noise levels: vp [code], cosine, linear, or linear scaled by 1000 / T.")
        .Network("256, of the residual blocks too [code]", "those of Q and V, 2 [code]", "that of Q and V, relu [code]")
        .CriticLayerNorm("none [code]")
        .Integer("blocks", s => s.Blocks, (s, v) => s with { Blocks = (int)v }, 1, "Residual blocks of the noise network, 3 [code].", 100)
        .Integer("embedding_size", s => s.EmbeddingSize, (s, v) => s with { EmbeddingSize = (int)v }, 2, "Learned features of the time, even, 64 [code].", 65_536)
        .Number("dropout", s => s.Dropout, (s, v) => s with { Dropout = v }, 0, 0.99, "Share of each block's inputs left out while the policy learns, 0.1 [code].")
        .Learning("512 [code]", "3e-4 [code]")
        .Critic("3e-4 [code]", "0.005 [code]")
        .Number("value_learning_rate", s => s.ValueLearningRate, (s, v) => s with { ValueLearningRate = v }, 0, 1, "Adam's rate for V, 3e-4 [code].")
        .Decay("of the policy alone; cosine over the planned updates [code]")
        .Number("weight_decay", s => s.WeightDecay, (s, v) => s with { WeightDecay = v }, 0, 1, "Decoupled weight decay of the policy: AdamW [code], by its optimiser's default of 1e-4.")
        .Clipping("none [code]", "none [code]")
        .Number("actor_tau", s => s.ActorTau, (s, v) => s with { ActorTau = v }, 0, 1, "Weight of the actor in its moving average, 0.001 in every update [code].")
        .Discount("0.99 [code]")
        .Number("expectile", s => s.Expectile, (s, v) => s with { Expectile = v }, 0, 1, "tau: 0.7 [code, locomotion], 0.9 [code, AntMaze].")
        .Word("candidate_value", s => s.CandidateValue, (s, v) => s with { CandidateValue = v }, "What candidates are chosen by: q [code], or expectile, the weight in IQL's implicit policy [paper, by softmax with weight 1].")
        .Word("act_with", s => s.ActWith, (s, v) => s with { ActWith = v }, "Parameters that act: average [code] or online.")
        .States("none [code]")
        .Rewards("return_range on locomotion [code], none elsewhere", "-1 on AntMaze [code]", "1 [code]")
        .Require(s => s.EmbeddingSize % 2 == 0 ? null : $"Option 'embedding_size' expects an even number; found '{s.EmbeddingSize}'.")
        .Require(s => s.CandidateValue == IdqlValue.Q || s.Expectile is > 0 and < 1
            ? null
            : $"Option 'expectile' expects a number between 0 and 1, neither of them, where candidate_value is expectile; found '{s.Expectile}'.");
}
