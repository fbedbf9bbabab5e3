using System.Runtime.InteropServices;

namespace Ofql.Formats.Onnx;

/// <summary>A tensor while a model is carried out. Numbers of all types are kept as double: integers there are sizes and places.</summary>
/// <param name="Type">Type.</param>
/// <param name="Shape">Sizes, each at least 1; none for a single number.</param>
/// <param name="Values">Row-major.</param>
internal sealed record OnnxValue(OnnxType Type, int[] Shape, double[] Values)
{
    /// <summary>Most numbers in one tensor: what a damaged size may ask for at most.</summary>
    public const int MaximumLength = 1 << 26;

    /// <summary>Sizes as text.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>A matrix of floats.</summary>
    public static OnnxValue Matrix(int rows, ReadOnlySpan<float> rowMajor)
    {
        var values = new double[rowMajor.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = rowMajor[i];
        return new OnnxValue(OnnxType.Float, [rows, rowMajor.Length / rows], values);
    }

    /// <summary>A constant of a model.</summary>
    /// <exception cref="OfqlException">Shape, type and bytes disagree.</exception>
    public static OnnxValue Of(OnnxTensor tensor)
    {
        var shape = new int[tensor.Shape.Count];
        for (var i = 0; i < shape.Length; i++)
        {
            shape[i] = tensor.Shape[i] is >= 1 and <= MaximumLength
                ? (int)tensor.Shape[i]
                : throw new OfqlException($"The ONNX model's constant '{tensor.Name}' has a size of {tensor.Shape[i]}.");
        }

        var length = Length(shape);
        double[] values = tensor.Type switch
        {
            OnnxType.Float when tensor.Values.LongLength == 4L * length => Array.ConvertAll(MemoryMarshal.Cast<byte, float>(tensor.Values).ToArray(), value => (double)value),
            OnnxType.Integer when tensor.Values.LongLength == 8L * length => Array.ConvertAll(MemoryMarshal.Cast<byte, long>(tensor.Values).ToArray(), value => (double)value),
            OnnxType.Boolean when tensor.Values.Length == length => Array.ConvertAll(tensor.Values, value => value == 0 ? 0.0 : 1.0),
            _ => throw new OfqlException($"The ONNX model's constant '{tensor.Name}' has {tensor.Values.Length} bytes, which are not {length} numbers of type {tensor.Type}."),
        };
        return new OnnxValue(tensor.Type, shape, values);
    }

    /// <summary>Numbers in a tensor of this shape.</summary>
    /// <exception cref="OfqlException">There are too many.</exception>
    public static int Length(int[] shape)
    {
        long length = 1;
        foreach (var size in shape)
        {
            length *= size;
            if (size < 1 || length > MaximumLength)
                throw new OfqlException($"The ONNX model asks for a tensor [{string.Join(", ", shape)}]; sizes are 1 or more, and {MaximumLength} numbers is the most.");
        }

        return (int)length;
    }

    /// <summary>The shape that two are spread to: from the last axis on, sizes are equal or one of them is 1. Null where they do not fit.</summary>
    public static int[]? Spread(int[] a, int[] b)
    {
        var shape = new int[Math.Max(a.Length, b.Length)];
        for (var i = 1; i <= shape.Length; i++)
        {
            int x = i <= a.Length ? a[^i] : 1, y = i <= b.Length ? b[^i] : 1;
            if (x != y && x != 1 && y != 1)
                return null;
            shape[^i] = Math.Max(x, y);
        }

        return shape;
    }

    /// <summary>For every number of a tensor of the given shape, to which this one spreads, its place here.</summary>
    public int[] Places(int[] shape)
    {
        var places = new int[Length(shape)];
        var (count, stride) = (1, new int[shape.Length]);
        for (int i = 1, size = 1; i <= Shape.Length; size *= Shape[^i], i++)
            stride[^i] = Shape[^i] == 1 ? 0 : size;
        // From the last place to the first, so that what is read has not been written over.
        for (var axis = 0; axis < shape.Length; axis++)
        {
            for (var i = count - 1; i >= 0; i--)
            {
                var start = places[i];
                for (var j = shape[axis] - 1; j >= 0; j--)
                    places[(i * shape[axis]) + j] = start + (j * stride[axis]);
            }

            count *= shape[axis];
        }

        return places;
    }
}
