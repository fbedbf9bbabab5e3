using System.Globalization;
using Ofql.Agents;

namespace Ofql.Cli.Configuration;

/// <summary>Every key with its value, checked: what a run is made of, and what <c>config.yaml</c> holds.</summary>
internal sealed class ResolvedConfiguration
{
    private readonly Dictionary<string, string> _byKey;

    public ResolvedConfiguration(IAgentFactory agent, IReadOnlyList<KeyValuePair<string, string>> values)
    {
        Agent = agent;
        Values = values;
        _byKey = values.ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>The algorithm that the configuration names.</summary>
    public IAgentFactory Agent { get; }

    /// <summary>The preset that the environment brought, for what nobody says; null where the task was named, a run's configuration saved, or there is none.</summary>
    public string? Preset { get; init; }

    /// <summary>All keys in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Values { get; }

    public string AgentName => Text(ConfigurationSchema.AgentName);

    /// <summary>The agent's options without their prefix.</summary>
    public IReadOnlyDictionary<string, string> AgentOptions => Values.Where(pair => ConfigurationSchema.IsAgentOption(pair.Key))
        .ToDictionary(pair => pair.Key[ConfigurationSchema.AgentPrefix.Length..], pair => pair.Value, StringComparer.Ordinal);

    /// <summary>Whether it learns while collecting.</summary>
    public bool IsOnline => Integer("online.steps") > 0;

    /// <summary>Whether it names recorded data.</summary>
    public bool HasData => Text("data.file").Length > 0 || Text("data.generate").Length > 0;

    /// <summary>Steps of the run: environment steps when online, else updates.</summary>
    public long Steps => Integer(IsOnline ? "online.steps" : "training.updates");

    /// <summary>The checkpoint, or the run, that learning online begins from; empty for none.</summary>
    public string From => Text("online.from");

    /// <summary>What its steps are.</summary>
    public string StepUnit => IsOnline ? "environment step" : "update";

    public string Text(string key) => _byKey[key];

    /// <summary>The value of a key that not every agent has; null for none.</summary>
    public string? Find(string key) => _byKey.GetValueOrDefault(key);

    public long Integer(string key) => long.Parse(_byKey[key], NumberStyles.Integer, CultureInfo.InvariantCulture);

    public double Number(string key) => double.Parse(_byKey[key], NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>The numbers of a key that holds one or several.</summary>
    public double[] Numbers(string key) => Array.ConvertAll(_byKey[key].Split(','), text => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture));

    public string ToYaml() => YamlText.Write(Values);

    /// <summary>The same configuration with another value for one key.</summary>
    public ResolvedConfiguration With(string key, string value) =>
        new(Agent, Values.Select(pair => pair.Key == key ? KeyValuePair.Create(key, value) : pair).ToList()) { Preset = Preset };

    /// <summary>
    /// The keys whose difference forbids to continue <paramref name="run"/> with this configuration, one line each.
    /// </summary>
    public IReadOnlyList<string> ForbiddenDifferences(ResolvedConfiguration run)
    {
        var lines = new List<string>();
        foreach (var key in Values.Select(pair => pair.Key).Union(run.Values.Select(pair => pair.Key)))
        {
            var before = run._byKey.GetValueOrDefault(key);
            var now = _byKey.GetValueOrDefault(key);
            if (before != now && !MayDiffer(key, run))
                lines.Add($"{key}: '{before ?? "(not set)"}' in the run, '{now ?? "(not set)"}' now");
        }

        return lines;
    }

    private bool MayDiffer(string key, ResolvedConfiguration run) => ConfigurationSchema.Find(key)?.Effect switch
    {
        KeyEffect.Watching => true,
        // What began from a checkpoint keeps the courses of the run before, however many steps it takes itself.
        KeyEffect.Length => Integer(key) >= run.Integer(key) && (!Agent.DependsOnLength(AgentOptions) || (From.Length > 0 && key == "online.steps")),
        _ => false,
    };
}
