using System.Globalization;
using Ofql.Partitions;

namespace Ofql.Agents;

/// <summary>
/// The policies of an adaptive Q-learning agent as artefacts and back: Q and the first child of every node of the trees (a root per tree first),
/// and the scaling to the unit cube. Visits are left out: acting does not read them.
/// </summary>
/// <param name="kind">Value of the metadata entry <c>kind</c>: the algorithm's name.</param>
internal sealed class AdaptiveQFormat(string kind)
{
    private const string FileFormat = "ofql-policy-1";
    private const string Contract =
        "action = action_low + (action_high - action_low) (corner + Phi(noise) width) of the cell of largest tree_q among those that hold the state; "
        + "tree_child: first of 2^(S+A) children, whose bit i is the half of dimension i, 0 for a cell; the first 'trees' nodes are the roots, one per step if more than 1";

    /// <summary>Value of the metadata entry <c>kind</c>.</summary>
    public string Kind => kind;

    /// <summary>Everything that is needed to act, copied.</summary>
    public PolicyArtefact Write(AdaptivePartition partition, UnitCube cube)
    {
        float[] q = new float[partition.Nodes], child = new float[partition.Nodes];
        for (var node = 0; node < partition.Nodes; node++)
            (q[node], child[node]) = (partition.Value(node), partition.FirstChild(node));
        return new PolicyArtefact(
            new Dictionary<string, string>
            {
                ["kind"] = kind,
                ["format"] = FileFormat,
                ["state_size"] = Text(cube.Shift.Length),
                ["action_size"] = Text(cube.ActionLow.Length),
                ["trees"] = Text(partition.Trees),
                ["nodes"] = Text(partition.Nodes),
                ["contract"] = Contract,
            },
            new Dictionary<string, (long[], float[])>
            {
                ["state_shift"] = Vector(cube.Shift),
                ["state_scale"] = Vector(cube.Scale),
                ["state_squashed"] = Vector(cube.Squashed),
                ["action_low"] = Vector(cube.ActionLow),
                ["action_high"] = Vector(cube.ActionHigh),
                ["tree_q"] = Vector(q),
                ["tree_child"] = Vector(child),
            });
    }

    /// <summary>A policy ready to act, from an artefact.</summary>
    /// <exception cref="OfqlException">The artefact is of another kind, incomplete or damaged.</exception>
    public IActor CreateActor(PolicyArtefact artefact, ActingOptions options, int capacity)
    {
        var reader = new PolicyReader(artefact);
        if (reader.Fact("kind") != kind)
            throw new OfqlException($"The policy is of kind '{reader.Fact("kind")}'; expected '{kind}'.");
        var (stateSize, actionSize, trees, nodes) = PolicyReader.Guarded(() =>
            (Count(reader, "state_size", 1), Count(reader, "action_size", 1), Count(reader, "trees", 1), Count(reader, "nodes", 1)));
        var cube = new UnitCube(
            reader.Tensor("state_shift", stateSize), reader.Tensor("state_scale", stateSize), reader.Tensor("state_squashed", stateSize),
            reader.Tensor("action_low", actionSize), reader.Tensor("action_high", actionSize));
        float[] q = reader.Tensor("tree_q", nodes), child = reader.Tensor("tree_child", nodes);
        var partition = PolicyReader.Guarded(() => new AdaptivePartition(stateSize, actionSize, trees, nodes, 0));
        var rows = new float[3 * nodes];
        for (var node = 0; node < nodes; node++)
            (rows[3 * node], rows[(3 * node) + 2]) = (q[node], child[node]);
        partition.Write(rows);
        return new AdaptiveQActor(partition, cube, options.NoiseScale, capacity);
    }

    private static int Count(PolicyReader reader, string name, int least) =>
        reader.Size(name) is var count && count >= least && count <= AdaptivePartition.MaximumCount
            ? count
            : throw new FormatException($"'{name}' is {count}; expected {least} to {AdaptivePartition.MaximumCount}.");

    private static (long[], float[]) Vector(float[] values) => ([values.Length], [.. values]);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
