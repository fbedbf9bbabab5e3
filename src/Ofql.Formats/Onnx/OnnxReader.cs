using Google.Protobuf;
using static Google.Protobuf.WireFormat;

namespace Ofql.Formats.Onnx;

/// <summary>A model from the bytes of a protocol buffer, as far as <see cref="OnnxModel"/> goes; fields beyond it are passed over.</summary>
internal static class OnnxReader
{
    /// <exception cref="OfqlException">The bytes are no model, or one with parts that are not supported.</exception>
    public static OnnxModel Read(byte[] bytes)
    {
        try
        {
            return Model(bytes);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new OfqlException($"The ONNX model is damaged: {error.Message}", error);
        }
    }

    private static OnnxModel Model(byte[] bytes)
    {
        long version = 0, opset = 0;
        string producer = "", producerVersion = "";
        var metadata = new List<KeyValuePair<string, string>>();
        OnnxGraph? graph = null;
        Fields(bytes, new()
        {
            [(OnnxFields.Model.IrVersion, WireType.Varint)] = input => version = input.ReadInt64(),
            [(OnnxFields.Model.Producer, WireType.LengthDelimited)] = input => producer = input.ReadString(),
            [(OnnxFields.Model.ProducerVersion, WireType.LengthDelimited)] = input => producerVersion = input.ReadString(),
            [(OnnxFields.Model.Graph, WireType.LengthDelimited)] = input => graph = Graph(Part(input)),
            [(OnnxFields.Model.Opset, WireType.LengthDelimited)] = input => opset = Opset(Part(input)) ?? opset,
            [(OnnxFields.Model.Metadata, WireType.LengthDelimited)] = input => metadata.Add(Pair(Part(input))),
        });
        return graph is not null && version > 0 && opset > 0
            ? new OnnxModel(version, opset, producer, producerVersion, metadata, graph)
            : throw new OfqlException("This is no ONNX model: it states no graph, no version of the format or none of its operators.");
    }

    // Other domains than ONNX's own bring operators of their own.
    private static long? Opset(byte[] bytes)
    {
        var domain = "";
        long version = 0;
        Fields(bytes, new()
        {
            [(OnnxFields.Opset.Domain, WireType.LengthDelimited)] = input => domain = input.ReadString(),
            [(OnnxFields.Opset.Version, WireType.Varint)] = input => version = input.ReadInt64(),
        });
        return domain.Length == 0 ? version : null;
    }

    private static KeyValuePair<string, string> Pair(byte[] bytes)
    {
        string key = "", value = "";
        Fields(bytes, new()
        {
            [(OnnxFields.Pair.Key, WireType.LengthDelimited)] = input => key = input.ReadString(),
            [(OnnxFields.Pair.Value, WireType.LengthDelimited)] = input => value = input.ReadString(),
        });
        return KeyValuePair.Create(key, value);
    }

    private static OnnxGraph Graph(byte[] bytes)
    {
        var name = "";
        var nodes = new List<OnnxNode>();
        var constants = new List<OnnxTensor>();
        List<OnnxPort> inputs = [], outputs = [];
        Fields(bytes, new()
        {
            [(OnnxFields.Graph.Node, WireType.LengthDelimited)] = input => nodes.Add(Node(Part(input))),
            [(OnnxFields.Graph.Name, WireType.LengthDelimited)] = input => name = input.ReadString(),
            [(OnnxFields.Graph.Constant, WireType.LengthDelimited)] = input => constants.Add(Tensor(Part(input))),
            [(OnnxFields.Graph.Input, WireType.LengthDelimited)] = input => inputs.Add(Port(Part(input))),
            [(OnnxFields.Graph.Output, WireType.LengthDelimited)] = input => outputs.Add(Port(Part(input))),
        });
        return new OnnxGraph(name, nodes, constants, inputs, outputs);
    }

