namespace Ofql.Formats.Datasets;

/// <summary>How a dataset is read.</summary>
public sealed record DatasetReaderOptions
{
    internal const string TaskAdvice = "--task with 'ofql data', --set data.task=... with 'ofql train', Task in code";

    internal const string StepLimitAdvice = "--maximum-episode-steps with 'ofql data', --set data.maximum_episode_steps=... with 'ofql train', MaximumEpisodeSteps in code";

    /// <summary>Accept NaN and infinity in observations, actions and rewards. Off: the file is refused.</summary>
    public bool AllowNonFinite { get; init; }

    /// <summary>
    /// Steps after which an episode is cut, for D4RL files that have no <c>timeouts</c> (kitchen: 280, version 0 of the MuJoCo
    /// sets: 1000). A file's own <c>timeouts</c> go first.
    /// </summary>
    public long? MaximumEpisodeSteps { get; init; }

    /// <summary>
    /// Single task of OGBench whose rewards the rows get, such as <c>cube-double-play-singletask-task2-v0</c>; needed for its
    /// published files, which have none. Rewards of the file are replaced.
    /// </summary>
    public string? Task { get; init; }

    /// <summary>What the columns of a CSV file mean; not needed for files that Ofql wrote.</summary>
    public Tables.CsvColumnMap? Columns { get; init; }

    /// <summary>Name to record for the dataset; the file's name without its ending if not given.</summary>
    public string? Name { get; init; }
}
