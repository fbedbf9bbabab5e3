namespace Ofql.Cli.Bench;

/// <summary>How the benchmark is run.</summary>
internal sealed record BenchOptions
{
    /// <summary>Sizes.</summary>
    public BenchShape Shape { get; init; } = new();

    /// <summary>Rounds; each measures everything once.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Time of one measurement of the update rate.</summary>
    public double Seconds { get; init; } = 1;

    /// <summary>Time of one measurement of the peak.</summary>
    public double PeakSeconds => Seconds * 0.25;

    /// <summary>Largest number of threads.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Rows of the dataset.</summary>
    public int Rows { get; init; } = SyntheticData.DefaultRows;

    /// <summary>Numbers of threads that are measured: powers of two, and the largest.</summary>
    public IReadOnlyList<int> ThreadCounts
    {
        get
        {
            var counts = new List<int>();
            for (var count = 1; count < Threads; count *= 2)
                counts.Add(count);
            counts.Add(Threads);
            return counts;
        }
    }

    /// <exception cref="UsageException">Something that cannot be measured.</exception>
    public BenchOptions Checked()
    {
        Shape.Checked();
        if (Rounds < 1)
            throw new UsageException($"--rounds {Rounds}: expected 1 or more.");
        // Waiting threads spin: far more of them than cores would stop the machine rather than measure it.
        var most = Math.Max(16, Environment.ProcessorCount);
        if (Threads < 1 || Threads > most)
            throw new UsageException($"--threads {Threads}: expected 1 to {most}.");
        return Seconds is > 0 and <= 3600 ? this : throw new UsageException(FormattableString.Invariant($"--seconds {Seconds}: expected a time above 0, at most 3600."));
    }
}

/// <summary>Medians over the rounds for one number of threads.</summary>
/// <param name="Threads">Number of threads.</param>
/// <param name="PeakGflops">Multiply-adds in registers, two operations each.</param>
/// <param name="UpdatesPerSecond">Rate of complete updates.</param>
/// <param name="ShareOfPeak">Counted work per time over the peak, each round by its own peak, so that a slow moment of the machine is in both.</param>
/// <param name="BestUpdatesPerSecond">Of the fastest round.</param>
/// <param name="BytesPerUpdate">Managed memory allocated per update.</param>
internal sealed record ThreadResult(
    int Threads, double PeakGflops, double UpdatesPerSecond, double ShareOfPeak, double BestUpdatesPerSecond, double BytesPerUpdate)
{
    /// <summary>Time of a run of a million updates.</summary>
    public double HoursPerMillion => 1e6 / UpdatesPerSecond / 3600;

    /// <summary>The rate over the paper's.</summary>
    public double TimesPaper => UpdatesPerSecond / PaperAnchors.OfqlUpdatesPerSecond;
}

/// <summary>One action for one state: medians over the rounds of each round's percentile.</summary>
/// <param name="MedianMicroseconds">Half of the calls were faster.</param>
/// <param name="P99Microseconds">99 of 100 calls were faster.</param>
/// <param name="BytesPerAction">Managed memory allocated per call.</param>
/// <param name="Calls">Timed calls in all.</param>
internal sealed record ActResult(double MedianMicroseconds, double P99Microseconds, double BytesPerAction, int Calls);

/// <summary>All that was measured. Tile: shares of one thread's peak of a product and a weight gradient of 256 x 256 x 256 by themselves.</summary>
internal sealed record BenchResult(BenchOptions Options, WorkCount Work, IReadOnlyList<ThreadResult> Threads, ActResult Act, (double Product, double Gradient) Tile);
