namespace Ofql.Formats.Files;

/// <summary>A folder that is looked into.</summary>
public static class InputFolder
{
    private const string Action = "look into";

    /// <summary>Paths of the folders in it; none where it does not exist.</summary>
    /// <exception cref="OfqlException">It may not be looked into.</exception>
    public static IReadOnlyList<string> Folders(string path, string pattern = "*")
    {
        IReadOnlyList<string> found = [];
        if (Directory.Exists(path))
            FileErrors.Guard(Action, path, () => found = Directory.GetDirectories(path, pattern));
        return found;
    }

    /// <summary>Paths of the files in it; none where it does not exist.</summary>
    /// <exception cref="OfqlException">It may not be looked into.</exception>
    public static IReadOnlyList<string> Files(string path, string pattern = "*")
    {
        IReadOnlyList<string> found = [];
        if (Directory.Exists(path))
            FileErrors.Guard(Action, path, () => found = Directory.GetFiles(path, pattern));
        return found;
    }
}
