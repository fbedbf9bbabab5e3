namespace Ofql.Formats.Onnx;

/// <summary>Field numbers of ONNX's messages (onnx.proto, IR version 8).</summary>
internal static class OnnxFields
{
    internal static class Model
    {
        public const int IrVersion = 1, Producer = 2, ProducerVersion = 3, Graph = 7, Opset = 8, Metadata = 14;
    }

    internal static class Opset
    {
        public const int Domain = 1, Version = 2;
    }

    internal static class Pair
    {
        public const int Key = 1, Value = 2;
    }

    internal static class Graph
    {
        public const int Node = 1, Name = 2, Constant = 5, Input = 11, Output = 12;
    }

    internal static class Node
    {
        public const int Input = 1, Output = 2, Name = 3, Operator = 4, Attribute = 5, Domain = 7;
    }

    internal static class Attribute
    {
        public const int Name = 1, Number = 2, Integer = 3, Kind = 20, NumberKind = 1, IntegerKind = 2;
    }

    internal static class Tensor
    {
        public const int Size = 1, Type = 2, Name = 8, Raw = 9;
    }

    internal static class Port
    {
        public const int Name = 1, Type = 2, TensorType = 1, ElementType = 1, Shape = 2, Dimension = 1, DimensionValue = 1, DimensionName = 2;
    }
}
