using System.Globalization;
using System.Text.Json.Nodes;

namespace Ofql.Cli.Bench;

/// <summary>
/// Measures on request, so that another program (benchmarks/pytorch/compare.py) can interleave its own measurements:
/// <c>updates THREADS COUNT</c> is answered by <c>{"seconds": ..}</c>, one line each, until the input ends.
/// </summary>
internal static class BenchServer
{
    public static void Serve(BenchSession session, TextReader requests, TextWriter answers, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested && PatientReading.Wait(requests.ReadLine, cancellation) is { } line)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
                continue;
            if (words is not ["updates", var threadsText, var countText]
                || !TryParse(threadsText, session.Options.Threads, out var threads) || !TryParse(countText, int.MaxValue, out var count))
            {
                throw new UsageException($"'{line}': expected 'updates THREADS COUNT' with at most {session.Options.Threads} threads (see --threads).");
            }

            var meter = session.Meter(threads);
            // The workers of a team fall asleep between requests, and the other program has had the caches.
            meter.Time(Math.Max(1, count / 10));
            var seconds = meter.Time(count);
            meter.CheckHealth();
            answers.WriteLine(new JsonObject { ["seconds"] = seconds }.ToJsonString());
            answers.Flush();
        }
    }

    private static bool TryParse(string text, int most, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1 && value <= most;
}
