namespace Ofql.Formats.Onnx;

/// <summary>The operators by name: how many operands, which attributes, and the function.</summary>
internal static class OnnxOperators
{
    private static readonly Dictionary<string, Operator> All = new()
    {
        ["Identity"] = new(1, 1, [], call => [call[0]]),
        ["Abs"] = Unary(Math.Abs),
        ["Exp"] = Unary(Math.Exp),
        ["Log"] = Unary(Math.Log),
        ["Sqrt"] = Unary(Math.Sqrt),
        ["Reciprocal"] = Unary(x => 1 / x),
        ["Sin"] = Unary(Math.Sin),
        ["Cos"] = Unary(Math.Cos),
        ["Tanh"] = Unary(Math.Tanh),
        ["Sigmoid"] = Unary(x => 1 / (1 + Math.Exp(-x))),
        ["Relu"] = Unary(x => Math.Max(0, x)),
        ["Elu"] = Unary(x => x > 0 ? x : Math.Exp(x) - 1),
        ["Softplus"] = Unary(Softplus),
        ["Add"] = Binary((a, b) => a + b),
        ["Sub"] = Binary((a, b) => a - b),
        ["Mul"] = Binary((a, b) => a * b),
        ["Div"] = Binary((a, b) => a / b),
        ["Min"] = Binary(Math.Min),
        ["Max"] = Binary(Math.Max),
        ["Pow"] = Binary(Math.Pow),
        ["Less"] = Binary((a, b) => a < b ? 1 : 0, OnnxType.Boolean),
        ["Clip"] = new(3, 3, [], Clip),
        ["Cast"] = new(1, 1, ["to"], Cast),
        ["Gemm"] = new(2, 3, ["transB"], OnnxMatrixOperators.Gemm),
        ["LayerNormalization"] = new(3, 3, ["axis", "epsilon"], OnnxMatrixOperators.LayerNormalization),
        ["ReduceSum"] = Reduction(row => row.Sum()),
        ["ReduceMax"] = Reduction(row => row.Max()),
        ["ReduceLogSumExp"] = Reduction(LogSumExp),
        ["TopK"] = new(2, 2, ["axis"], OnnxMatrixOperators.TopK) { Results = 2 },
        ["Concat"] = new(1, int.MaxValue, ["axis"], OnnxShapeOperators.Concat),
        ["Slice"] = new(4, 4, [], OnnxShapeOperators.Slice),
        ["Shape"] = new(1, 1, ["start", "end"], OnnxShapeOperators.Shape),
        ["Expand"] = new(2, 2, [], OnnxShapeOperators.Expand),
        ["Reshape"] = new(2, 2, [], OnnxShapeOperators.Reshape),
        ["Tile"] = new(2, 2, [], OnnxShapeOperators.Tile),
    };

    /// <summary>Refuses a node that is not known here, as far as can be told without values.</summary>
    /// <exception cref="OfqlException">An unknown operator or attribute, or a wrong number of operands or results.</exception>
    public static void Check(OnnxNode node)
    {
        if (!All.TryGetValue(node.Operator, out var known))
            throw new OfqlException($"The ONNX model uses the operator '{node.Operator}' (node '{node.Name}'), which is not known here.");
        if (node.Inputs.Count < known.Least || node.Inputs.Count > known.Most || node.Outputs.Count != known.Results)
            throw new OfqlException($"The ONNX model's node '{node.Name}' gives {node.Operator} {node.Inputs.Count} operands and {node.Outputs.Count} results.");
        if (node.Attributes.FirstOrDefault(attribute => !known.Attributes.Contains(attribute.Name)) is { } odd)
            throw new OfqlException($"The ONNX model's node '{node.Name}' has the attribute '{odd.Name}', which is not known here for {node.Operator}.");
    }

    /// <summary>The results of a node that <see cref="Check"/> has passed.</summary>
    /// <exception cref="OfqlException">Types or shapes do not fit.</exception>
    public static OnnxValue[] Run(OnnxNode node, OnnxValue[] operands) => All[node.Operator].Function(new OnnxCall(node, operands));

    private static Operator Unary(Func<double, double> function) => new(1, 1, [], call =>
    {
        var x = call.Require(0, OnnxType.Float);
        return [x with { Values = Array.ConvertAll(x.Values, value => function(value)) }];
    });

