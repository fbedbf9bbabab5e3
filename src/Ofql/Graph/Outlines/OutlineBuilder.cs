using System.Globalization;
using Ofql.Graph.Execution;
using Ofql.Graph.Parameters;

namespace Ofql.Graph.Outlines;

/// <summary>Collects the steps of an outline while nodes describe themselves, in the order of their graph.</summary>
/// <param name="batch">Rows of the graph's batch.</param>
/// <param name="nameOf">Name of a block.</param>
internal sealed class OutlineBuilder(int batch, Func<ParameterBlock, string> nameOf)
{
    private readonly List<OutlineStep> _steps = [];
    private readonly Dictionary<Node, int> _places = [];
    private readonly Dictionary<(ParameterBlock, ParameterTensor, RowSelection?), int> _parameters = [];
    private readonly Dictionary<float[], int> _rows = [];

    public IReadOnlyList<OutlineStep> Steps => _steps;

    /// <summary>The step that gives the value of a node.</summary>
    public int this[Node node] => _places[node];

    public void Describe(Node node) => _places[node] = node.Describe(this);

    /// <summary>A step whose result has the shape of a node.</summary>
    public int Add(OutlineStep step, Node shape) => Add(step, shape.Rows, shape.Columns);

    public int Add(OutlineStep step, int rows, int columns)
    {
        _steps.Add(step with { Shape = new OutlineShape(rows == 1 ? 0 : rows / batch, columns) });
        return _steps.Count - 1;
    }

    /// <summary>A step in the rows and columns given: itself where it has them.</summary>
    public int Spread(int step, int rows, int columns) =>
        _steps[step].Shape == new OutlineShape(rows == 1 ? 0 : rows / batch, columns) ? step : Add(new SpreadStep(step), rows, columns);

    /// <summary>A weight [outputs, inputs], or some of its inputs; a vector as a row.</summary>
    public int Parameter(ParameterBlock block, ParameterTensor tensor, RowSelection? inputs = null)
    {
        if (_parameters.TryGetValue((block, tensor, inputs), out var known))
            return known;
        var values = new float[tensor.Count];
        block.Read(tensor, values);
        var name = nameOf(block) is { Length: > 0 } prefix ? $"{prefix}.{tensor.Name}" : tensor.Name;
        var (rows, columns) = tensor.IsMatrix ? (tensor.Outputs, tensor.Inputs) : (1, tensor.Count);
        if (inputs is not null)
        {
            // y = x W^T: inputs of the layer are columns here.
            values = Enumerable.Range(0, rows)
                .SelectMany(row => inputs.Runs.SelectMany(run => values.AsSpan((row * columns) + run.First, run.Count).ToArray())).ToArray();
            columns = inputs.Count;
            name += "." + string.Join('.', inputs.Runs.Select(run => string.Create(CultureInfo.InvariantCulture, $"{run.First}_{run.First + run.Count - 1}")));
        }

        return _parameters[(block, tensor, inputs)] = Add(new ParameterStep(name, rows, columns, values), 1, columns);
    }

    /// <summary>A row of fixed numbers; the same array gives the same step.</summary>
    public int Row(string name, float[] values)
    {
        if (!_rows.TryGetValue(values, out var step))
        {
            var unique = _rows.Count == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}_{_rows.Count + 1}");
            _rows[values] = step = Add(new ParameterStep(unique, 1, values.Length, values), 1, values.Length);
        }

        return step;
    }

    /// <summary>Refuses a node that makes several rows of one, or one of several, where that one is shared by the whole batch.</summary>
    public static void RequireBatch(Node node, Node input)
    {
        if (input.Rows == 1)
            throw new GraphException($"{node} takes a single row for a batch; described for batches of any size, it would mean something else.");
    }
}
