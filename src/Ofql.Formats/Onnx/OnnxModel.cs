namespace Ofql.Formats.Onnx;

/// <summary>Types of tensors, by the numbers of ONNX's <c>TensorProto.DataType</c>.</summary>
internal enum OnnxType
{
    /// <summary>float32.</summary>
    Float = 1,

    /// <summary>Signed 64-bit integers: shapes and places.</summary>
    Integer = 7,

    /// <summary>Truth values.</summary>
    Boolean = 9,
}

/// <summary>A model as it lies in a file: the part of ONNX's <c>ModelProto</c> that policies need.</summary>
/// <param name="IrVersion">Version of the file format.</param>
/// <param name="Opset">Version of the operators.</param>
/// <param name="Producer">Who wrote it.</param>
/// <param name="ProducerVersion">Which version of that.</param>
/// <param name="Metadata">Facts by name.</param>
/// <param name="Graph">What it computes.</param>
internal sealed record OnnxModel(
    long IrVersion, long Opset, string Producer, string ProducerVersion, IReadOnlyList<KeyValuePair<string, string>> Metadata, OnnxGraph Graph);

/// <summary>Operations in the order of their execution, and the names of what goes in and comes out.</summary>
internal sealed record OnnxGraph(
    string Name, IReadOnlyList<OnnxNode> Nodes, IReadOnlyList<OnnxTensor> Constants, IReadOnlyList<OnnxPort> Inputs, IReadOnlyList<OnnxPort> Outputs);

/// <summary>One operation; results and operands by name.</summary>
internal sealed record OnnxNode(string Operator, string Name, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyList<OnnxAttribute> Attributes);

/// <summary>A property of an operation: a number, or an integer where <see cref="Integer"/> is given.</summary>
internal sealed record OnnxAttribute(string Name, float Number, long? Integer)
{
    public static OnnxAttribute Of(string name, long value) => new(name, 0f, value);

    public static OnnxAttribute Of(string name, float value) => new(name, value, null);
}

/// <summary>Fixed numbers.</summary>
/// <param name="Name">Name.</param>
/// <param name="Type">Type.</param>
/// <param name="Shape">Sizes; none for a single number.</param>
/// <param name="Values">Little-endian, row-major.</param>
internal sealed record OnnxTensor(string Name, OnnxType Type, IReadOnlyList<long> Shape, byte[] Values);

/// <summary>An input or output.</summary>
/// <param name="Name">Name.</param>
/// <param name="Type">Type.</param>
/// <param name="Shape">Sizes; null where the size is the batch's.</param>
internal sealed record OnnxPort(string Name, OnnxType Type, IReadOnlyList<long?> Shape);
