namespace Ofql.Cli.Configuration;

/// <summary>One value with where it was said, for messages.</summary>
internal readonly record struct LayerValue(string Text, string Origin);

/// <summary>
/// One layer of configuration, keys in their order of appearance. Later layers win; one that names a data source takes the
/// place of the source below it, whichever kind that was; one that names another agent drops the options of the one below.
/// </summary>
internal sealed class ConfigurationLayer
{
    private readonly Dictionary<string, LayerValue> _values = new(StringComparer.Ordinal);

    /// <summary>The values by key.</summary>
    public IReadOnlyDictionary<string, LayerValue> Values => _values;

    public void Set(string key, string value, string origin) => _values[key] = new LayerValue(value, origin);

    /// <summary>Sets a value unless it is null.</summary>
    public void SetGiven(string key, object? value, string origin)
    {
        if (value is not null)
            Set(key, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!, origin);
    }

    /// <summary>Puts a layer on top of this one.</summary>
    public void Cover(ConfigurationLayer upper)
    {
        if (upper._values.TryGetValue("data.file", out var file))
            Set("data.generate", "", file.Origin);
        if (upper._values.TryGetValue("data.generate", out var generate))
            Set("data.file", "", generate.Origin);
        // Options of one agent mean nothing to another.
        if (upper._values.TryGetValue(ConfigurationSchema.AgentName, out var agent) && _values.GetValueOrDefault(ConfigurationSchema.AgentName).Text != agent.Text)
        {
            foreach (var key in _values.Keys.Where(ConfigurationSchema.IsAgentOption).ToList())
                _values.Remove(key);
        }

        foreach (var (key, value) in upper._values)
            _values[key] = value;
    }

    /// <summary>A layer from <c>key=value</c> texts.</summary>
    /// <exception cref="UsageException">One without an equals sign.</exception>
    public static ConfigurationLayer OfAssignments(IEnumerable<string> assignments, string example = "training.updates=20000")
    {
        var layer = new ConfigurationLayer();
        foreach (var assignment in assignments)
        {
            var at = assignment.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
                throw new UsageException($"--set '{assignment}': expected key=value, such as --set {example}.");
            layer.Set(assignment[..at].Trim(), assignment[(at + 1)..].Trim(), "--set");
        }

        return layer;
    }
}
