using System.Globalization;
using Ofql.Agents.Options;
using Ofql.Data;
using Ofql.Graph.Parameters;

namespace Ofql.Agents;

/// <summary>
/// The policies of an algorithm as artefacts and back. An algorithm states its kind, the options that shape its networks and its
/// acting contract; its model's <see cref="AgentModel.Acting"/> gives the blocks.
/// </summary>
/// <typeparam name="TSettings">Settings record of the algorithm.</typeparam>
public sealed class PolicyFormat<TSettings>
    where TSettings : AgentSettings
{
    private const string FileFormat = "ofql-policy-1";
    private const string OptionPrefix = "network_";

    /// <summary>Value of the metadata entry <c>kind</c>: the algorithm's name.</summary>
    public required string Kind { get; init; }

    /// <summary>What the file promises: action = ..., in words of the paper.</summary>
    public required string Contract { get; init; }

    /// <summary>The algorithm's options.</summary>
    public required OptionTable<TSettings> Options { get; init; }

    /// <summary>Names of the options that acting depends on: the shapes of the networks, the way of acting.</summary>
    public required IReadOnlyList<string> ActingOptionNames { get; init; }

    /// <summary>Further ones that files of earlier versions lack: written where they are not at their default, which a file without them means.</summary>
    public IReadOnlyList<string> LaterActingOptionNames { get; init; } = [];

    /// <summary>The model for settings, S and A.</summary>
    public required Func<TSettings, int, int, AgentModel> CreateModel { get; init; }

    /// <summary>Settings from texts; the table's own reading unless the algorithm has another.</summary>
    public Func<IReadOnlyDictionary<string, string>, TSettings>? Parse { get; init; }

    /// <summary>Everything that is needed to act, copied.</summary>
    public PolicyArtefact Write(AgentModel model, DataTransforms transforms, TSettings settings)
    {
        var options = Options.Format(settings);
        var metadata = ActingOptionNames.ToDictionary(name => OptionPrefix + name, name => options[name]);
        var defaults = Options.Options.ToDictionary(option => option.Name, option => option.Default);
        foreach (var name in LaterActingOptionNames.Where(name => options[name] != defaults[name]))
            metadata[OptionPrefix + name] = options[name];
        metadata["kind"] = Kind;
        metadata["format"] = FileFormat;
        metadata["state_size"] = model.StateSize.ToString(CultureInfo.InvariantCulture);
        metadata["action_size"] = model.ActionSize.ToString(CultureInfo.InvariantCulture);
        metadata["contract"] = Contract;
        var tensors = new Dictionary<string, (long[], float[])>
        {
            ["state_shift"] = ([transforms.StateSize], transforms.States.Shift),
            ["state_scale"] = ([transforms.StateSize], transforms.States.Scale),
            ["action_low"] = ([transforms.ActionSize], transforms.ActionLow),
            ["action_high"] = ([transforms.ActionSize], transforms.ActionHigh),
        };
        foreach (var (name, block) in model.Acting.Blocks)
        {
            foreach (var tensor in block.Layout.Tensors)
            {
                var values = new float[tensor.Count];
                block.Read(tensor, values);
                tensors[$"{name}.{tensor.Name}"] = (tensor.Shape, values);
            }
        }

        return new PolicyArtefact(metadata, tensors);
    }

    /// <summary>A policy ready to act, from an artefact.</summary>
    /// <exception cref="OfqlException">The artefact is of another kind, incomplete or damaged.</exception>
    public IActor CreateActor(PolicyArtefact artefact, ActingOptions options, int capacity)
    {
        var (model, transforms) = Read(artefact);
        return new CandidateActor(model.Acting, transforms, options, capacity, owned: model);
    }

    /// <summary>What a policy computes, for other programs.</summary>
    /// <exception cref="OfqlException">The artefact is of another kind, incomplete or damaged, or has no value where one is asked for.</exception>
    public PolicyOutline Outline(PolicyArtefact artefact, bool withValue)
    {
        var (model, transforms) = Read(artefact);
        using (model)
            return PolicyOutline.Of(model.Acting, transforms, withValue);
    }

    internal (AgentModel Model, DataTransforms Transforms) Read(PolicyArtefact artefact)
    {
        var reader = new PolicyReader(artefact);
        if (reader.Fact("kind") != Kind)
            throw new OfqlException($"The policy is of kind '{reader.Fact("kind")}'; expected '{Kind}'.");
        var options = ActingOptionNames.ToDictionary(name => name, name => reader.Fact(OptionPrefix + name));
        foreach (var name in LaterActingOptionNames.Where(name => artefact.Metadata.ContainsKey(OptionPrefix + name)))
            options[name] = artefact.Metadata[OptionPrefix + name];
        var (settings, stateSize, actionSize) = PolicyReader.Guarded(() => (
            Parse is null ? Options.Parse(options) : Parse(options), reader.Size("state_size"), reader.Size("action_size")));
        float[] low = reader.Tensor("action_low", actionSize), high = reader.Tensor("action_high", actionSize);
        var transforms = new DataTransforms(
            new Normalizer(reader.Tensor("state_shift", stateSize), reader.Tensor("state_scale", stateSize)),
            Normalizer.ToUnitBox(low, high),
            new RewardTransform(0f, 1f),
            low,
            high);
        var model = CreateModel(settings, stateSize, actionSize);
        try
        {
            foreach (var (name, block) in model.Acting.Blocks)
                reader.Fill(name, block);
        }
        catch
        {
            model.Dispose();
            throw;
        }

        return (model, transforms);
    }
}

/// <summary>Facts and tensors of a policy artefact, each checked before it is used.</summary>
internal sealed class PolicyReader(PolicyArtefact artefact)
{
    /// <summary>What reads texts of the file, with its errors as those of the file.</summary>
    public static T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is UsageException or FormatException or OverflowException)
        {
            throw new OfqlException($"The policy file's facts are damaged: {error.Message} Export the policy again.", error);
        }
    }

    public string Fact(string name) =>
        artefact.Metadata.TryGetValue(name, out var value)
            ? value
            : throw new OfqlException($"The policy file does not state '{name}'. It was not written by 'ofql export', or by an older version.");

    public int Size(string name) => int.Parse(Fact(name), CultureInfo.InvariantCulture);

    public float[] Tensor(string name, int count)
    {
        if (!artefact.Tensors.TryGetValue(name, out var tensor))
            throw new OfqlException($"The policy file lacks the tensor '{name}'. Export the policy again.");
        if (tensor.Values.Length != count)
            throw new OfqlException($"Tensor '{name}' of the policy file has {tensor.Values.Length} values; expected {count}. Export the policy again.");
        // One damaged weight would make every action NaN.
        return tensor.Values.All(float.IsFinite)
            ? tensor.Values
            : throw new OfqlException($"Tensor '{name}' of the policy file holds NaN or infinity: the file is damaged. Export the policy again.");
    }

    /// <summary>Reads a block's tensors, named <c>prefix.tensor</c>.</summary>
    public void Fill(string prefix, ParameterBlock block)
    {
        foreach (var tensor in block.Layout.Tensors)
            block.Write(tensor, Tensor($"{prefix}.{tensor.Name}", tensor.Count));
    }
}
