using System.Globalization;
using System.Runtime.InteropServices;
using Ofql.Graph.Outlines;
using Ofql.Kernels.Elementwise;

namespace Ofql.Formats.Onnx;

/// <summary>Writes the steps of an outline as operators of ONNX (opset 18: the axes of all reductions are inputs).</summary>
internal sealed class OnnxLowering
{
    private readonly Outline _outline;
    private readonly string[] _names;
    private readonly List<OnnxNode> _nodes = [];
    private readonly List<OnnxTensor> _constants = [];
    private readonly Dictionary<string, string> _shared = [];
    private readonly Dictionary<int, string> _results = [];

    private OnnxLowering(Outline outline)
    {
        _outline = outline;
        _names = new string[outline.Steps.Count];
        foreach (var (name, step) in outline.Outputs)
            _results.TryAdd(step, name);
    }

    /// <summary>The graph of an outline; inputs and results keep their names.</summary>
    public static OnnxGraph Graph(string name, Outline outline)
    {
        var lowering = new OnnxLowering(outline);
        for (var i = 0; i < outline.Steps.Count; i++)
            lowering._names[i] = lowering.Lower(i, outline.Steps[i]);
        foreach (var (result, step) in outline.Outputs.Where(output => lowering._names[output.Step] != output.Name))
            lowering._nodes.Add(new OnnxNode("Identity", result, [lowering._names[step]], [result], []));
        var inputs = outline.Steps.OfType<InputStep>().Select(input => Port(input.Name, input.Shape));
        var outputs = outline.Outputs.Select(output => Port(output.Name, outline.Steps[output.Step].Shape));
        return OnnxFolding.Fold(new OnnxGraph(name, lowering._nodes, lowering._constants, [.. inputs], [.. outputs]));
    }

    private static OnnxPort Port(string name, OutlineShape shape) => shape.RowsPerElement == 1
        ? new OnnxPort(name, OnnxType.Float, [null, shape.Columns])
        : throw new OfqlException($"'{name}' does not have one row per state, so it cannot be an input or output of an ONNX model.");

    private string Lower(int place, OutlineStep step) => step switch
    {
        InputStep input => input.Name,
        // Written where they are read: as a row here, as a vector there.
        ParameterStep or ConstantStep => "",
        ProductStep product => Emit(place, "Gemm", product.Bias is { } bias ? [Name(product.X), Matrix(product.Weight), Vector(bias)] : [Name(product.X), Matrix(product.Weight)], OnnxAttribute.Of("transB", 1)),
        UnaryStep unary => Lower(place, unary),
        BinaryStep binary => Emit(place, OperatorOf(binary.Operation), [Name(binary.A), Name(binary.B)]),
        JoinStep join => Emit(place, "Concat", [.. join.Parts.Select(Name)], OnnxAttribute.Of("axis", 1)),
        ColumnsStep columns => Slice(place, Name(columns.X), columns.First, step.Shape.Columns),
        SpreadStep spread => Emit(place, "Expand", [Name(spread.X), Rows(step.Shape)]),
        NormalizeStep normalize => Emit(place, "LayerNormalization", [Name(normalize.X), Vector(normalize.Scale), Vector(normalize.Shift)], OnnxAttribute.Of("axis", -1), OnnxAttribute.Of("epsilon", normalize.Epsilon)),
        ReduceStep { Reduction: RowReduction.Largest, Rank: > 1 } ranked => Ranked(place, ranked),
        ReduceStep reduce => Emit(place, OperatorOf(reduce.Reduction), [Name(reduce.X), Integers(1)], OnnxAttribute.Of("keepdims", 1)),
        RepeatStep repeat => Emit(place, "Reshape", [Emit(null, "Tile", [Name(repeat.X), Integers(1, repeat.Times)]), Integers(-1, step.Shape.Columns)]),
        ReshapeStep reshape => Emit(place, "Reshape", [Name(reshape.X), Integers(-1, step.Shape.Columns)]),
        SumRowsStep sum => Emit(place, "ReduceSum", [Emit(null, "Reshape", [Name(sum.X), Integers(-1, sum.Size, step.Shape.Columns)]), Integers(1)], OnnxAttribute.Of("keepdims", 0)),
        _ => throw new NotSupportedException($"{step.GetType().Name} has no operator of ONNX."),
    };

