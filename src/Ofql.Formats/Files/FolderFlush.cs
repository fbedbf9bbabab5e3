using System.Runtime.InteropServices;

namespace Ofql.Formats.Files;

/// <summary>
/// Puts the entries of a folder on the disk. A file whose content was flushed can still be missing after a power cut if its name was not;
/// and names that were removed later may be gone already. .NET opens no folders, so this asks the system's C library.
/// </summary>
internal static partial class FolderFlush
{
    private const string Library = "libc";
    private const int ReadOnly = 0;

    /// <summary>Returns when new names and renames within the folder are on the disk. Where the system or the file system cannot do that, nothing happens.</summary>
    public static void ToDisk(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        try
        {
            var descriptor = Open(folder, ReadOnly);
            if (descriptor < 0)
                return;
            // Its failure is no failure of the write: the file is there, and some file systems have no such thing.
            _ = Flush(descriptor);
            _ = Close(descriptor);
        }
        catch (Exception cause) when (cause is DllNotFoundException or EntryPointNotFoundException)
        {
            // A system whose C library has another name.
        }
    }

    [LibraryImport(Library, EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "fsync")]
    private static partial int Flush(int descriptor);

    [LibraryImport(Library, EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
