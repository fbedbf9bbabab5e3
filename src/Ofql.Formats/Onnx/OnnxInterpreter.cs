namespace Ofql.Formats.Onnx;

/// <summary>
/// Carries out a model in double precision, slowly: the witness of what a file computes. Knows the operators that
/// <see cref="OnnxLowering"/> writes, and is as strict about types and shapes as a runtime.
/// </summary>
internal sealed class OnnxInterpreter
{
    private readonly OnnxGraph _graph;
    private readonly Dictionary<string, OnnxValue> _constants = [];
    private readonly Dictionary<string, int> _lastUse = [];

    /// <exception cref="OfqlException">The model contradicts itself, or has an operator that is not known here.</exception>
    public OnnxInterpreter(OnnxModel model)
    {
        _graph = model.Graph;
        foreach (var constant in _graph.Constants)
        {
            if (!_constants.TryAdd(constant.Name, OnnxValue.Of(constant)))
                throw new OfqlException($"The ONNX model has two constants named '{constant.Name}'.");
        }

        for (var i = 0; i < _graph.Nodes.Count; i++)
        {
            OnnxOperators.Check(_graph.Nodes[i]);
            foreach (var input in _graph.Nodes[i].Inputs)
                _lastUse[input] = i;
        }

        foreach (var output in _graph.Outputs)
            _lastUse[output.Name] = int.MaxValue;
    }

    /// <summary>The model in the bytes of a file.</summary>
    /// <exception cref="OfqlException">They are damaged or no model.</exception>
    public static OnnxInterpreter Of(byte[] bytes) => new(OnnxReader.Read(bytes));

    /// <summary>Multiplications of matrix products so far: what the time goes into.</summary>
    public long Multiplications { get; private set; }

    /// <summary>The outputs for some inputs.</summary>
    /// <exception cref="OfqlException">The inputs are not those of the model, or it cannot be carried out.</exception>
    public IReadOnlyDictionary<string, OnnxValue> Run(IReadOnlyDictionary<string, OnnxValue> inputs)
    {
        var values = new Dictionary<string, OnnxValue>(_constants);
        int? batch = null;
        foreach (var port in _graph.Inputs)
            Set(values, port.Name, Matched(port, inputs.GetValueOrDefault(port.Name), ref batch));
        for (var i = 0; i < _graph.Nodes.Count; i++)
            Run(_graph.Nodes[i], i, values);
        return _graph.Outputs.ToDictionary(port => port.Name, port => Matched(port, values.GetValueOrDefault(port.Name), ref batch));
    }

    private void Run(OnnxNode node, int place, Dictionary<string, OnnxValue> values)
    {
        var operands = new OnnxValue[node.Inputs.Count];
        for (var i = 0; i < operands.Length; i++)
        {
            operands[i] = values.TryGetValue(node.Inputs[i], out var value)
                ? value
                : throw new OfqlException($"The ONNX model's node '{node.Name}' reads '{node.Inputs[i]}', which nothing has written before.");
        }

        if (node.Operator == "Gemm" && operands is [{ Shape: [var rows, _] }, { Shape: [var outputs, var sums] }, ..])
            Multiplications += (long)rows * outputs * sums;
        var results = OnnxOperators.Run(node, operands);
        for (var i = 0; i < results.Length; i++)
            Set(values, node.Outputs[i], results[i]);
        foreach (var input in node.Inputs.Where(input => _lastUse[input] == place && !_constants.ContainsKey(input)))
            values.Remove(input);
    }

    private static void Set(Dictionary<string, OnnxValue> values, string name, OnnxValue value)
    {
        if (!values.TryAdd(name, value))
            throw new OfqlException($"The ONNX model writes '{name}' twice.");
    }

    /// <summary>A value that fits what the model declares: all sizes of the batch are the same.</summary>
    private static OnnxValue Matched(OnnxPort port, OnnxValue? value, ref int? batch)
    {
        if (value is null)
            throw new OfqlException($"The ONNX model's '{port.Name}' is not there.");
        var fits = value.Type == port.Type && value.Shape.Length == port.Shape.Count;
        for (var i = 0; fits && i < value.Shape.Length; i++)
            fits = value.Shape[i] == (port.Shape[i] ?? (batch ??= value.Shape[i]));
        return fits ? value : throw new OfqlException(
            $"The ONNX model's '{port.Name}' is {value.Type} {value.ShapeText}; declared is {port.Type} [{string.Join(", ", port.Shape.Select(size => size?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "N"))}].");
    }
}
