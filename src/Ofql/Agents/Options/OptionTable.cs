using System.Globalization;

namespace Ofql.Agents.Options;

/// <summary>
/// The options of an algorithm: one line each with name, default, meaning and source, bound to a property of its settings
/// record. The command line, configuration files and documentation all read this table.
/// </summary>
/// <typeparam name="T">Settings record of the algorithm.</typeparam>
public sealed class OptionTable<T>
{
    private readonly List<Entry> _entries = [];
    private readonly List<Func<T, string?>> _rules = [];
    private readonly T _defaults;

    /// <summary>A table whose defaults are those of a fresh settings record.</summary>
    public OptionTable(T defaults) => _defaults = defaults;

    /// <summary>Every option with its default.</summary>
    public IReadOnlyList<AgentOption> Options =>
        _entries.ConvertAll(entry => new AgentOption(entry.Name, entry.Kind, entry.Read(_defaults), entry.Description));

    /// <summary>A whole number. Most become an int; <paramref name="maximum"/> is what the setting can hold.</summary>
    public OptionTable<T> Integer(
        string name, Func<T, long> get, Func<T, long, T> set, long minimum, string description, long maximum = int.MaxValue) => Add(
        name, "integer", settings => get(settings).ToString(CultureInfo.InvariantCulture), (settings, text) =>
            !long.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) || value < minimum
                ? throw Wrong(name, $"a whole number of at least {minimum}", text)
                : value > maximum ? throw Wrong(name, $"a whole number from {minimum} to {maximum}", text) : set(settings, value), description);

    /// <summary>A finite number within bounds.</summary>
    public OptionTable<T> Number(string name, Func<T, double> get, Func<T, double, T> set, double minimum, double maximum, string description) => Add(
        name, "number", settings => get(settings).ToString("R", CultureInfo.InvariantCulture), (settings, text) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && value >= minimum && value <= maximum
                ? set(settings, value)
                : throw Wrong(name, Range(minimum, maximum), text), description);

    /// <summary>true or false.</summary>
    public OptionTable<T> Boolean(string name, Func<T, bool> get, Func<T, bool, T> set, string description) => Add(
        name, "boolean", settings => get(settings) ? "true" : "false", (settings, text) =>
            bool.TryParse(text, out var value) ? set(settings, value) : throw Wrong(name, "true or false", text), description);

    /// <summary>One of the words of an enumeration, in snake_case.</summary>
    public OptionTable<T> Word<TEnum>(string name, Func<T, TEnum> get, Func<T, TEnum, T> set, string description)
        where TEnum : struct, Enum
    {
        // Arrays side by side: a dictionary would be compiled for every enumeration, at every start of the program.
        var (words, values) = (Array.ConvertAll(Enum.GetNames<TEnum>(), Snake), Enum.GetValues<TEnum>());
        return Add(name, string.Join('|', words), settings => Snake(get(settings).ToString()), (settings, text) =>
            Array.IndexOf(words, text.Trim().Replace('-', '_')) is >= 0 and var at
                ? set(settings, values[at])
                : throw Wrong(name, "one of " + string.Join(", ", words), text), description);
    }

    /// <summary>A rule between options: the fault of settings that break it, null for the others.</summary>
    public OptionTable<T> Require(Func<T, string?> fault)
    {
        _rules.Add(fault);
        return this;
    }

    /// <summary>The settings that the given texts describe, starting from <paramref name="start"/> (or the defaults).</summary>
    /// <exception cref="UsageException">An unknown name, with the nearest known one; a value of the wrong kind; a broken rule.</exception>
    public T Parse(IReadOnlyDictionary<string, string> given, T? start = default)
    {
        var settings = start ?? _defaults;
        foreach (var (name, text) in given)
        {
            var entry = _entries.Find(candidate => candidate.Name == name)
                ?? throw new UsageException($"Unknown option '{name}'.{Suggestion(name)} Known: {string.Join(", ", _entries.Select(e => e.Name))}.");
            settings = entry.Write(settings, text);
        }

        foreach (var rule in _rules)
        {
            if (rule(settings) is { } fault)
                throw new UsageException(fault);
        }

        return settings;
    }

    /// <summary>All options of given settings as text.</summary>
    public IReadOnlyDictionary<string, string> Format(T settings) => _entries.ToDictionary(entry => entry.Name, entry => entry.Read(settings));

    private static string Range(double minimum, double maximum) => (double.IsInfinity(minimum), double.IsInfinity(maximum)) switch
    {
        (true, true) => "a number",
        (false, true) => FormattableString.Invariant($"a number of at least {minimum}"),
        _ => FormattableString.Invariant($"a number from {minimum} to {maximum}"),
    };

    private static UsageException Wrong(string name, string expected, string found) =>
        new($"Option '{name}' expects {expected}; found '{found}'.");

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));

    private string Suggestion(string name) =>
        NearestName.Question(name, _entries.Select(entry => entry.Name));

    private OptionTable<T> Add(string name, string kind, Func<T, string> read, Func<T, string, T> write, string description)
    {
        _entries.Add(new Entry(name, kind, read, write, description));
        return this;
    }

    private sealed record Entry(string Name, string Kind, Func<T, string> Read, Func<T, string, T> Write, string Description);
}
