using System.Collections.Concurrent;
using Ofql.Cli.Composition;
using Ofql.Cli.Rendering;
using Ofql.Data;
using Ofql.Formats.Runs;

namespace Ofql.Cli.Runs;

/// <summary>A seed whose run failed, with why.</summary>
internal sealed record SeedFailure(ulong Seed, Exception Error);

/// <summary>What became of the seeds of a plan. Those that were not reached are in neither list.</summary>
/// <param name="Results">The runs that ended by themselves, in the plan's order.</param>
/// <param name="Failures">The others, in the order in which they failed.</param>
internal sealed record SweepResult(IReadOnlyList<SessionResult> Results, IReadOnlyList<SeedFailure> Failures);

/// <summary>Runs every seed of a plan: one after the other, or several at once when each takes fewer threads than there are.</summary>
internal sealed class SeedSweep(CommandContext context, Catalog catalog, TrainPlan plan, ProgressView view)
{
    /// <summary>Threads of a run where none are named: a batch of 256 rows has 16 groups of rows that threads can share.</summary>
    public const int MostThreads = 16;

    /// <summary>Runs until all seeds are done or the wish to stop arrives. One that fails is told at once and costs the others nothing.</summary>
    public SweepResult Run(OpenedDataset? data, DataReport? report)
    {
        var threads = (int)plan.Configuration.Integer("training.threads");
        var cores = Environment.ProcessorCount;
        // Several seeds fill the cores best as one run per core: no update waits for another thread.
        // More threads than cores would only wait for each other, and so would those for which a batch has no rows.
        var perRun = threads > 0 ? Math.Min(threads, cores) : plan.Seeds.Count > 1 ? 1 : Math.Min(MostThreads, cores);
        var atOnce = Math.Clamp(cores / perRun, 1, plan.Seeds.Count);
        var running = atOnce;
        // What is left over evaluates beside the training, more of it when no seeds are left to begin.
        int Spare() => Volatile.Read(ref running) is > 0 and var runs ? (cores - (perRun * runs)) / runs : 0;
        var waiting = new ConcurrentQueue<ulong>(plan.Seeds);
        var results = new ConcurrentDictionary<ulong, SessionResult>();
        var failures = new ConcurrentQueue<SeedFailure>();
        void Work()
        {
            while (!context.Cancellation.IsCancellationRequested && waiting.TryDequeue(out var seed))
            {
                try
                {
                    results[seed] = TrainingSession.Run(Request(seed, perRun, Spare, data, report), context.Cancellation);
                }
                catch (Exception error)
                {
                    failures.Enqueue(new SeedFailure(seed, error));
                    // What a run alone failed of is what the program ends with.
                    if (plan.IsGroup)
                        view.Say($"Seed {seed} failed: {error.Message}");
                }
            }

            Interlocked.Decrement(ref running);
        }

        WarmUp.End();
        RunOnThreads(Work, atOnce);
        return new SweepResult(plan.Seeds.Where(results.ContainsKey).Select(seed => results[seed]).ToList(), [.. failures]);
    }

    private static void RunOnThreads(Action work, int count)
    {
        var others = Enumerable.Range(1, count - 1).Select(_ => new Thread(() => work())).ToList();
        others.ForEach(thread => thread.Start());
        work();
        others.ForEach(thread => thread.Join());
    }

    private SessionRequest Request(ulong seed, int threads, Func<int> spare, OpenedDataset? data, DataReport? report) => new()
    {
        Catalog = catalog,
        Configuration = plan.ConfigurationOf(seed),
        Data = data,
        DataReport = report,
        Folder = plan.FolderOf(seed),
        Resume = plan.Resume && RunFolder.Exists(plan.FolderOf(seed)),
        Threads = threads,
        SpareThreads = spare,
        CommandLine = context.CommandLine,
        Say = view.Say,
        Progress = view.For(seed),
    };
}
