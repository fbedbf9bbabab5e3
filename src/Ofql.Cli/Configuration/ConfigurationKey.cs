using Ofql.Cli.Runs;

namespace Ofql.Cli.Configuration;

/// <summary>What a configuration key may hold.</summary>
internal enum ValueKind
{
    Text,
    Integer,
    Number,

    /// <summary>One number, or several with commas between them.</summary>
    Numbers,
}

/// <summary>What changing a key between two sessions of one run would do.</summary>
internal enum KeyEffect
{
    /// <summary>It changes what is learned: it may not differ.</summary>
    Result,

    /// <summary>It changes how the run is watched or how fast it goes: it may differ.</summary>
    Watching,

    /// <summary>It may grow: the run goes on for longer.</summary>
    Length,
}

/// <summary>One key of the configuration.</summary>
internal sealed record ConfigurationKey(string Name, ValueKind Kind, string Default, KeyEffect Effect, string Description)
{
    /// <summary>Smallest number allowed.</summary>
    public double Minimum { get; init; } = double.NegativeInfinity;

    /// <summary>Largest number allowed.</summary>
    public double Maximum { get; init; } = double.PositiveInfinity;

    /// <summary>The words allowed; empty for any text.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];
}

/// <summary>All keys besides the agent's options, which its factory knows.</summary>
internal static class ConfigurationSchema
{
    /// <summary>Keys beginning so are options of the agent.</summary>
    public const string AgentPrefix = "agent.";

    /// <summary>What the keys of evaluations begin with.</summary>
    public const string EvaluationPrefix = "evaluation.";

    /// <summary>Most episodes of one evaluation.</summary>
    public const int MostEpisodes = 1_000_000;

    /// <summary>Most rows of a dataset that is generated.</summary>
    public const long MostRows = 10_000_000_000;

    /// <summary>Most candidates per state.</summary>
    public const int MostCandidates = 100_000;

    /// <summary>Key that names the agent.</summary>
    public const string AgentName = "agent.name";

