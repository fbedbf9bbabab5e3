using Ofql.Graph.Outlines;
using Ofql.Graph.Parameters;
using static Ofql.Graph.Functions;

namespace Ofql.Agents;

/// <summary>
/// What a policy computes, as operations that another program can carry out: from states in the task's units to actions within their bounds,
/// one sample per state at noise scale 1.
/// </summary>
/// <param name="Network">Inputs <see cref="State"/> [N, S] and, where there is noise, <see cref="Noise"/> [N, <paramref name="NoiseSize"/>]; results <see cref="Action"/> [N, A] and, if asked for, <see cref="Value"/> [N, 1].</param>
/// <param name="Transforms">Between the task's units and the networks'; the network holds them already.</param>
/// <param name="NoiseSize">Standard normal numbers per action; 0 for a deterministic policy.</param>
public sealed record PolicyOutline(Outline Network, DataTransforms Transforms, int NoiseSize)
{
    /// <summary>Name of the states.</summary>
    public const string State = "state";

    /// <summary>Name of the noise.</summary>
    public const string Noise = "noise";

    /// <summary>Name of the actions.</summary>
    public const string Action = "action";

    /// <summary>Name of the actions' values.</summary>
    public const string Value = "value";

    /// <summary>Whether it gives values.</summary>
    public bool HasValue => Network.Outputs.Count > 1;

    /// <summary>The outline of a rule.</summary>
    /// <exception cref="OfqlException">Values are asked for, and the rule has none.</exception>
    internal static PolicyOutline Of(ActingRule rule, DataTransforms transforms, bool withValue)
    {
        if (withValue && rule.Value is null)
            throw new OfqlException("This policy has no value to judge its actions by: it acts by the only one it has. Export it without the value.");
        // Of two rows: outlines are made of batches.
        using var graph = new Graph.Graph(2);
        using var units = new Units(transforms);
        var state = graph.Input(State, transforms.StateSize);
        var noise = rule.NoiseSize == 0 ? null : graph.Input(Noise, rule.NoiseSize);
        var s = transforms.States.IsIdentity ? state : (state - units.Row(graph, "state_shift")) * units.Row(graph, "state_scale");
        var a = rule.Action(s, noise);
        var inUnits = transforms.Actions.IsIdentity ? a : (a / units.Row(graph, "action_scale")) + units.Row(graph, "action_shift");
        var action = Min(Max(inUnits, units.Row(graph, "action_low")), units.Row(graph, "action_high"));
        var names = rule.Blocks.ToDictionary(pair => pair.Block, pair => pair.Name);
        names[units.Block] = "";
        var outputs = new List<(string, Graph.Node)> { (Action, action) };
        if (withValue)
            outputs.Add((Value, rule.Value!(s, a)));
        return new PolicyOutline(Outline.Of(outputs, block => names.GetValueOrDefault(block, block.Name)), transforms, rule.NoiseSize);
    }

    /// <summary>The transforms as parameters of a graph, under the names that policy files give them.</summary>
    private sealed class Units : IDisposable
    {
        public Units(DataTransforms transforms)
        {
            (string Name, float[] Values)[] rows =
            [
                ("state_shift", transforms.States.Shift), ("state_scale", transforms.States.Scale),
                ("action_shift", transforms.Actions.Shift), ("action_scale", transforms.Actions.Scale),
                ("action_low", transforms.ActionLow), ("action_high", transforms.ActionHigh),
            ];
            var layout = new ParameterLayout();
            foreach (var (name, values) in rows)
                layout.AddVector(name, values.Length);
            Block = new ParameterBlock("units", layout);
            foreach (var (name, values) in rows)
                Block.Write(layout[name], values);
        }

        public ParameterBlock Block { get; }

        public Graph.Node Row(Graph.Graph graph, string name) => graph.Parameter(Block, Block.Layout[name]);

        public void Dispose() => Block.Dispose();
    }
}
