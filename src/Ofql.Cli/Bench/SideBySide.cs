namespace Ofql.Cli.Bench;

/// <summary>Measurements on several threads at once.</summary>
internal static class SideBySide
{
    /// <summary>The sum of what every thread measures; all begin together, the calling thread is one of them.</summary>
    /// <param name="threads">How many.</param>
    /// <param name="measure">Measures, given the number of the thread.</param>
    public static double Sum(int threads, Func<int, double> measure)
    {
        if (threads == 1)
            return measure(0);
        var results = new double[threads];
        using var start = new Barrier(threads);
        var others = Enumerable.Range(1, threads - 1).Select(member => new Thread(() => Measure(member)) { IsBackground = true }).ToList();
        others.ForEach(thread => thread.Start());
        Measure(0);
        others.ForEach(thread => thread.Join());
        return results.Sum();

        void Measure(int member)
        {
            start.SignalAndWait();
            results[member] = measure(member);
        }
    }
}