    private static Operator Binary(Func<double, double, double> function, OnnxType? result = null) => new(2, 2, [], call =>
    {
        OnnxValue a = call[0], b = call.Require(1, a.Type);
        var shape = OnnxValue.Spread(a.Shape, b.Shape);
        if (shape is null || a.Type == OnnxType.Boolean)
            throw call.Error($"{a.Type} {a.ShapeText} and {b.ShapeText} do not go together");
        int[] first = a.Places(shape), second = b.Places(shape);
        var values = new double[first.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = function(a.Values[first[i]], b.Values[second[i]]);
        return [new OnnxValue(result ?? a.Type, shape, values)];
    });

    private static Operator Reduction(Func<double[], double> function) => new(2, 2, ["keepdims"], call => OnnxMatrixOperators.Reduce(call, function));

    private static OnnxValue[] Clip(OnnxCall call)
    {
        var x = call.Require(0, OnnxType.Float);
        double low = call.Require(1, OnnxType.Float).Values[0], high = call.Require(2, OnnxType.Float).Values[0];
        if (call[1].Shape.Length + call[2].Shape.Length > 0)
            throw call.Error("bounds are single numbers");
        return [x with { Values = Array.ConvertAll(x.Values, value => Math.Min(high, Math.Max(low, value))) }];
    }

    private static OnnxValue[] Cast(OnnxCall call) => call.Integer("to", 0) == (long)OnnxType.Float
        ? [call[0] with { Type = OnnxType.Float }]
        : throw call.Error("only casts to float32 are known");

    private static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    private static double LogSumExp(double[] row)
    {
        var most = row.Max();
        return most + Math.Log(row.Sum(value => Math.Exp(value - most)));
    }

    private sealed record Operator(int Least, int Most, string[] Attributes, Func<OnnxCall, OnnxValue[]> Function)
    {
        public int Results { get; init; } = 1;
    }
}

/// <summary>A node with the values of its operands.</summary>
internal sealed class OnnxCall(OnnxNode node, OnnxValue[] operands)
{
    public int Count => operands.Length;

    public OnnxValue this[int operand] => operands[operand];

    public OfqlException Error(string what) => new($"The ONNX model's node '{node.Name}' ({node.Operator}) cannot be carried out: {what}.");

    /// <summary>An operand of the type that it has to be of.</summary>
    public OnnxValue Require(int operand, OnnxType type) => operands[operand].Type == type
        ? operands[operand]
        : throw Error($"operand {operand + 1} is {operands[operand].Type}, expected {type}");

    /// <summary>A matrix of floats.</summary>
    public OnnxValue Matrix(int operand) => Require(operand, OnnxType.Float).Shape.Length == 2
        ? operands[operand]
        : throw Error($"operand {operand + 1} is {operands[operand].ShapeText}, expected a matrix");

    /// <summary>An operand that is a list of integers.</summary>
    public int[] Integers(int operand)
    {
        var value = Require(operand, OnnxType.Integer);
        return value.Shape.Length == 1 && value.Values.All(number => Math.Abs(number) <= int.MaxValue)
            ? Array.ConvertAll(value.Values, number => (int)number)
            : throw Error($"operand {operand + 1} is {value.ShapeText}, expected a list of sizes or places");
    }

    /// <summary>An operand that is a list of one integer.</summary>
    public int OnlyInteger(int operand) => Integers(operand) is [var only] ? only : throw Error($"operand {operand + 1} is a list of {Integers(operand).Length}, expected one number");

    /// <summary>An integer attribute.</summary>
    public long Integer(string name, long otherwise) => Attribute(name) is not { } attribute ? otherwise : attribute.Integer ?? throw Error($"'{name}' is no integer");

    /// <summary>A number attribute.</summary>
    public float Number(string name, float otherwise) => Attribute(name) is not { } attribute ? otherwise : attribute.Integer is null ? attribute.Number : throw Error($"'{name}' is an integer");

    /// <summary>An axis of a tensor, counted from its end where it is negative.</summary>
    public int Axis(long axis, int axes)
    {
        var counted = axis < 0 ? axis + axes : axis;
        return counted >= 0 && counted < axes ? (int)counted : throw Error($"there is no axis {axis}");
    }

    private OnnxAttribute? Attribute(string name) => node.Attributes.FirstOrDefault(attribute => attribute.Name == name);
}
