using System.Globalization;
using Ofql.Agents;
using Ofql.Cli.Composition;

namespace Ofql.Cli.Configuration;

/// <summary>What the command line says about a configuration.</summary>
internal sealed record ConfigurationRequest
{
    /// <summary>Name of a task, or null.</summary>
    public string? Task { get; init; }

    /// <summary>Name of an environment given as an option, or null.</summary>
    public string? Environment { get; init; }

    /// <summary>Data file given as an option, or null.</summary>
    public string? DataFile { get; init; }

    /// <summary>The layer of a configuration file.</summary>
    public ConfigurationLayer File { get; init; } = new();

    /// <summary>The layer of explicit options.</summary>
    public ConfigurationLayer Options { get; init; } = new();

    /// <summary>The layer of --set.</summary>
    public ConfigurationLayer Assignments { get; init; } = new();

    /// <summary>The configuration of the run to be continued, between the defaults and everything said now.</summary>
    public ConfigurationLayer? Saved { get; init; }
}

/// <summary>Lays defaults, preset, file, options and assignments over each other and checks the result as a whole.</summary>
internal sealed class ConfigurationResolver(Catalog catalog)
{
    private const string Default = "default";

    /// <exception cref="UsageException">An unknown task, key, agent or environment, or a value of the wrong kind.</exception>
    public ResolvedConfiguration Resolve(ConfigurationRequest request)
    {
        var layer = new ConfigurationLayer();
        foreach (var key in ConfigurationSchema.Keys)
            layer.Set(key.Name, key.Default, Default);
        string? preset = null;
        if (request.Saved is { } saved)
            CoverSaved(layer, saved);
        else if (FindPreset(request, out preset) is { } settings)
            layer.Cover(settings);
        if (request.Task is not null)
            layer.Set("task", request.Task, "the command line");
        layer.Cover(request.File);
        layer.Cover(request.Options);
        // It only says which preset the settings came from, and setting it would bring none.
        if (request.Assignments.Values.TryGetValue("task", out var set))
            throw new UsageException($"task is set to '{set.Text}' by {set.Origin}; a task is named as the argument: ofql train {set.Text}");
        layer.Cover(request.Assignments);
        return Check(layer, preset);
    }

    // A run that is older than an option was made without it.
    private void CoverSaved(ConfigurationLayer layer, ConfigurationLayer saved)
    {
        layer.Cover(saved);
        var agent = catalog.Agents.FirstOrDefault(factory => factory.Name == saved.Values.GetValueOrDefault(ConfigurationSchema.AgentName).Text);
        foreach (var (name, value) in agent?.BeforeTheyExisted ?? new Dictionary<string, string>())
        {
            if (!saved.Values.ContainsKey(ConfigurationSchema.AgentPrefix + name))
                layer.Set(ConfigurationSchema.AgentPrefix + name, value, "the run");
        }
    }

    /// <summary>The settings to begin from, and the name of their preset.</summary>
    private ConfigurationLayer? FindPreset(ConfigurationRequest request, out string? name)
    {
        name = null;
        if (request.Task is { } task)
            return catalog.Presets.Find(task)?.Layer ?? GeneratedTask(task) ?? throw UnknownTask(task);
        if (request.File.Values.TryGetValue("task", out var named) && named.Text.Length > 0)
            return catalog.Presets.Find(named.Text)?.Layer ?? GeneratedTask(named.Text) ?? throw UnknownTask(named.Text);
        var environment = request.Environment ?? (request.File.Values.TryGetValue("environment", out var value) ? value.Text : null);
        if (string.IsNullOrEmpty(environment) || environment == "none")
            return null;
        var preset = catalog.Presets.FindFor(catalog.Environment(environment).Name, request.DataFile);
        name = preset?.Name;
        return preset?.Layer;
    }

    // Every environment whose data can be generated is a task, with or without a preset of its own.
    private ConfigurationLayer? GeneratedTask(string task)
    {
        if (catalog.Generators.FirstOrDefault(generator => generator.Name == task) is not { } generator)
            return null;
        var layer = new ConfigurationLayer();
        layer.Set("environment", generator.Environment, "the task");
        layer.Set("data.generate", task, "the task");
        return layer;
    }

    private UsageException UnknownTask(string task)
    {
        var known = catalog.TaskNames;
        return new UsageException(
            $"There is no task '{task}'.{NearestName.Question(task, known)} Known: {string.Join(", ", known)}. To train on a file of "
            + "your own use --data file, with --env name to evaluate in an environment.");
    }

    private ResolvedConfiguration Check(ConfigurationLayer layer, string? preset)
    {
        var agent = FindAgent(layer.Values[ConfigurationSchema.AgentName]);
        RequireKnownKeys(layer, agent);
        var options = ResolveOptions(layer, agent);
        if (agent.StartSteps is { } start && layer.Values["online.start_steps"].Origin == Default)
            layer.Set("online.start_steps", start.ToString(CultureInfo.InvariantCulture), Default);
        var values = new List<KeyValuePair<string, string>>();
        foreach (var key in ConfigurationSchema.Keys)
        {
            values.Add(KeyValuePair.Create(key.Name, Canonical(key, layer.Values[key.Name])));
            if (key.Name == ConfigurationSchema.AgentName)
                values.AddRange(Ordered(options, agent).Select(option => KeyValuePair.Create(ConfigurationSchema.AgentPrefix + option.Key, option.Value)));
        }

        var resolved = new ResolvedConfiguration(agent, values) { Preset = preset };
        // With one number each the data need not be known; with several it is checked beside them.
        return resolved.Numbers("data.action_low") is not [var low] || resolved.Numbers("data.action_high") is not [var high] || low < high ? resolved : throw new UsageException(
            $"data.action_low is {resolved.Text("data.action_low")} and data.action_high is {resolved.Text("data.action_high")}; expected the "
            + "smallest and the largest action, the first below the second.");
    }

