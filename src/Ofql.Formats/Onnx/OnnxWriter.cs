using Google.Protobuf;
using static Google.Protobuf.WireFormat;

namespace Ofql.Formats.Onnx;

/// <summary>A model as the bytes of a protocol buffer.</summary>
internal static class OnnxWriter
{
    private const string BatchName = "N";

    /// <exception cref="OfqlException">The model is larger than a protocol buffer can be.</exception>
    public static byte[] Bytes(OnnxModel model)
    {
        try
        {
            return Message(output => Write(output, model));
        }
        catch (Exception error) when (error is OverflowException or IOException)
        {
            throw new OfqlException("The model is larger than 2 GB, which is more than ONNX files hold. Use narrower networks.", error);
        }
    }

    private static void Write(CodedOutputStream output, OnnxModel model)
    {
        Integer(output, OnnxFields.Model.IrVersion, model.IrVersion);
        Text(output, OnnxFields.Model.Producer, model.Producer);
        Text(output, OnnxFields.Model.ProducerVersion, model.ProducerVersion);
        Part(output, OnnxFields.Model.Graph, part => Write(part, model.Graph));
        Part(output, OnnxFields.Model.Opset, part =>
        {
            Text(part, OnnxFields.Opset.Domain, "");
            Integer(part, OnnxFields.Opset.Version, model.Opset);
        });
        foreach (var (key, value) in model.Metadata)
        {
            Part(output, OnnxFields.Model.Metadata, part =>
            {
                Text(part, OnnxFields.Pair.Key, key);
                Text(part, OnnxFields.Pair.Value, value);
            });
        }
    }

    private static void Write(CodedOutputStream output, OnnxGraph graph)
    {
        foreach (var node in graph.Nodes)
            Part(output, OnnxFields.Graph.Node, part => Write(part, node));
        Text(output, OnnxFields.Graph.Name, graph.Name);
        foreach (var constant in graph.Constants)
            Part(output, OnnxFields.Graph.Constant, part => Write(part, constant));
        foreach (var port in graph.Inputs)
            Part(output, OnnxFields.Graph.Input, part => Write(part, port));
        foreach (var port in graph.Outputs)
            Part(output, OnnxFields.Graph.Output, part => Write(part, port));
    }

    private static void Write(CodedOutputStream output, OnnxNode node)
    {
        foreach (var input in node.Inputs)
            Text(output, OnnxFields.Node.Input, input);
        foreach (var result in node.Outputs)
            Text(output, OnnxFields.Node.Output, result);
        Text(output, OnnxFields.Node.Name, node.Name);
        Text(output, OnnxFields.Node.Operator, node.Operator);
        foreach (var attribute in node.Attributes)
            Part(output, OnnxFields.Node.Attribute, part => Write(part, attribute));
    }

    private static void Write(CodedOutputStream output, OnnxAttribute attribute)
    {
        Text(output, OnnxFields.Attribute.Name, attribute.Name);
        if (attribute.Integer is { } integer)
        {
            Integer(output, OnnxFields.Attribute.Integer, integer);
        }
        else
        {
            output.WriteTag(OnnxFields.Attribute.Number, WireType.Fixed32);
            output.WriteFloat(attribute.Number);
        }

        Integer(output, OnnxFields.Attribute.Kind, attribute.Integer is null ? OnnxFields.Attribute.NumberKind : OnnxFields.Attribute.IntegerKind);
    }

    private static void Write(CodedOutputStream output, OnnxTensor tensor)
    {
        foreach (var size in tensor.Shape)
            Integer(output, OnnxFields.Tensor.Size, size);
        Integer(output, OnnxFields.Tensor.Type, (long)tensor.Type);
        Text(output, OnnxFields.Tensor.Name, tensor.Name);
        output.WriteTag(OnnxFields.Tensor.Raw, WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(tensor.Values));
    }

    private static void Write(CodedOutputStream output, OnnxPort port)
    {
        Text(output, OnnxFields.Port.Name, port.Name);
        Part(output, OnnxFields.Port.Type, type => Part(type, OnnxFields.Port.TensorType, tensor =>
        {
            Integer(tensor, OnnxFields.Port.ElementType, (long)port.Type);
            Part(tensor, OnnxFields.Port.Shape, shape =>
            {
                foreach (var size in port.Shape)
                {
                    Part(shape, OnnxFields.Port.Dimension, dimension =>
                    {
                        if (size is { } known)
                            Integer(dimension, OnnxFields.Port.DimensionValue, known);
                        else
                            Text(dimension, OnnxFields.Port.DimensionName, BatchName);
                    });
                }
            });
        }));
    }

    private static void Integer(CodedOutputStream output, int field, long value)
    {
        output.WriteTag(field, WireType.Varint);
        output.WriteInt64(value);
    }

    private static void Text(CodedOutputStream output, int field, string value)
    {
        output.WriteTag(field, WireType.LengthDelimited);
        output.WriteString(value);
    }

    // A message within a message has its length before it.
    private static void Part(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        output.WriteTag(field, WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(Message(write)));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
            write(output);
        return bytes.ToArray();
    }
}
