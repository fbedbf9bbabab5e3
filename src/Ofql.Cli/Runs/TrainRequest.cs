using System.Globalization;
using Ofql.Cli.Configuration;

namespace Ofql.Cli.Runs;

/// <summary>What 'train' was asked for, as given.</summary>
internal sealed record TrainArguments
{
    public string? Task { get; init; }

    public string? Data { get; init; }

    public string? Map { get; init; }

    public string? Published { get; init; }

    public string? Environment { get; init; }

    public string? Agent { get; init; }

    public string? ConfigurationFile { get; init; }

    public IReadOnlyList<string> Assignments { get; init; } = [];

    public long? Updates { get; init; }

    /// <summary>Environment steps to collect and learn from.</summary>
    public long? Steps { get; init; }

    /// <summary>By which of its names that was said.</summary>
    public string StepsOption { get; init; } = "--steps";

    /// <summary>The run or checkpoint whose agent goes on learning online.</summary>
    public string? From { get; init; }

    public long? SnapshotsEvery { get; init; }

    public ulong? Seed { get; init; }

    public string? Seeds { get; init; }

    public int? Threads { get; init; }

    public string? Name { get; init; }

    public string Runs { get; init; } = "runs";

    public string? Datasets { get; init; }

    /// <summary>Continue a run rather than begin one.</summary>
    public bool Resume { get; init; }

    /// <summary>The run to continue; null for the one that the other arguments name, or the newest.</summary>
    public string? ResumeName { get; init; }
}

/// <summary>What 'train' will do: one configuration, the seeds and where their folders are.</summary>
internal sealed record TrainPlan(
    ResolvedConfiguration Configuration, IReadOnlyList<ulong> Seeds, bool IsGroup, string Folder, bool Resume)
{
    public string FolderOf(ulong seed) => IsGroup ? RunLocator.SeedFolder(Folder, seed) : Folder;

    public ResolvedConfiguration ConfigurationOf(ulong seed) =>
        Configuration.With("training.seed", seed.ToString(CultureInfo.InvariantCulture));
}