    private static IReadOnlyDictionary<string, string> ResolveOptions(ConfigurationLayer layer, IAgentFactory agent)
    {
        var given = layer.Values.Where(pair => ConfigurationSchema.IsAgentOption(pair.Key))
            .ToDictionary(pair => pair.Key[ConfigurationSchema.AgentPrefix.Length..], pair => pair.Value.Text, StringComparer.Ordinal);
        try
        {
            return agent.Resolve(given);
        }
        catch (UsageException error)
        {
            // The agent knows its options but not where they were said.
            var named = given.Keys.FirstOrDefault(name => error.Message.Contains($"'{name}'", StringComparison.Ordinal));
            throw named is null ? error : new UsageException($"{ConfigurationSchema.AgentPrefix}{named} ({layer.Values[ConfigurationSchema.AgentPrefix + named].Origin}): {error.Message}");
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Ordered(IReadOnlyDictionary<string, string> options, IAgentFactory agent)
    {
        var order = agent.Options.Select((option, index) => (option.Name, index)).ToDictionary(pair => pair.Name, pair => pair.index);
        return options.OrderBy(option => order.GetValueOrDefault(option.Key, int.MaxValue)).ThenBy(option => option.Key, StringComparer.Ordinal);
    }

    private IAgentFactory FindAgent(LayerValue name)
    {
        // The name of an agent brings its tables with it, so those behind the one wanted are not asked.
        if (catalog.Agents.FirstOrDefault(agent => agent.Name == name.Text) is { } found)
            return found;
        var names = catalog.Agents.Select(agent => agent.Name).ToList();
        throw new UsageException(
            $"There is no agent '{name.Text}' ({name.Origin}).{NearestName.Question(name.Text, names)} "
            + $"Known: {(names.Count == 0 ? "none" : string.Join(", ", names))}.");
    }

    private static void RequireKnownKeys(ConfigurationLayer layer, IAgentFactory agent)
    {
        var known = ConfigurationSchema.Keys.Select(key => key.Name)
            .Concat(agent.Options.Select(option => ConfigurationSchema.AgentPrefix + option.Name)).ToHashSet(StringComparer.Ordinal);
        string Hint(string key) => known.Any(name => name.StartsWith(key + ".", StringComparison.Ordinal))
            ? $" It is a group: its keys stand below it, indented, or are written {known.First(name => name.StartsWith(key + ".", StringComparison.Ordinal))}."
            : NearestName.Question(key, known);
        var faults = layer.Values.Where(pair => !known.Contains(pair.Key))
            .Select(pair => $"There is no key '{pair.Key}' ({pair.Value.Origin}).{Hint(pair.Key)}").ToList();
        if (faults.Count > 0)
            throw new UsageException($"{string.Join(Environment.NewLine, faults)} All keys are listed by: ofql train --dry-run.");
    }

    private string Canonical(ConfigurationKey key, LayerValue value)
    {
        var text = value.Text;
        switch (key.Kind)
        {
            case ValueKind.Integer:
                // 1e6 and 20_000 are what people write for large counts.
                var plain = text.Replace("_", "", StringComparison.Ordinal);
                if (long.TryParse(plain, NumberStyles.Integer, CultureInfo.InvariantCulture, out var integer))
                    return InRange(key, value, integer).ToString(CultureInfo.InvariantCulture);
                if (double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var whole) && whole == Math.Floor(whole) && Math.Abs(whole) < 1e15)
                    return InRange(key, value, (long)whole).ToString(CultureInfo.InvariantCulture);
                throw Wrong(key, value, "a whole number");
            case ValueKind.Number:
                return Number(key, value, text, "a number");
            case ValueKind.Numbers:
                return string.Join(',', text.Split(',', StringSplitOptions.TrimEntries).Select(one => Number(key, value, one, "a number, or several with commas between them")));
            default:
                if (key.Words.Count > 0 && !key.Words.Contains(text))
                    throw Wrong(key, value, "one of " + string.Join(", ", key.Words), NearestName.Question(text, key.Words));
                if (key.Name != "environment")
                    return text;
                return text is "" or "none" ? "" : catalog.Environment(text).Name;
        }
    }

    private static string Number(ConfigurationKey key, LayerValue value, string text, string expected) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? InRange(key, value, number).ToString("R", CultureInfo.InvariantCulture)
            : throw Wrong(key, value, expected);

    private static T InRange<T>(ConfigurationKey key, LayerValue value, T number)
        where T : System.Numerics.INumber<T>
    {
        var size = double.CreateSaturating(number);
        if (size >= key.Minimum && size <= key.Maximum)
            return number;
        var least = key.Minimum == double.Epsilon ? "above 0" : FormattableString.Invariant($"of at least {key.Minimum}");
        throw Wrong(key, value, size < key.Minimum ? $"a number {least}" : FormattableString.Invariant($"a number of at most {key.Maximum}"));
    }

    private static UsageException Wrong(ConfigurationKey key, LayerValue value, string expected, string hint = "") =>
        new($"{key.Name} is '{value.Text}' ({value.Origin}); expected {expected}: {key.Description}.{hint}");
}
