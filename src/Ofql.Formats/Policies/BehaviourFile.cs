using System.Globalization;
using Ofql.Agents;
using Ofql.Formats.Files;
using Ofql.Formats.Safetensors;

namespace Ofql.Formats.Policies;

/// <summary>A policy as it was at one step of the run that made it.</summary>
/// <param name="Step">Environment steps.</param>
/// <param name="Return">Its mean return without noise, as evaluated in that run; NaN where it was not.</param>
/// <param name="Policy">The policy.</param>
public sealed record BehaviourPolicy(long Step, double Return, PolicyArtefact Policy);

/// <summary>
/// The policies that D4RL-style data of one environment is collected by: snapshots of one online run, with their roles.
/// </summary>
public sealed record BehaviourSet
{
    /// <summary>Name of the environment.</summary>
    public required string Environment { get; init; }

    /// <summary>The policies by step, in order.</summary>
    public required IReadOnlyList<BehaviourPolicy> Policies { get; init; }

    /// <summary>Step of the medium policy.</summary>
    public required long Medium { get; init; }

    /// <summary>Step of the expert; null where the run has not brought one forth.</summary>
    public long? Expert { get; init; }

    /// <summary>Steps of the policies that stand for the run up to <see cref="Medium"/>, in order.</summary>
    public required IReadOnlyList<long> Replay { get; init; }

    /// <summary>Steps with uniform actions that the run began with.</summary>
    public required long StartSteps { get; init; }

    /// <summary>How the run was made: command, seed, simulator.</summary>
    public IReadOnlyDictionary<string, string> Training { get; init; } = new Dictionary<string, string>();

    /// <summary>Every step that has a role.</summary>
    internal IEnumerable<long> Roles => [.. Replay, Medium, .. Expert is { } expert ? [expert] : Array.Empty<long>()];

    /// <summary>The policy of a step.</summary>
    /// <exception cref="OfqlException">It is not among them.</exception>
    public BehaviourPolicy At(long step) => Policies.FirstOrDefault(policy => policy.Step == step) ?? throw new OfqlException(
        $"There is no policy of step {step} of {Environment}. There are: {string.Join(", ", Policies.Select(policy => policy.Step))}.");
}

/// <summary>
/// A <see cref="BehaviourSet"/> as one safetensors file: tensors <c>step-000010000.actor.fc1.weight</c>; network weights in half
/// precision (the policies are what the file holds, not what was rounded into it), transforms and bounds in F32.
/// </summary>
public static class BehaviourFile
{
    private const string PolicyPrefix = "policy_";
    private const string TrainingPrefix = "training_";

    /// <summary>Writes the file.</summary>
    /// <exception cref="OfqlException">A weight beyond half precision, policies of different kinds, a role without its policy.</exception>
    public static void Save(BehaviourSet set, string path)
    {
        ArgumentNullException.ThrowIfNull(set);
        foreach (var step in set.Roles)
            set.At(step);
        var shared = set.Policies[0].Policy.Metadata;
        if (set.Policies.FirstOrDefault(policy => !SameFacts(policy.Policy.Metadata, shared)) is { } odd)
            throw new OfqlException($"Cannot write '{path}': the policy of step {odd.Step} is of another shape than that of step {set.Policies[0].Step}.");
        var metadata = new Dictionary<string, string>
        {
            ["environment"] = set.Environment,
            ["medium"] = Text(set.Medium),
            ["replay"] = string.Join(',', set.Replay.Select(Text)),
            ["start_steps"] = Text(set.StartSteps),
            ["steps"] = string.Join(',', set.Policies.Select(policy => Text(policy.Step))),
            ["returns"] = string.Join(',', set.Policies.Select(policy => policy.Return.ToString("R", CultureInfo.InvariantCulture))),
        };
        if (set.Expert is { } expert)
            metadata["expert"] = Text(expert);
        foreach (var (key, value) in shared)
            metadata[PolicyPrefix + key] = value;
        foreach (var (key, value) in set.Training)
            metadata[TrainingPrefix + key] = value;
        SafetensorsWriter.Write(path, ArtefactKind.Behaviours.Stamp(metadata, path), set.Policies.SelectMany(policy => Entries(policy, path)));
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="OfqlException">It cannot be read, or is damaged.</exception>
    public static BehaviourSet Open(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var metadata = ArtefactKind.Behaviours.Check(file.Metadata, path);
        try
        {
            var steps = Numbers(metadata["steps"]);
            var returns = metadata["returns"].Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToList();
            var facts = Part(metadata, PolicyPrefix);
            var set = new BehaviourSet
            {
                Environment = metadata["environment"],
                Medium = Numbers(metadata["medium"]).Single(),
                Expert = metadata.TryGetValue("expert", out var expert) ? Numbers(expert).Single() : null,
                Replay = Numbers(metadata["replay"]),
                StartSteps = Numbers(metadata["start_steps"]).Single(),
                Training = Part(metadata, TrainingPrefix),
                Policies = steps.Zip(returns, (step, value) => new BehaviourPolicy(step, value, new PolicyArtefact(facts, Tensors(file, step)))).ToList(),
            };
            foreach (var step in set.Roles)
                set.At(step);
            return set;
        }
        catch (Exception cause) when (cause is KeyNotFoundException or FormatException or InvalidOperationException or OverflowException)
        {
            throw new OfqlException($"'{path}' is not a file of behaviour policies, or is damaged: {cause.Message}", cause);
        }
    }

    private static IEnumerable<SafetensorsEntry> Entries(BehaviourPolicy policy, string path) => policy.Policy.Tensors.Select(tensor =>
    {
        var (shape, values) = tensor.Value;
        var name = Prefix(policy.Step) + tensor.Key;
        // Weights have the name of their network before them.
        if (!tensor.Key.Contains('.', StringComparison.Ordinal))
            return SafetensorsEntry.Of(name, shape, values);
        var halves = Array.ConvertAll(values, value => (Half)value);
        return halves.All(Half.IsFinite)
            ? SafetensorsEntry.Of(name, shape, halves)
            : throw new OfqlException($"Cannot write '{path}': '{name}' holds a weight beyond half precision (65504).");
    });

    private static Dictionary<string, (long[] Shape, float[] Values)> Tensors(SafetensorsFile file, long step) => file.Names
        .Where(name => name.StartsWith(Prefix(step), StringComparison.Ordinal))
        .ToDictionary(name => name[Prefix(step).Length..], name => (file.Shape(name), file.ReadSingles(name)));

    private static Dictionary<string, string> Part(Dictionary<string, string> metadata, string prefix) => metadata
        .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value);

    private static List<long> Numbers(string text) => text.Length == 0 ? [] : text.Split(',').Select(part => long.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture)).ToList();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Prefix(long step) => StepName.Of(step) + ".";

    private static bool SameFacts(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(pair => b.GetValueOrDefault(pair.Key) == pair.Value);
}
