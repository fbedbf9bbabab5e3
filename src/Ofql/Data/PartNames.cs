namespace Ofql.Data;

/// <summary>
/// Names of the numbers of a state or an action as one text (<c>observation_parts</c>, <c>action_parts</c> of a dataset's metadata, <c>state_parts</c>, <c>action_parts</c> of a
/// policy's): separated by a comma and a space; a name with a comma or a quotation mark in it is quoted, its marks doubled.
/// </summary>
public static class PartNames
{
    private const string Separator = ", ";

    /// <summary>The text of some names.</summary>
    public static string Join(IEnumerable<string> names) => string.Join(Separator, names.Select(name =>
        name.AsSpan().IndexOfAny(",\"") < 0 ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));

    /// <summary>The names of a text; of one that <see cref="Join"/> did not write, its parts between commas.</summary>
    public static IReadOnlyList<string> Split(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var names = new List<string>();
        for (var begin = 0; begin <= text.Length;)
        {
            var end = EndOf(text, begin);
            var name = text[begin..end];
            names.Add(name is ['"', .., '"'] && name.Length > 1 ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name);
            begin = end + Separator.Length;
        }

        return names;
    }

    // Of the name that begins here: the next separator outside of quotation marks, or the end of the text.
    private static int EndOf(string text, int begin)
    {
        var isQuoted = false;
        for (var i = begin; i < text.Length; i++)
        {
            if (text[i] == '"')
                isQuoted = !isQuoted;
            else if (!isQuoted && text.AsSpan(i).StartsWith(Separator, StringComparison.Ordinal))
                return i;
        }

        return text.Length;
    }
}
