using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ofql.Cli.Configuration;

/// <summary>Configuration as YAML: maps of maps of single values, read into dotted keys and written back.</summary>
internal static class YamlText
{
    /// <summary>Reads YAML text.</summary>
    /// <exception cref="UsageException">Not sound YAML, a key twice, or something other than single values.</exception>
    public static ConfigurationLayer Read(string text, string source)
    {
        var (layer, lists) = ReadWithLists(text, source);
        return lists.Keys.FirstOrDefault() is not { } list ? layer : throw new UsageException($"{layer.Values[list].Origin}: '{list}' is a list; expected a single value.");
    }

    /// <summary>Reads YAML text in which values may be lists of single values, too; what is a list is empty among the values.</summary>
    /// <exception cref="UsageException">Not sound YAML, a key twice, or lists of something else.</exception>
    public static (ConfigurationLayer Values, IReadOnlyDictionary<string, IReadOnlyList<string>> Lists) ReadWithLists(string text, string source)
    {
        var layer = new ConfigurationLayer();
        var lists = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException error)
        {
            // A tab is noticed late, and reported for the line where its block began.
            var tab = Array.FindIndex(text.Split('\n'), line => line.StartsWith('\t'));
            if (tab >= 0)
                throw new UsageException($"{source}, line {tab + 1}: a tab stands where YAML allows only spaces. Indent with spaces.");
            throw new UsageException(
                $"{source}, line {error.End.Line}, column {error.End.Column}: not sound YAML: {error.Message.TrimEnd('.')}. Expected lines "
                + "such as 'training:' and, indented below it, 'updates: 20000'.");
        }

        if (stream.Documents.Count == 0)
            return (layer, lists);
        if (stream.Documents.Count > 1 || stream.Documents[0].RootNode is not YamlMappingNode root)
            throw new UsageException($"{source}: expected one YAML map with keys such as environment, data, agent, training.");
        var keys = 0;
        Flatten(root, "", source, layer, lists, ref keys);
        return (layer, lists);
    }

    /// <summary>Writes dotted keys of at most two parts, grouped in the order given.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> values)
    {
        var text = new StringBuilder();
        var group = "";
        foreach (var (key, value) in values)
        {
            var at = key.IndexOf('.', StringComparison.Ordinal);
            var own = at < 0 ? "" : key[..at];
            if (own != group && own.Length > 0)
                text.Append(CultureInfo.InvariantCulture, $"{own}:\n");
            group = own;
            text.Append(own.Length > 0 ? "  " : "").Append(CultureInfo.InvariantCulture, $"{key[(at + 1)..]}: {Quote(value)}\n");
        }

        return text.ToString();
    }

    // An alias can make a map hold itself, or a few lines a million keys.
    private const int MostKeys = 10_000;
    private const int LongestKey = 200;

    private static void Flatten(YamlMappingNode map, string prefix, string source, ConfigurationLayer layer, Dictionary<string, IReadOnlyList<string>> lists, ref int keys)
    {
        foreach (var (name, node) in map.Children)
        {
            var line = node.Start.Line;
            var key = prefix + name;
            if (key.Length > LongestKey || ++keys > MostKeys)
                throw new UsageException($"{source}, line {line}: more than {MostKeys} keys, or one longer than {LongestKey} characters ('{key[..Math.Min(40, key.Length)]}'). Expected keys such as training.updates; does an alias repeat a map within itself?");
            switch (node)
            {
                case YamlMappingNode inner:
                    Flatten(inner, key + ".", source, layer, lists, ref keys);
                    break;
                case YamlScalarNode scalar:
                    // A key without a value is YAML's null; here it reads as empty.
                    layer.Set(key, IsNull(scalar) ? "" : scalar.Value!, $"{source}, line {line}");
                    break;
                case YamlSequenceNode list when list.All(item => item is YamlScalarNode entry && !IsNull(entry)):
                    layer.Set(key, "", $"{source}, line {line}");
                    lists[key] = [.. list.Select(item => ((YamlScalarNode)item).Value!.Trim())];
                    break;
                default:
                    throw new UsageException($"{source}, line {line}: '{key}' is a list of something else than single values.");
            }
        }
    }

    private static bool IsNull(YamlScalarNode scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is null or "" or "~" or "null";

    private static string Quote(string value)
    {
        var plain = value.Length > 0 && value.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-' or '/' or '+')
            && !value.StartsWith('-') && value is not ("null" or "~");
        var isNumber = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
        return plain || isNumber
            ? value
            : $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
    }
}
