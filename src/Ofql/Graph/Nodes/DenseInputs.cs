using Ofql.Graph.Execution;

namespace Ofql.Graph.Nodes;

/// <summary>
/// The inputs of a dense layer, cut in two: those that differ from row to row, and single rows that all rows of the batch share, such as
/// the embedding of a time that is the same for all. What the shared ones contribute is computed once and added to the bias.
/// </summary>
/// <param name="Varying">[R, K'] the inputs that vary; all of them where nothing is shared.</param>
/// <param name="Rows">Their rows in the weight; null for all.</param>
/// <param name="Shared">Single rows, each with the rows of the weight that it meets.</param>
internal sealed record DenseInputs(Node Varying, RowSelection? Rows, (Node Row, RowRun Run)[] Shared)
{
    /// <summary>Cuts <paramref name="x"/> where it is a concatenation with shared rows and the layer can do without them.</summary>
    /// <param name="x">[R, K].</param>
    /// <param name="outputs">N of the layer.</param>
    public static DenseInputs Of(Node x, int outputs)
    {
        var whole = new DenseInputs(x, null, []);
        // A layer of one output is a sum of products along the row: it has no bias row to take the shared part.
        if (x is not ConcatenateNode || outputs == 1)
            return whole;
        var parts = Places(x);
        var shared = parts.Where(part => part.Node.Rows == 1 && (x.Rows > 1 || part.Node.IsStill)).ToArray();
        var varying = parts.Except(shared).ToArray();
        // A product takes two columns at least.
        if (shared.Length == 0 || varying.Sum(part => part.Run.Count) < 2)
            return whole;
        return new DenseInputs(Join(varying, x.Rows), RowSelection.Of(varying.Select(part => part.Run), x.Columns), shared);
    }

    /// <summary>Of the tangent of x, what moves, with its rows of the weight: parts that stand still contribute nothing.</summary>
    /// <param name="x">[R, K].</param>
    /// <param name="along">Its tangent.</param>
    public static (Node Along, RowSelection? Rows) Moving(Node x, Node along)
    {
        if (x is not ConcatenateNode || along is not ConcatenateNode || !x.Inputs.Select(part => part.Columns).SequenceEqual(along.Inputs.Select(part => part.Columns)))
            return (along, null);
        var moving = Places(along).Where(part => part.Node is not ConstantNode { Value: 0f }).ToArray();
        return moving.Sum(part => part.Run.Count) < 2
            ? (along, null)
            : (Join(moving, x.Rows), RowSelection.Of(moving.Select(part => part.Run), x.Columns));
    }

    /// <summary>The parts of a concatenation with the rows of the weight that they meet.</summary>
    private static List<(Node Node, RowRun Run)> Places(Node concatenation)
    {
        var places = new List<(Node, RowRun)>();
        var column = 0;
        foreach (var part in concatenation.Inputs)
        {
            places.Add((part, new RowRun(column, part.Columns)));
            column += part.Columns;
        }

        return places;
    }

    private static Node Join((Node Node, RowRun Run)[] parts, int rows)
    {
        var joined = parts.Length == 1 ? parts[0].Node : new ConcatenateNode(Array.ConvertAll(parts, part => part.Node));
        return SpreadNode.To(joined, rows, joined.Columns);
    }
}