    private string Lower(int place, UnaryStep step)
    {
        var x = Name(step.X);
        return step.Operation switch
        {
            UnaryOperation.Scale => Emit(place, "Mul", [x, Number(step.C0)]),
            UnaryOperation.Offset => Emit(place, "Add", [x, Number(step.C0)]),
            UnaryOperation.Square => Emit(place, "Mul", [x, x]),
            UnaryOperation.Absolute => Emit(place, "Abs", [x]),
            UnaryOperation.Exponential => Emit(place, "Exp", [x]),
            UnaryOperation.Logarithm => Emit(place, "Log", [x]),
            UnaryOperation.SquareRoot => Emit(place, "Sqrt", [x]),
            UnaryOperation.Reciprocal => Emit(place, "Reciprocal", [x]),
            UnaryOperation.Power => Emit(place, "Pow", [x, Number(step.C0)]),
            UnaryOperation.Clamp => Emit(place, "Clip", [x, Number(step.C0), Number(step.C1)]),
            UnaryOperation.Negative => Emit(place, "Cast", [Emit(null, "Less", [x, Number(0f)])], OnnxAttribute.Of("to", (long)OnnxType.Float)),
            UnaryOperation.Sine => Emit(place, "Sin", [x]),
            UnaryOperation.Cosine => Emit(place, "Cos", [x]),
            UnaryOperation.Silu => Emit(place, "Mul", [x, Emit(null, "Sigmoid", [x])]),
            UnaryOperation.Gelu => Gelu(place, x),
            // An operator of its own since opset 18, but few runtimes have it.
            UnaryOperation.Mish => Emit(place, "Mul", [x, Emit(null, "Tanh", [Emit(null, "Softplus", [x])])]),
            UnaryOperation.Relu or UnaryOperation.Tanh or UnaryOperation.Sigmoid or UnaryOperation.Softplus or UnaryOperation.Elu =>
                Emit(place, step.Operation.ToString(), [x]),
            _ => throw new NotSupportedException($"{step.Operation} has no operator of ONNX."),
        };
    }

    /// <summary>The tanh form, x sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)); ONNX has it as an operator from opset 20 on only.</summary>
    private string Gelu(int place, string x)
    {
        var slope = 2 * Math.Sqrt(2 / Math.PI);
        var square = Emit(null, "Mul", [x, x]);
        var cubic = Emit(null, "Add", [Emit(null, "Mul", [square, Number((float)(0.044715 * slope))]), Number((float)slope)]);
        return Emit(place, "Mul", [x, Emit(null, "Sigmoid", [Emit(null, "Mul", [x, cubic])])]);
    }

    private string Ranked(int place, ReduceStep step)
    {
        var sorted = $"sorted_{Text(place)}";
        _nodes.Add(new OnnxNode("TopK", sorted, [Name(step.X), Integers(step.Rank)], [sorted, sorted + "_places"], [OnnxAttribute.Of("axis", 1)]));
        return Slice(place, sorted, step.Rank - 1, 1);
    }

    private string Slice(int place, string x, int first, int count) => Emit(place, "Slice", [x, Integers(first), Integers(first + count), Integers(1)]);

