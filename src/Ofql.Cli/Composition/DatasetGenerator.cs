using Ofql.Data;
using Ofql.Environments.Maze2d;
using Ofql.Kernels.Randomness;

namespace Ofql.Cli.Composition;

/// <summary>Makes rows.</summary>
/// <param name="rows">How many.</param>
/// <param name="random">What they are drawn from.</param>
/// <param name="progress">Told of the rows made so far, where it takes long.</param>
/// <param name="cancellation">Stops it.</param>
internal delegate RawTrajectory RowGenerator(long rows, RandomStream random, IProgress<long> progress, CancellationToken cancellation);

/// <summary>A task whose data can be made here.</summary>
/// <param name="Name">Name of the task.</param>
/// <param name="Generate">Makes the rows as recorded.</param>
internal sealed record DatasetGenerator(string Name, RowGenerator Generate)
{
    private const long UsualRows = 1_000_000;

    /// <summary>The environment the data is recorded in.</summary>
    public string Environment { get; init; } = Name;

    /// <summary>As many rows as the task's authors recorded; asked for when it is needed.</summary>
    public Func<long> DefaultRows { get; init; } = () => UsualRows;

    /// <summary>The generators that come with the environments.</summary>
    public static IReadOnlyList<DatasetGenerator> BuiltIn { get; } =
    [
        .. Maze2dTask.All.Select(task => new DatasetGenerator(
            task.Name, (rows, random, _, cancellation) => Maze2dDataCollector.Collect(task, rows, random, cancellation: cancellation))
        {
            DefaultRows = () => RowsOf(task.Name),
        }),
    ];

    // Of the published files; those of medium and large are from memory, the files were not at hand.
    private static long RowsOf(string maze) => maze.Contains("-large-", StringComparison.Ordinal) ? 4 * UsualRows : maze.Contains("-medium-", StringComparison.Ordinal) ? 2 * UsualRows : UsualRows;

    /// <summary>Stream that all data of a seed is drawn from.</summary>
    public static RandomStream StreamOf(ulong seed) => new(seed, "data");
}
