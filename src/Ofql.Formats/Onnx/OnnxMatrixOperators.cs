namespace Ofql.Formats.Onnx;

/// <summary>Operators that sum or compare along rows.</summary>
internal static class OnnxMatrixOperators
{
    /// <summary>A B^T + C (B without transposition where <c>transB</c> is 0).</summary>
    public static OnnxValue[] Gemm(OnnxCall call)
    {
        OnnxValue a = call.Matrix(0), b = call.Matrix(1);
        var transposed = call.Integer("transB", 0) != 0;
        int rows = a.Shape[0], sums = a.Shape[1], columns = transposed ? b.Shape[0] : b.Shape[1];
        if (b.Shape[transposed ? 1 : 0] != sums)
            throw call.Error($"{a.ShapeText} times {b.ShapeText} is no product");
        int[] shape = [rows, columns];
        var values = new double[OnnxValue.Length(shape)];
        if (call.Count == 3)
            AddBias(call, shape, values);
        var weight = transposed ? b.Values : Transposed(b);
        for (var row = 0; row < rows; row++)
        {
            var x = a.Values.AsSpan(row * sums, sums);
            for (var column = 0; column < columns; column++)
                values[(row * columns) + column] += Dot(x, weight.AsSpan(column * sums, sums));
        }

        return [new OnnxValue(OnnxType.Float, shape, values)];
    }

    /// <summary>(x - mean) / sqrt(variance + epsilon) scale + shift along the last axis.</summary>
    public static OnnxValue[] LayerNormalization(OnnxCall call)
    {
        OnnxValue x = call.Require(0, OnnxType.Float), scale = call.Require(1, OnnxType.Float), shift = call.Require(2, OnnxType.Float);
        if (x.Shape.Length == 0 || call.Axis(call.Integer("axis", -1), x.Shape.Length) != x.Shape.Length - 1)
            throw call.Error("only the last axis is known");
        var size = x.Shape[^1];
        if (scale.Shape is not [var scales] || shift.Shape is not [var shifts] || scales != size || shifts != size)
            throw call.Error($"scale {scale.ShapeText} and shift {shift.ShapeText} are not those of {x.ShapeText}");
        var values = new double[x.Values.Length];
        for (var first = 0; first < values.Length; first += size)
        {
            var row = x.Values.AsSpan(first, size).ToArray();
            var mean = row.Average();
            var factor = 1 / Math.Sqrt(row.Average(value => (value - mean) * (value - mean)) + call.Number("epsilon", 1e-5f));
            for (var i = 0; i < size; i++)
                values[first + i] = ((row[i] - mean) * factor * scale.Values[i]) + shift.Values[i];
        }

        return [x with { Values = values }];
    }

    /// <summary>One number of all those along an axis, which is left out where <c>keepdims</c> is 0.</summary>
    public static OnnxValue[] Reduce(OnnxCall call, Func<double[], double> function)
    {
        var x = call.Require(0, OnnxType.Float);
        var axis = call.Axis(call.OnlyInteger(1), x.Shape.Length);
        var (before, size, after) = Around(x.Shape, axis);
        var values = new double[before * after];
        var line = new double[size];
        for (var i = 0; i < before; i++)
        {
            for (var j = 0; j < after; j++)
            {
                for (var k = 0; k < size; k++)
                    line[k] = x.Values[(((i * size) + k) * after) + j];
                values[(i * after) + j] = function(line);
            }
        }

        int[] shape = call.Integer("keepdims", 1) == 0 ? [.. x.Shape[..axis], .. x.Shape[(axis + 1)..]] : [.. x.Shape[..axis], 1, .. x.Shape[(axis + 1)..]];
        return [new OnnxValue(OnnxType.Float, shape, values)];
    }

    /// <summary>The k largest of each row in falling order, and their places.</summary>
    public static OnnxValue[] TopK(OnnxCall call)
    {
        var x = call.Matrix(0);
        int count = call.OnlyInteger(1), size = x.Shape[1];
        if (call.Axis(call.Integer("axis", -1), 2) != 1 || count < 1 || count > size)
            throw call.Error($"there are no {count} largest of {x.ShapeText}");
        double[] values = new double[x.Shape[0] * count], places = new double[values.Length];
        for (var row = 0; row < x.Shape[0]; row++)
        {
            var order = Enumerable.Range(0, size).OrderByDescending(i => x.Values[(row * size) + i]).Take(count).ToArray();
            for (var i = 0; i < count; i++)
                (values[(row * count) + i], places[(row * count) + i]) = (x.Values[(row * size) + order[i]], order[i]);
        }

        int[] shape = [x.Shape[0], count];
        return [new OnnxValue(OnnxType.Float, shape, values), new OnnxValue(OnnxType.Integer, shape, places)];
    }

    /// <summary>Numbers before an axis, along it, and after it.</summary>
    public static (int Before, int Size, int After) Around(int[] shape, int axis) =>
        (shape[..axis].Aggregate(1, (product, size) => product * size), shape[axis], shape[(axis + 1)..].Aggregate(1, (product, size) => product * size));

    private static void AddBias(OnnxCall call, int[] shape, double[] values)
    {
        var bias = call.Require(2, OnnxType.Float);
        if (OnnxValue.Spread(bias.Shape, shape) is not { } spread || !spread.AsSpan().SequenceEqual(shape))
            throw call.Error($"a bias {bias.ShapeText} does not spread to [{shape[0]}, {shape[1]}]");
        var places = bias.Places(shape);
        for (var i = 0; i < values.Length; i++)
            values[i] = bias.Values[places[i]];
    }

    private static double[] Transposed(OnnxValue b)
    {
        var (rows, columns) = (b.Shape[0], b.Shape[1]);
        var values = new double[b.Values.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                values[(column * rows) + row] = b.Values[(row * columns) + column];
        }

        return values;
    }

    // Four sums side by side: one would wait for each of its additions.
    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var i = 0;
        for (; i <= x.Length - 4; i += 4)
        {
            s0 += x[i] * y[i];
            s1 += x[i + 1] * y[i + 1];
            s2 += x[i + 2] * y[i + 2];
            s3 += x[i + 3] * y[i + 3];
        }

        for (; i < x.Length; i++)
            s0 += x[i] * y[i];
        return s0 + s1 + (s2 + s3);
    }
}