    /// <summary>The sizes [rows, columns] of a value as a tensor: rows follow the batch.</summary>
    private string Rows(OutlineShape shape)
    {
        if (shape.RowsPerElement == 0)
            return Integers(1, shape.Columns);
        return Once($"rows_{Text(shape.RowsPerElement)}_{Text(shape.Columns)}", name =>
        {
            var batch = Once("batch", batch => Add("Shape", batch, [_outline.Steps.OfType<InputStep>().First().Name], OnnxAttribute.Of("start", 0), OnnxAttribute.Of("end", 1)));
            var rows = shape.RowsPerElement == 1 ? batch : Once($"batch_{Text(shape.RowsPerElement)}", times => Add("Mul", times, [batch, Integers(shape.RowsPerElement)]));
            Add("Concat", name, [rows, Integers(shape.Columns)], OnnxAttribute.Of("axis", 0));
        });
    }

    /// <summary>A value with two axes.</summary>
    private string Name(int place) => _outline.Steps[place] switch
    {
        ParameterStep parameter => Once(parameter.Name, name => Floats(name, [1, parameter.Columns], parameter.Values), "row"),
        ConstantStep constant => Once($"constant_{constant.Value.ToString("R", CultureInfo.InvariantCulture)}_{Text(constant.Shape.Columns)}", name =>
            Floats(name, [1, constant.Shape.Columns], Enumerable.Repeat(constant.Value, constant.Shape.Columns).ToArray())),
        _ => _names[place],
    };

    /// <summary>A parameter with one axis; what is computed has two.</summary>
    private string Vector(int place) => _outline.Steps[place] is ParameterStep parameter
        ? Once(parameter.Name, name => Floats(name, [parameter.Columns], parameter.Values), "vector")
        : Name(place);

    private string Matrix(int place)
    {
        var parameter = (ParameterStep)_outline.Steps[place];
        return Once(parameter.Name, name => Floats(name, [parameter.Rows, parameter.Columns], parameter.Values), "matrix");
    }

    private string Number(float value) => Once($"number_{value.ToString("R", CultureInfo.InvariantCulture)}", name => Floats(name, [], [value]));

    private string Integers(params long[] values) => Once($"integers_{string.Join('_', values)}", name =>
        _constants.Add(new OnnxTensor(name, OnnxType.Integer, [values.Length], MemoryMarshal.AsBytes<long>(values).ToArray())));

    private void Floats(string name, long[] shape, float[] values) =>
        _constants.Add(new OnnxTensor(name, OnnxType.Float, shape, MemoryMarshal.AsBytes<float>(values).ToArray()));

    /// <summary>What is made the first time it is asked for; another form of the same gets a name of its own.</summary>
    private string Once(string name, Action<string> make, string form = "")
    {
        var key = $"{name}/{form}";
        if (!_shared.TryGetValue(key, out var made))
        {
            _shared[key] = made = _shared.ContainsValue(name) ? $"{name}_{form}" : name;
            make(made);
        }

        return made;
    }

    private string Emit(int? place, string kind, string[] inputs, params OnnxAttribute[] attributes)
    {
        var name = place is { } at && _results.TryGetValue(at, out var result) ? result : $"{kind.ToLowerInvariant()}_{Text(_nodes.Count)}";
        return Add(kind, name, inputs, attributes);
    }

    private string Add(string kind, string name, string[] inputs, params OnnxAttribute[] attributes)
    {
        _nodes.Add(new OnnxNode(kind, name, inputs, [name], attributes));
        return name;
    }

    private static string OperatorOf(BinaryOperation operation) => operation switch
    {
        BinaryOperation.Add => "Add",
        BinaryOperation.Subtract => "Sub",
        BinaryOperation.Multiply => "Mul",
        BinaryOperation.Divide => "Div",
        BinaryOperation.Minimum => "Min",
        BinaryOperation.Maximum => "Max",
        _ => throw new NotSupportedException($"{operation} has no operator of ONNX."),
    };

    private static string OperatorOf(RowReduction reduction) => reduction switch
    {
        RowReduction.Sum => "ReduceSum",
        RowReduction.Largest => "ReduceMax",
        _ => "ReduceLogSumExp",
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
