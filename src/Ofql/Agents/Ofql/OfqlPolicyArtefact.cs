using Ofql.Data;
using Ofql.Graph.Parameters;

namespace Ofql.Agents.Ofql;

/// <summary>A policy of OFQL as an artefact and back: actor, target critics (for candidate selection), normaliser, bounds, contract.</summary>
public static class OfqlPolicyArtefact
{
    /// <summary>Value of the metadata entry <c>kind</c>.</summary>
    public const string Kind = "ofql";

    /// <summary>The settings that shape the networks; only these are needed to act.</summary>
    private static readonly string[] _shapeOptions =
        ["hidden_width", "hidden_layers", "activation", "critic_layer_norm", "embedding_size", "embedding_mlp", "embedding_frequencies"];

    /// <summary>A policy ready to act, from an artefact.</summary>
    /// <exception cref="OfqlException">The artefact is of another kind, or incomplete.</exception>
    public static IActor CreateActor(PolicyArtefact artefact, ActingOptions options, int capacity)
    {
        var model = Read(artefact);
        return new OwningActor(new OfqlActor(model, model.Theta, model.PhiTarget, options, capacity), model);
    }

    internal static PolicyArtefact Write(OfqlModel model, OfqlSettings settings)
    {
        var options = OfqlOptions.Table.Format(settings);
        var metadata = _shapeOptions.ToDictionary(name => "network_" + name, name => options[name]);
        metadata["kind"] = Kind;
        metadata["format"] = "ofql-policy-1";
        metadata["state_size"] = model.Actor.Shape.StateSize.ToString(System.Globalization.CultureInfo.InvariantCulture);
        metadata["action_size"] = model.Actor.Shape.ActionSize.ToString(System.Globalization.CultureInfo.InvariantCulture);
        metadata["contract"] = "action = invert(clip(noise - u(noise, 0, 1; normalize(state)), -1, 1)); noise ~ N(0, I)";
        var tensors = new Dictionary<string, (long[], float[])>
        {
            ["state_shift"] = ([model.States.Shift.Length], model.States.Shift),
            ["state_scale"] = ([model.States.Scale.Length], model.States.Scale),
            ["action_low"] = ([model.ActionLow.Length], model.ActionLow),
            ["action_high"] = ([model.ActionHigh.Length], model.ActionHigh),
        };
        Add(tensors, "actor", settings.ActWith == ActingParameters.Average ? model.ThetaTarget : model.Theta);
        Add(tensors, "critic_target", model.PhiTarget);
        return new PolicyArtefact(metadata, tensors);
    }

    internal static OfqlModel Read(PolicyArtefact artefact)
    {
        if (Fact(artefact, "kind") != Kind)
            throw new OfqlException($"The policy is of kind '{Fact(artefact, "kind")}'; expected '{Kind}'.");
        var options = _shapeOptions.ToDictionary(name => name, name => Fact(artefact, "network_" + name));
        OfqlSettings settings;
        int stateSize, actionSize;
        try
        {
            settings = OfqlOptions.Parse(options);
            stateSize = int.Parse(Fact(artefact, "state_size"), System.Globalization.CultureInfo.InvariantCulture);
            actionSize = int.Parse(Fact(artefact, "action_size"), System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is UsageException or FormatException or OverflowException)
        {
            throw new OfqlException($"The policy file's facts are damaged: {error.Message} Export the policy again.", error);
        }

        float[] low = Tensor(artefact, "action_low", actionSize), high = Tensor(artefact, "action_high", actionSize);
        var model = new OfqlModel(settings, stateSize, actionSize)
        {
            States = new Normalizer(Tensor(artefact, "state_shift", stateSize), Tensor(artefact, "state_scale", stateSize)),
            Actions = Normalizer.ToUnitBox(low, high),
            ActionLow = low,
            ActionHigh = high,
        };
        Fill(artefact, "actor", model.Theta);
        Fill(artefact, "critic_target", model.PhiTarget);
        return model;
    }

    private static void Add(Dictionary<string, (long[], float[])> tensors, string prefix, ParameterBlock block)
    {
        foreach (var tensor in block.Layout.Tensors)
        {
            var values = new float[tensor.Count];
            block.Read(tensor, values);
            tensors[$"{prefix}.{tensor.Name}"] = (tensor.Shape, values);
        }
    }

    private static void Fill(PolicyArtefact artefact, string prefix, ParameterBlock block)
    {
        foreach (var tensor in block.Layout.Tensors)
            block.Write(tensor, Tensor(artefact, $"{prefix}.{tensor.Name}", tensor.Count));
    }

    private static string Fact(PolicyArtefact artefact, string name) =>
        artefact.Metadata.TryGetValue(name, out var value)
            ? value
            : throw new OfqlException($"The policy file does not state '{name}'. It was not written by 'ofql export', or by an older version.");

    private static float[] Tensor(PolicyArtefact artefact, string name, int count)
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

    /// <summary>An actor that also owns its model.</summary>
    private sealed class OwningActor(OfqlActor actor, OfqlModel model) : IActor
    {
        public int StateSize => actor.StateSize;

        public int ActionSize => actor.ActionSize;

        public int Capacity => actor.Capacity;

        public int NoisePerState => actor.NoisePerState;

        public void Act(int count, ReadOnlySpan<float> states, ReadOnlySpan<float> noise, ReadOnlySpan<float> uniforms, Span<float> actions) =>
            actor.Act(count, states, noise, uniforms, actions);

        public void Dispose()
        {
            actor.Dispose();
            model.Dispose();
        }
    }
}
