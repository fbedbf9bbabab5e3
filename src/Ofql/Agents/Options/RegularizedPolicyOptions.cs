namespace Ofql.Agents.Options;

/// <summary>
/// The options of <see cref="RegularizedPolicySettings"/> in groups. Sources: [DQL] Diffusion-QL's code (arXiv 2208.06193), [CD]
/// CleanDiffuser's code.
/// </summary>
internal static class RegularizedPolicyOptions
{
    private const double Infinite = double.PositiveInfinity;

    /// <summary>protocol.</summary>
    public static OptionTable<T> Protocol<T>(this OptionTable<T> table)
        where T : RegularizedPolicySettings => table
        .Word("protocol", s => s.Protocol, (s, v) => s with { Protocol = v },
            "Recipe that the other defaults follow: diffusion_ql, or clean_diffuser (z-scored states, return-range rewards, AdamW, cosine, critic layer norm).");

    /// <summary>hidden_width to activation, critic_layer_norm, critic_begins_with_tanh, embedding_size, embedding_mlp, embedding_frequencies.</summary>
    public static OptionTable<T> TimedNetworks<T>(this OptionTable<T> table, string embedding, string source = "[DQL, CD]")
        where T : RegularizedPolicySettings => table
        .Network($"256 {source}", $"3 {source}", $"mish {source}")
        .CriticLayerNorm("none [DQL], on [CD]")
        .Boolean("critic_begins_with_tanh", s => s.CriticBeginsWithTanh, (s, v) => s with { CriticBeginsWithTanh = v }, "tanh after the first hidden layer of the critics, whatever the others have: no [DQL], yes [CD].")
        .Integer("embedding_size", s => s.EmbeddingSize, (s, v) => s with { EmbeddingSize = (int)v }, 2, $"Size of the embedding of the time, even; {embedding}.", 65_536)
        .Boolean("embedding_mlp", s => s.EmbeddingMlp, (s, v) => s with { EmbeddingMlp = v }, "Linear, Mish, Linear after the sinusoids [DQL, CD].")
        .Word("embedding_frequencies", s => s.EmbeddingFrequencies, (s, v) => s with { EmbeddingFrequencies = v }, "Sinusoids: diffusion_ql [DQL] or mean_flow [CD].")
        .Require(s => s.EmbeddingSize % 2 == 0 ? null : $"Option 'embedding_size' expects an even number; found '{s.EmbeddingSize}'.");

    /// <summary>batch_size to actor_average_start.</summary>
    public static OptionTable<T> Optimisation<T>(this OptionTable<T> table, string rate = "3e-4, per task 3e-5 to 1e-3 [DQL]", string source = "[DQL, CD]")
        where T : RegularizedPolicySettings => table
        .Learning($"256 {source}", rate)
        .Critic($"3e-4 {source}", "0.005 [DQL], 0.995 [CD]")
        .Decay("of actor and critics; none (in effect) [DQL], cosine over the planned updates [CD]")
        .Number("weight_decay", s => s.WeightDecay, (s, v) => s with { WeightDecay = v }, 0, 1, "Decoupled weight decay of the actor (AdamW): 0 [DQL], 0.01 [CD].")
        .Clipping("per task 1 to 10 [DQL], none [CD]", "as the actor's")
        .Integer("critic_target_every", s => s.CriticTargetEvery, (s, v) => s with { CriticTargetEvery = (int)v }, 1, "Updates between moves of the critic targets: 1 [DQL], 5 [CD].")
        .Number("actor_decay", s => s.ActorDecay, (s, v) => s with { ActorDecay = v }, 0, 1, "Decay of the actor's average, 0.995 [DQL, CD].")
        .Integer("actor_average_every", s => s.ActorAverageEvery, (s, v) => s with { ActorAverageEvery = (int)v }, 1, "Updates between moves of the actor's average, 5 [DQL, CD].")
        .Integer("actor_average_start", s => s.ActorAverageStart, (s, v) => s with { ActorAverageStart = v }, 0, "First update from which the average moves, 1000 [DQL, CD].", long.MaxValue);

    /// <summary>normalize_states, the transform of rewards.</summary>
    public static OptionTable<T> Transforms<T>(this OptionTable<T> table)
        where T : RegularizedPolicySettings => table
        .States("none [DQL], standardize [CD]")
        .Rewards("none [DQL, MuJoCo and Kitchen], standardize [DQL, Adroit], return_range [CD, MuJoCo]", "-0.5 [DQL], -1 [CD] on AntMaze", "4 on AntMaze [DQL]");

    /// <summary>Options that acting depends on and that the first policy files did not have yet.</summary>
    public static IReadOnlyList<string> LaterActing { get; } = ["train_critics", "critic_begins_with_tanh"];

    /// <summary>discount, eta, eta_scale, train_critics, q_normalization, q_floor, q_aggregation, max_q_backup, max_q_candidates, act_with.</summary>
    public static OptionTable<T> QLearning<T>(this OptionTable<T> table, string eta, string normalization = "policy actions of the other critic [DQL], data actions [paper], none")
        where T : RegularizedPolicySettings => table
        .Discount("0.99 [DQL, CD]")
        .Number("eta", s => s.Eta, (s, v) => s with { Eta = v }, 0, Infinite, $"Weight of the Q term; {eta}; 0 is behaviour cloning.")
        .Word("eta_scale", s => s.EtaScale, (s, v) => s with { EtaScale = v }, "What eta is relative to: fixed [DQL, paper] or behaviour_loss (ours), for data whose noise is not known.")
        .Boolean("train_critics", s => s.TrainCritics, (s, v) => s with { TrainCritics = v }, "Critics beside the policy; false with eta 0 clones the behaviour in a quarter of the work, and leaves no choice among candidates.")
        .Word("q_normalization", s => s.QNormalization, (s, v) => s with { QNormalization = v }, $"Mean |Q| that divides the Q term: {normalization}.")
        .Number("q_floor", s => s.QFloor, (s, v) => s with { QFloor = v }, 0, Infinite, "Smallest denominator of the Q term (ours: the published codes have none and explode where Q is 0).")
        .Word("q_aggregation", s => s.QAggregation, (s, v) => s with { QAggregation = v }, "Two target critics to one value in the backup: min [DQL, CD], or mean (arXiv 2502.02538 for FBRAC).")
        .Boolean("max_q_backup", s => s.MaxQBackup, (s, v) => s with { MaxQBackup = v }, "Best of several target actions in the backup: AntMaze only [DQL, CD].")
        .Integer("max_q_candidates", s => s.MaxQCandidates, (s, v) => s with { MaxQCandidates = (int)v }, 1, "Target actions per next state in that backup, 10 [DQL, CD].", 1000)
        .Word("act_with", s => s.ActWith, (s, v) => s with { ActWith = v }, "Parameters that act: online [DQL] or average [CD].");

    /// <summary>The settings that text options describe: the protocol first, then the options on top of its defaults.</summary>
    /// <exception cref="UsageException">An unknown name, a value of the wrong kind, values that do not go together.</exception>
    public static T Parse<T>(OptionTable<T> table, IReadOnlyDictionary<string, string> given, Func<TrainingProtocol, T> defaults)
        where T : RegularizedPolicySettings
    {
        var protocol = given.TryGetValue("protocol", out var text)
            ? table.Parse(new Dictionary<string, string> { ["protocol"] = text }).Protocol
            : TrainingProtocol.DiffusionQl;
        return table.Parse(given, defaults(protocol));
    }
}
