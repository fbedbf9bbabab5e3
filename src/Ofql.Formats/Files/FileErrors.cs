namespace Ofql.Formats.Files;

/// <summary>Turns what the operating system says about a file into an error that says what to do.</summary>
internal static class FileErrors
{
    private const int UnixNoSpace = 28;
    private const int UnixQuota = 122;
    private const int UnixReadOnly = 30;
    private const int UnixFileTooLarge = 27;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>The error for a failed <paramref name="action"/> ("read", "write") on <paramref name="path"/>.</summary>
    public static OfqlException Translate(string action, string path, Exception cause) => new($"Cannot {action} '{path}': {Advice(path, cause)}", cause);

    /// <summary>What is wrong and what to do about it.</summary>
    public static string Advice(string path, Exception cause) => cause switch
    {
        FileNotFoundException => "there is no such file. Check the path for a typing error.",
        DirectoryNotFoundException =>
            $"the folder '{Path.GetDirectoryName(path)}' does not exist. Create it first, or correct the path.",
        UnauthorizedAccessException => "permission denied. Choose a place you may use, or change the permissions.",
        PathTooLongException => "the path is longer than the system allows. Choose a shorter one.",
        IOException io => AdviseOn(io),
        _ => $"{cause.Message} Check the path.",
    };

    /// <summary>True for the exceptions that file operations are known to throw.</summary>
    public static bool IsFileError(Exception exception) => exception
        is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException
        or System.Security.SecurityException;

    private static string AdviseOn(IOException cause) => cause.HResult switch
    {
        UnixNoSpace or WindowsDiskFull or WindowsHandleDiskFull =>
            "the disk is full. Free some space or choose another disk; nothing that was there before was changed.",
        UnixQuota => "your disk quota is used up. Free some space; nothing that was there before was changed.",
        UnixReadOnly => "the file system is read-only. Choose another place.",
        UnixFileTooLarge => "the file would be larger than this file system or session allows.",
        _ => $"{cause.Message.TrimEnd('.')}.",
    };

    /// <summary>Does something with a file; what the file system throws becomes our error.</summary>
    /// <exception cref="OfqlException">The file cannot be read or written.</exception>
    public static void Guard(string verb, string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception cause) when (IsFileError(cause))
        {
            throw Translate(verb, path, cause);
        }
    }
}