    private static OnnxNode Node(byte[] bytes)
    {
        string name = "", kind = "", domain = "";
        List<string> inputs = [], outputs = [];
        var attributes = new List<OnnxAttribute>();
        Fields(bytes, new()
        {
            [(OnnxFields.Node.Input, WireType.LengthDelimited)] = input => inputs.Add(input.ReadString()),
            [(OnnxFields.Node.Output, WireType.LengthDelimited)] = input => outputs.Add(input.ReadString()),
            [(OnnxFields.Node.Name, WireType.LengthDelimited)] = input => name = input.ReadString(),
            [(OnnxFields.Node.Operator, WireType.LengthDelimited)] = input => kind = input.ReadString(),
            [(OnnxFields.Node.Attribute, WireType.LengthDelimited)] = input => attributes.Add(Attribute(Part(input))),
            [(OnnxFields.Node.Domain, WireType.LengthDelimited)] = input => domain = input.ReadString(),
        });
        return domain.Length == 0
            ? new OnnxNode(kind, name, inputs, outputs, attributes)
            : throw new OfqlException($"The ONNX model uses '{kind}' of the domain '{domain}'; only ONNX's own operators are supported.");
    }

    private static OnnxAttribute Attribute(byte[] bytes)
    {
        var (name, number, kind) = ("", 0f, 0L);
        long? integer = null;
        Fields(bytes, new()
        {
            [(OnnxFields.Attribute.Name, WireType.LengthDelimited)] = input => name = input.ReadString(),
            [(OnnxFields.Attribute.Number, WireType.Fixed32)] = input => number = input.ReadFloat(),
            [(OnnxFields.Attribute.Integer, WireType.Varint)] = input => integer = input.ReadInt64(),
            [(OnnxFields.Attribute.Kind, WireType.Varint)] = input => kind = input.ReadInt64(),
        });
        return kind switch
        {
            OnnxFields.Attribute.NumberKind => OnnxAttribute.Of(name, number),
            OnnxFields.Attribute.IntegerKind => OnnxAttribute.Of(name, integer ?? 0),
            _ => throw new OfqlException($"The ONNX model has an attribute '{name}' of kind {kind}; only numbers and integers are supported."),
        };
    }

    private static OnnxTensor Tensor(byte[] bytes)
    {
        var shape = new List<long>();
        var (name, type) = ("", 0L);
        byte[] values = [];
        Fields(bytes, new()
        {
            [(OnnxFields.Tensor.Size, WireType.Varint)] = input => shape.Add(input.ReadInt64()),
            [(OnnxFields.Tensor.Type, WireType.Varint)] = input => type = input.ReadInt64(),
            [(OnnxFields.Tensor.Name, WireType.LengthDelimited)] = input => name = input.ReadString(),
            [(OnnxFields.Tensor.Raw, WireType.LengthDelimited)] = input => values = Part(input),
        });
        return new OnnxTensor(name, Type(name, type), shape, values);
    }

    private static OnnxPort Port(byte[] bytes)
    {
        var (name, type) = ("", 0L);
        var shape = new List<long?>();
        Fields(bytes, new()
        {
            [(OnnxFields.Port.Name, WireType.LengthDelimited)] = input => name = input.ReadString(),
            [(OnnxFields.Port.Type, WireType.LengthDelimited)] = outer => Only(outer, OnnxFields.Port.TensorType, tensor => Fields(tensor, new()
            {
                [(OnnxFields.Port.ElementType, WireType.Varint)] = input => type = input.ReadInt64(),
                [(OnnxFields.Port.Shape, WireType.LengthDelimited)] = sizes => Only(sizes, OnnxFields.Port.Dimension, size => shape.Add(Size(size))),
            })),
        });
        return new OnnxPort(name, Type(name, type), shape);
    }

    private static long? Size(byte[] bytes)
    {
        long? size = null;
        Fields(bytes, new() { [(OnnxFields.Port.DimensionValue, WireType.Varint)] = input => size = input.ReadInt64() });
        return size;
    }

    private static OnnxType Type(string name, long number) => Enum.IsDefined((OnnxType)number)
        ? (OnnxType)number
        : throw new OfqlException($"The ONNX model's tensor '{name}' is of type {number}; only float32 (1), int64 (7) and booleans (9) are supported.");

    private static void Only(CodedInputStream input, int field, Action<byte[]> read) =>
        Fields(Part(input), new() { [(field, WireType.LengthDelimited)] = part => read(Part(part)) });

    private static byte[] Part(CodedInputStream input) => input.ReadBytes().ToByteArray();

    private static void Fields(byte[] bytes, Dictionary<(int Field, WireType Wire), Action<CodedInputStream>> readers)
    {
        var input = new CodedInputStream(bytes);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (readers.TryGetValue((GetTagFieldNumber(tag), GetTagWireType(tag)), out var read))
                read(input);
            else
                input.SkipLastField();
        }
    }
}
