namespace Ofql.Formats.Files;

/// <summary>A folder that is about to be written into.</summary>
public static class OutputFolder
{
    /// <summary>Creates the folder and those above it, unless it is there.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="option">Option that chooses another one, for the message.</param>
    /// <exception cref="OfqlException">It cannot be created.</exception>
    public static void Create(string path, string option)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception cause) when (FileErrors.IsFileError(cause))
        {
            var advice = FileInTheWay(path) is { } file
                ? $"'{file}' is a file, expected a folder."
                : FileErrors.Advice(path, cause);
            throw new OfqlException($"Cannot create the folder '{path}': {advice}{(advice.Contains(option, StringComparison.Ordinal) ? "" : $" Give another one with {option}.")}", cause);
        }
    }

    private static string? FileInTheWay(string path)
    {
        for (var at = path; !string.IsNullOrEmpty(at); at = Path.GetDirectoryName(at))
        {
            if (File.Exists(at))
                return at;
        }

        return null;
    }
}
