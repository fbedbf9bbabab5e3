using System.Collections.Concurrent;

namespace Ofql.Formats.Files;

/// <summary>
/// Files that appear whole or not at all: the content goes to a temporary name in the same folder, is flushed to the disk
/// and then renamed, and the folder is flushed too. Until the rename an older file of that name stays as it was, whatever happens.
/// </summary>
public static class AtomicFile
{
    private const int BufferSize = 1 << 16;
    private const string TemporaryEnding = ".part";
    private const int TagLength = 12;

    // What is being written now, on any thread, for a program that ends at once.
    private static readonly ConcurrentDictionary<string, byte> _unfinished = new(StringComparer.Ordinal);

    /// <summary>Writes a file through a stream.</summary>
    /// <param name="path">Where the file shall appear; replaced if it exists.</param>
    /// <param name="write">Writes the content; the stream can seek.</param>
    /// <exception cref="OfqlException">The folder is missing, permission is denied, the disk is full.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        WriteThrough(path, temporary =>
        {
            using var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferSize);
            write(stream);
            stream.Flush(flushToDisk: true);
        });
    }

    /// <summary>Writes a text file in UTF-8 without a byte order mark.</summary>
    /// <inheritdoc cref="Write"/>
    public static void WriteText(string path, string text)
        => Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    /// <summary>Finds out before long work whether its result can be written: a temporary file is made beside it and removed.</summary>
    /// <param name="path">Where the file shall appear; nothing happens to an older one.</param>
    /// <exception cref="OfqlException">The folder is missing, permission is denied, the path is that of a folder or device.</exception>
    public static void RequireWritable(string path)
    {
        var temporary = TemporaryBeside(Target(path));
        try
        {
            using (new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
            }
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("write", path, cause);
        }
    }

    /// <summary>Writes a file through a library that wants a path: it gets a temporary one in the same folder.</summary>
    /// <param name="path">Where the file shall appear; replaced if it exists.</param>
    /// <param name="writeTo">Writes the complete file at the path it is given and closes it.</param>
    /// <exception cref="OfqlException">The folder is missing, permission is denied, the disk is full.</exception>
    public static void WriteThrough(string path, Action<string> writeTo)
    {
        ArgumentNullException.ThrowIfNull(writeTo);
        var target = Target(path);
        var temporary = TemporaryBeside(target);
        var renamed = false;
        _unfinished[temporary] = 0;
        try
        {
            writeTo(temporary);
            FlushToDisk(temporary);
            File.Move(temporary, target, overwrite: true);
            renamed = true;
            FolderFlush.ToDisk(Path.GetDirectoryName(target)!);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            throw FileErrors.Translate("write", path, cause);
        }
        finally
        {
            if (!renamed)
                TryDelete(temporary);
            _unfinished.TryRemove(temporary, out _);
        }
    }

    /// <summary>Deletes the temporary files of everything that is being written, for a program that ends before it is done.</summary>
    public static void DeleteUnfinished() => DeleteUnfinished(_ => true);

    /// <summary>The same for some of them.</summary>
    internal static void DeleteUnfinished(Func<string, bool> which)
    {
        foreach (var path in _unfinished.Keys.Where(which))
            TryDelete(path);
    }

    /// <summary>Whether a file of this name is one that was being written: what a process leaves that is killed.</summary>
    public static bool IsTemporary(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith('.') && name.EndsWith(TemporaryEnding, StringComparison.Ordinal)
            && Path.GetExtension(name[..^TemporaryEnding.Length]) is { Length: TagLength + 1 } tag && tag[1..].All(char.IsAsciiHexDigitLower);
    }

    /// <summary>Deletes what killed processes have left in a folder, for one that alone writes there.</summary>
    public static void DeleteLeftovers(string folder)
    {
        foreach (var path in InputFolder.Files(folder).Where(path => IsTemporary(Path.GetFileName(path))))
            TryDelete(path);
    }

    private static string TemporaryBeside(string target) =>
        Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Guid.NewGuid().ToString("N")[..TagLength]}{TemporaryEnding}");

    private static string Target(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new OfqlException("The path to write to is empty. Expected the path of a file.");
        try
        {
            var full = Path.GetFullPath(path);
            // A rename would replace the link, not the file it leads to.
            if (new FileInfo(full).LinkTarget is not null)
                full = File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
            var folder = Path.GetDirectoryName(full);
            if (Directory.Exists(full) || string.IsNullOrEmpty(Path.GetFileName(full)) || folder is null)
                throw new OfqlException($"Cannot write '{path}': it is a folder. Expected the path of a file.");
            // A rename onto a device would replace the device by a file, for every program of the machine.
            if (!OperatingSystem.IsWindows() && folder == "/dev")
                throw new OfqlException($"Cannot write '{path}': it is a device. Expected the path of a file.");
            return Directory.Exists(folder)
                ? full
                : throw FileErrors.Translate("write", full, new DirectoryNotFoundException());
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("write", path, cause);
        }
    }

    private static void FlushToDisk(string temporary)
    {
        using var stream = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1);
        stream.Flush(flushToDisk: true);
    }

    private static void TryDelete(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            // The first error is the one to report; a stray temporary file harms nothing.
        }
    }
}
