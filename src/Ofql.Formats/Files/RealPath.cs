namespace Ofql.Formats.Files;

/// <summary>Where a path leads when every link on the way is followed, to tell whether two names are one file.</summary>
public static class RealPath
{
    /// <summary>Whether both paths lead to the same place. False where one of them cannot be looked at.</summary>
    public static bool AreOne(string a, string b)
    {
        try
        {
            return a.Length > 0 && b.Length > 0 && Of(a) == Of(b);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            return false;
        }
    }

    private static string Of(string path)
    {
        path = Path.GetFullPath(path);
        var real = Path.GetPathRoot(path)!;
        foreach (var part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(real, part);
            // A folder that is a link is asked as a folder: what a link leads to need not exist.
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            real = info.LinkTarget is null ? next : info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? next;
        }

        return real;
    }
}
