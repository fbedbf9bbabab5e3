using Ofql.Cli.Composition;
using Ofql.Cli.Configuration;
using Ofql.Data;
using Ofql.Evaluation;
using Ofql.Formats.Runs;
using Ofql.Training;

namespace Ofql.Cli.Runs;

/// <summary>What one run needs.</summary>
internal sealed record SessionRequest
{
    public required Catalog Catalog { get; init; }

    public required ResolvedConfiguration Configuration { get; init; }

    public required OpenedDataset? Data { get; init; }

    public required DataReport? DataReport { get; init; }

    public required string Folder { get; init; }

    public required bool Resume { get; init; }

    public required int Threads { get; init; }

    /// <summary>Threads that no run uses at the moment: evaluations take them, beside the training.</summary>
    public Func<int> SpareThreads { get; init; } = () => 0;

    public required string CommandLine { get; init; }

    public required Action<string> Say { get; init; }

    public IProgress<TrainingProgress>? Progress { get; init; }
}

/// <summary>How a run went.</summary>
internal sealed record SessionResult(
    RunFolder Folder, ulong Seed, TrainingResult Training, IReadOnlyList<EvaluationRow> Evaluations, RunOrigin? Origin, string? Simulator)
{
    /// <summary>Step of the policy in the folder; null where there is none, since no checkpoint was reached.</summary>
    public long? PolicyStep { get; init; }

    /// <summary>How the policy acts in recorded states; null where nothing is recorded, where it diverged, or where it acts by the number of steps.</summary>
    public ActionAgreement? RecordedActions { get; init; }

    /// <summary>The evaluation of the checkpoint that the run began from; null where there is none.</summary>
    public EvaluationRow? Before => Origin is null ? null : Evaluations.FirstOrDefault(row => row.Step == 0);
}
