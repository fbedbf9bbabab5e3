using System.Globalization;

namespace Ofql.Formats.Files;

/// <summary>What belongs to a step is named after it, <c>step-000020000</c>: in the order of names it is in that of steps.</summary>
internal static class StepName
{
    private const string Prefix = "step-";
    private const string Ending = ".safetensors";

    /// <summary>The name of a step.</summary>
    public static string Of(long step) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D9}");

    /// <summary>The name of a step's file.</summary>
    public static string FileOf(long step) => Of(step) + Ending;

    /// <summary>Steps that a folder has files of, in no order; none where it does not exist.</summary>
    /// <exception cref="OfqlException">The folder may not be looked into.</exception>
    public static IEnumerable<long> StepsIn(string folder) => InputFolder.Files(folder, Prefix + "*" + Ending)
        .Select(path => Path.GetFileName(path)[Prefix.Length..^Ending.Length])
        .Where(text => text.All(char.IsAsciiDigit) && text.Length is > 0 and < 19)
        .Select(text => long.Parse(text, CultureInfo.InvariantCulture));
}
