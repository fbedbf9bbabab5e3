using System.Globalization;
using Ofql.Cli.Runs;

namespace Ofql.Cli.Rendering;

/// <summary>Shows how many of so many rows are made, how fast, and how long the rest takes.</summary>
/// <param name="line">Where.</param>
/// <param name="total">Rows in all.</param>
internal sealed class RowsView(ProgressLine line, long total) : IProgress<long>
{
    private readonly long _start = TimeProvider.System.GetTimestamp();

    /// <param name="value">Rows made so far.</param>
    public void Report(long value)
    {
        // The first report is that of no row: nothing can be said yet.
        if (value > 0)
            line.Show(() => Describe(value, TimeProvider.System.GetElapsedTime(_start)));
    }

    private string Describe(long rows, TimeSpan elapsed)
    {
        var rate = rows / Math.Max(elapsed.TotalSeconds, 1e-3);
        return string.Create(CultureInfo.InvariantCulture,
            $"{rows:N0} of {total:N0} rows ({100.0 * rows / total:F0} %)  {rate:N0} rows/s  {TrainText.Duration(TimeSpan.FromSeconds((total - rows) / rate))} left");
    }
}
