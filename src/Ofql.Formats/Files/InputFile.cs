namespace Ofql.Formats.Files;

/// <summary>A file that is about to be read.</summary>
internal static class InputFile
{
    /// <summary>
    /// Length of the file at <paramref name="path"/>, once it is known to be one with content. Looking before opening keeps
    /// pipes and devices out: opening a pipe would wait for ever, and both report a length of 0.
    /// </summary>
    /// <exception cref="OfqlException">No file, a folder, an empty file, no permission.</exception>
    public static long CheckedLength(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new OfqlException("The path is empty. Expected the path of a file.");
        try
        {
            if (Directory.Exists(path))
                throw new OfqlException($"'{path}' is a folder. Expected a file.");
            var length = new FileInfo(path).Length;
            return length > 0
                ? length
                : throw new OfqlException(
                    $"'{path}' is empty (0 bytes) or not a regular file. If a program was to write it, let it finish first.");
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("read", path, cause);
        }
    }

    /// <summary>The first <paramref name="count"/> bytes, or fewer if the file is shorter.</summary>
    /// <exception cref="OfqlException">The file cannot be read.</exception>
    public static byte[] FirstBytes(string path, int count)
    {
        _ = CheckedLength(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[count];
            return bytes[..stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false)];
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            throw FileErrors.Translate("read", path, cause);
        }
    }
}
