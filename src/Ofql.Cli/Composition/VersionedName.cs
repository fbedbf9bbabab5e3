namespace Ofql.Cli.Composition;

/// <summary>A name and its version, as Gymnasium writes them: <c>hopper-v2</c>.</summary>
/// <param name="Stem">The name without its version.</param>
/// <param name="Version">The version with its dash, such as <c>-v2</c>; empty if there is none.</param>
internal readonly record struct VersionedName(string Stem, string Version)
{
    private const string Mark = "-v";

    /// <summary>Takes a name apart.</summary>
    public static VersionedName Of(string name)
    {
        var at = name.LastIndexOf(Mark, StringComparison.Ordinal);
        var isVersioned = at >= 0 && at + Mark.Length < name.Length && name.AsSpan(at + Mark.Length).IndexOfAnyExceptInRange('0', '9') < 0;
        return isVersioned ? new VersionedName(name[..at], name[at..]) : new VersionedName(name, "");
    }
}
