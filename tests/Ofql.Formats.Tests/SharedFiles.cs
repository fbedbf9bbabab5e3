using Xunit;

namespace Ofql.Formats.Tests;

/// <summary>
/// Recorded data that is not part of the repository. It is looked for in the folder that OFQL_SHARED names, else in a folder
/// <c>shared</c> beside one of the folders above the tests. Without it a test is skipped.
/// </summary>
internal static class SharedFiles
{
    private static readonly string? Root = Find();

    public static string Require(string relative)
    {
        var path = Root is null ? null : Path.Combine(Root, relative);
        if (path is null || !(File.Exists(path) || Directory.Exists(path)))
            Assert.Skip($"'{relative}' is not here. Set OFQL_SHARED to the folder that holds it.");
        return path;
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("OFQL_SHARED") is { Length: > 0 } named)
            return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared");
            if (Directory.Exists(Path.Combine(candidate, "data")))
                return candidate;
        }

        return null;
    }
}
