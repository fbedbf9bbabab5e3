using System.Runtime.InteropServices;

namespace Ofql.Cli.Rendering;

/// <summary>Whether anybody still reads standard output: .NET drops what goes into a broken pipe without a word.</summary>
internal static partial class OutputReader
{
    private const int StandardOutput = 1;

    // POLLERR is what pipes report, POLLHUP sockets.
    private const short Gone = 8 | 16;

    /// <summary>True if it is a pipe or socket that nobody reads any more. Where the system cannot be asked: false.</summary>
    public static bool IsGone()
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
            return false;
        var entry = new PollEntry { Descriptor = StandardOutput };
        return Poll(ref entry, 1, 0) > 0 && (entry.Found & Gone) != 0;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollEntry entry, nuint count, int milliseconds);

    // struct pollfd (POSIX); the same on Linux and macOS.
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }
}
