namespace Ofql.Formats.Files;

/// <summary>A text that is read as a whole.</summary>
public static class TextFile
{
    /// <summary>Reads the text.</summary>
    /// <param name="path">The file; a pipe will do.</param>
    /// <param name="action">What is done, for the message: such as "read the configuration".</param>
    /// <exception cref="OfqlException">No such file, a folder, no permission.</exception>
    public static string Read(string path, string action = "read")
    {
        // The system speaks of permissions.
        if (Directory.Exists(path))
            throw new OfqlException($"Cannot {action} '{path}': it is a folder. Expected the path of a file.");
        var text = "";
        FileErrors.Guard(action, path, () => text = File.ReadAllText(path));
        return text;
    }
}
