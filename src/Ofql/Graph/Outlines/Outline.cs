using Ofql.Graph.Parameters;

namespace Ofql.Graph.Outlines;

/// <summary>
/// What a graph computes, for batches of any size, as a list of elementary operations that another program can carry out: without memory,
/// schedule, tangents or gradients. Parameters are copied.
/// </summary>
public sealed class Outline
{
    private Outline(IReadOnlyList<OutlineStep> steps, IReadOnlyList<(string Name, int Step)> outputs) => (Steps, Outputs) = (steps, outputs);

    /// <summary>The operations, each after those that it reads.</summary>
    public IReadOnlyList<OutlineStep> Steps { get; }

    /// <summary>Results by name: which step gives each.</summary>
    public IReadOnlyList<(string Name, int Step)> Outputs { get; }

    /// <summary>Describes the computation of some nodes of one graph.</summary>
    /// <param name="outputs">The nodes with the names of the results.</param>
    /// <param name="nameOf">Name of a block, before those of its tensors; null for <see cref="ParameterBlock.Name"/>.</param>
    /// <exception cref="GraphException">
    /// The graph is over batches of one, where a single row cannot be told from a batch, or a node mixes the elements of a batch, or is a tangent.
    /// </exception>
    public static Outline Of(IReadOnlyList<(string Name, Node Node)> outputs, Func<ParameterBlock, string>? nameOf = null)
    {
        var graph = outputs[0].Node.Graph;
        if (graph.Batch == 1)
            throw new GraphException("An outline is made of a graph over batches of 2 or more: in batches of one, a row of the batch looks like a row that all share.");
        var builder = new OutlineBuilder(graph.Batch, nameOf ?? (block => block.Name));
        var wanted = Reached(outputs.Select(output => output.Node), graph.Nodes.Count);
        foreach (var node in graph.Nodes.Where(node => wanted[node.Id]))
            builder.Describe(node);
        return Trimmed(builder.Steps, outputs.Select(output => (output.Name, builder[output.Node])).ToList());
    }

    private static bool[] Reached(IEnumerable<Node> outputs, int count)
    {
        var reached = new bool[count];
        var open = new Stack<Node>(outputs);
        while (open.TryPop(out var node))
        {
            if (reached[node.Id])
                continue;
            reached[node.Id] = true;
            foreach (var input in node.Inputs.Concat(node.Operands))
                open.Push(input);
        }

        return reached;
    }

    /// <summary>Without the steps that nothing reads: a node may describe itself by what its inputs consist of.</summary>
    private static Outline Trimmed(IReadOnlyList<OutlineStep> steps, List<(string Name, int Step)> outputs)
    {
        var read = new bool[steps.Count];
        foreach (var (_, step) in outputs)
            read[step] = true;
        for (var i = steps.Count - 1; i >= 0; i--)
        {
            // Inputs stay: they are what the caller has to give.
            read[i] |= steps[i] is InputStep;
            foreach (var operand in read[i] ? steps[i].Operands : [])
                read[operand] = true;
        }

        var place = new int[steps.Count];
        var kept = new List<OutlineStep>();
        for (var i = 0; i < steps.Count; i++)
        {
            place[i] = kept.Count;
            if (read[i])
                kept.Add(steps[i].At(operand => place[operand]));
        }

        return new Outline(kept, outputs.Select(output => (output.Name, place[output.Step])).ToList());
    }
}
