namespace Ofql.Cli.Bench;

/// <summary>How a benchmark is run.</summary>
/// <param name="Threads">Threads to use.</param>
/// <param name="Seconds">Time to spend, roughly.</param>
internal sealed record BenchmarkRequest(int Threads, double Seconds);

/// <summary>One measured number.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The number.</param>
/// <param name="Unit">Its unit.</param>
internal sealed record BenchmarkRow(string Name, double Value, string Unit);

/// <summary>A measurement of this machine. Wired in <see cref="Composition.Catalog.Benchmarks"/>.</summary>
internal interface IBenchmark
{
    /// <summary>Name on the command line.</summary>
    string Name { get; }

    /// <summary>What it measures, in one line.</summary>
    string Title { get; }

    /// <summary>Measures.</summary>
    IReadOnlyList<BenchmarkRow> Run(BenchmarkRequest request, CancellationToken cancellation);
}