    public static IReadOnlyList<ConfigurationKey> Keys { get; } =
    [
        new("task", ValueKind.Text, "", KeyEffect.Result, "preset the run began from"),
        new("environment", ValueKind.Text, "", KeyEffect.Result, "environment the policy is evaluated in; empty for none"),
        // A file may move; that its content is the same is checked by its fingerprint.
        new("data.file", ValueKind.Text, "", KeyEffect.Watching, "dataset file"),
        new("data.map", ValueKind.Text, "", KeyEffect.Watching, "file that says what the columns of a CSV file mean"),
        new("data.task", ValueKind.Text, "", KeyEffect.Result, "single task of OGBench that rewards the rows of its published file"),
        new("data.generate", ValueKind.Text, "", KeyEffect.Result, "task whose data is generated"),
        new("data.rows", ValueKind.Integer, "0", KeyEffect.Result, "rows to generate; 0 for the task's own number") { Minimum = 0, Maximum = MostRows },
        new("data.seed", ValueKind.Integer, "0", KeyEffect.Result, "seed of the generator") { Minimum = 0 },
        new("data.maximum_episode_steps", ValueKind.Integer, "0", KeyEffect.Result, "step limit for files without timeouts; 0 for none") { Minimum = 0 },
        new("data.action_low", ValueKind.Numbers, "-1", KeyEffect.Result, "smallest action, or one for each action with commas between them; used when there is no environment"),
        new("data.action_high", ValueKind.Numbers, "1", KeyEffect.Result, "largest action, or one for each; used when there is no environment"),
        new(AgentName, ValueKind.Text, "ofql", KeyEffect.Result, "algorithm"),
        new("training.updates", ValueKind.Integer, "20000", KeyEffect.Length, "gradient updates") { Minimum = 1 },
        new("training.seed", ValueKind.Integer, "0", KeyEffect.Result, "seed of all random streams") { Minimum = 0 },
        new("training.threads", ValueKind.Integer, "0", KeyEffect.Watching, $"threads per run; 0 for one where there are several seeds, else for all cores up to {SeedSweep.MostThreads}; the result does not depend on it") { Minimum = 0, Maximum = int.MaxValue },
        new("training.log_every", ValueKind.Integer, "500", KeyEffect.Watching, "updates per row of metrics") { Minimum = 1 },
        new("training.evaluate_every", ValueKind.Integer, "5000", KeyEffect.Watching, "updates between evaluations; 0 for the end alone") { Minimum = 0 },
        new("training.checkpoint_every", ValueKind.Integer, "5000", KeyEffect.Watching, "updates between checkpoints; 0 for the end alone") { Minimum = 0 },
        new("training.keep_checkpoints", ValueKind.Integer, "2", KeyEffect.Watching, "checkpoints kept besides the final one") { Minimum = 1, Maximum = int.MaxValue },
        new("training.snapshot_every", ValueKind.Integer, "0", KeyEffect.Watching, "updates (environment steps when online) between policies kept in the folder snapshots; 0 for none") { Minimum = 0 },
        new("training.value_limit", ValueKind.Number, "1000000", KeyEffect.Watching, "size of a Q-value that counts as divergence") { Minimum = double.Epsilon },
        new("online.steps", ValueKind.Integer, "0", KeyEffect.Length, "environment steps to learn from while collecting them; 0 learns from recorded data alone") { Minimum = 0 },
        // A run may move; that the checkpoint is the same is checked by its fingerprint.
        new("online.from", ValueKind.Text, "", KeyEffect.Watching, "run or checkpoint whose agent goes on learning online"),
        new("online.start_steps", ValueKind.Integer, "1000", KeyEffect.Result, "first steps, without updates and with uniform actions (those of the agent when it comes from a checkpoint); 1000 in rlkit") { Minimum = 0 },
        new("online.round_steps", ValueKind.Integer, "1", KeyEffect.Result, "steps collected in a row before their updates; 1000 in rlkit") { Minimum = 1, Maximum = int.MaxValue },
        new("online.updates_per_step", ValueKind.Integer, "1", KeyEffect.Result, "gradient updates per environment step") { Minimum = 1, Maximum = int.MaxValue },
        new("online.buffer_size", ValueKind.Integer, "1000000", KeyEffect.Result, "transitions the replay buffer holds, at most one per step") { Minimum = 1, Maximum = MostRows },
        new("online.candidates", ValueKind.Integer, "1", KeyEffect.Result, "actions that a step is chosen from by the critics while collecting; 1 for the sample itself") { Minimum = 1, Maximum = MostCandidates },
        new("online.exploration_noise", ValueKind.Number, "0.1", KeyEffect.Result, "standard deviation of the noise on the actions of a deterministic policy, in half ranges; 0.1 in TD3") { Minimum = 0, Maximum = float.MaxValue },
        new("online.recorded_share", ValueKind.Number, "0.5", KeyEffect.Result, "share of each batch drawn from recorded data, where there is any") { Minimum = 0, Maximum = 1 },
        new("evaluation.episodes", ValueKind.Integer, "20", KeyEffect.Watching, "episodes per evaluation and way of acting") { Minimum = 1, Maximum = MostEpisodes },
        new("evaluation.seed", ValueKind.Integer, "1000", KeyEffect.Watching, "seed of the evaluation episodes") { Minimum = 0 },
        new("evaluation.starts", ValueKind.Text, "streams", KeyEffect.Watching, "where episodes start: streams (drawn from the seed), or gymnasium (as its reset(seed), reset(seed + 1), ...)") { Words = ["streams", "gymnasium"] },
        new("evaluation.candidates", ValueKind.Integer, "50", KeyEffect.Watching, "actions that best-of-N chooses from") { Minimum = 1, Maximum = MostCandidates },
        new("evaluation.noise_scale", ValueKind.Number, "1", KeyEffect.Watching, "factor on the initial noise of a fourth way of acting; 0.5 in CleanDiffuser's protocol") { Minimum = 0, Maximum = float.MaxValue },
        new("evaluation.selection", ValueKind.Text, "argmax", KeyEffect.Watching, "how the fourth way chooses among candidates: argmax or softmax") { Words = ["argmax", "softmax"] },
        new("evaluation.softmax_weight", ValueKind.Number, "1", KeyEffect.Watching, "factor on Q in the softmax: 1 in Diffusion-QL, 8 to 300 by task in CleanDiffuser's protocol") { Minimum = float.MinValue, Maximum = float.MaxValue },
    ];

    /// <summary>The key of this name; null for unknown ones and agent options.</summary>
    public static ConfigurationKey? Find(string name) => Keys.FirstOrDefault(key => key.Name == name);

    /// <summary>Whether the key is an option of the agent.</summary>
    public static bool IsAgentOption(string name) =>
        name.StartsWith(AgentPrefix, StringComparison.Ordinal) && name != AgentName;
}
