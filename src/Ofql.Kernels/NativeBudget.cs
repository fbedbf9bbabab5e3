namespace Ofql.Kernels;

/// <summary>
/// Counts the memory of all native buffers against what the machine (or its container) has. The system itself promises more
/// than it has and, once that is touched, kills whichever process it likes.
/// </summary>
internal static class NativeBudget
{
    private static readonly long Available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is > 0 and var bytes ? bytes : long.MaxValue;
    private static long _held;

    /// <exception cref="InsufficientMemoryException">More than there is.</exception>
    public static void Take(long bytes)
    {
        // Counted only once it is known to fit: a request that is refused must never, not even for a moment, make one that fits
        // on another thread look too large.
        var held = Interlocked.Read(ref _held);
        while (true)
        {
            if (bytes > Available - held)
                throw new InsufficientMemoryException(FormattableString.Invariant(
                    $"{bytes / 1e9:F1} GB were asked for, {held / 1e9:F1} GB are in use, and this machine has {Available / 1e9:F1} GB."));
            var seen = Interlocked.CompareExchange(ref _held, held + bytes, held);
            if (seen == held)
                return;
            held = seen;
        }
    }

    /// <summary>Gives back what was taken.</summary>
    public static void Give(long bytes) => Interlocked.Add(ref _held, -bytes);
}
