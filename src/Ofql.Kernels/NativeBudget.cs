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
        var held = Interlocked.Add(ref _held, bytes);
        if (held >= 0 && held <= Available)
            return;
        Give(bytes);
        throw new InsufficientMemoryException(FormattableString.Invariant(
            $"{bytes / 1e9:F1} GB were asked for, {(held - bytes) / 1e9:F1} GB are in use, and this machine has {Available / 1e9:F1} GB."));
    }

    /// <summary>Gives back what was taken.</summary>
    public static void Give(long bytes) => Interlocked.Add(ref _held, -bytes);
}
