namespace Ofql.Formats.Onnx;

/// <summary>Operators that move numbers without changing them.</summary>
internal static class OnnxShapeOperators
{
    public static OnnxValue[] Concat(OnnxCall call)
    {
        var first = call[0];
        var axis = call.Axis(call.Integer("axis", 0), first.Shape.Length);
        var parts = Enumerable.Range(0, call.Count).Select(operand => call.Require(operand, first.Type)).ToArray();
        if (parts.FirstOrDefault(part => part.Shape.Length != first.Shape.Length || part.Shape.Where((size, i) => i != axis && size != first.Shape[i]).Any()) is { } odd)
            throw call.Error($"{odd.ShapeText} does not fit beside {first.ShapeText}");
        int[] shape = [.. first.Shape];
        // Each part has at most the largest number of elements, and there are few: a sum of sizes cannot wrap around unseen.
        shape[axis] = (int)Math.Min(int.MaxValue, parts.Sum(part => (long)part.Shape[axis]));
        var values = new double[OnnxValue.Length(shape)];
        var (before, size, after) = OnnxMatrixOperators.Around(shape, axis);
        var offset = 0;
        foreach (var part in parts)
        {
            var run = part.Shape[axis] * after;
            for (var i = 0; i < before; i++)
                part.Values.AsSpan(i * run, run).CopyTo(values.AsSpan((i * size * after) + offset, run));
            offset += run;
        }

        return [new OnnxValue(first.Type, shape, values)];
    }

    public static OnnxValue[] Slice(OnnxCall call)
    {
        var x = call[0];
        var axis = call.Axis(call.OnlyInteger(3), x.Shape.Length);
        var (before, size, after) = OnnxMatrixOperators.Around(x.Shape, axis);
        int start = call.OnlyInteger(1), end = call.OnlyInteger(2);
        if (start < 0 || end <= start || end > size)
            throw call.Error($"there are no places {start} to {end} among {size}");
        int[] shape = [.. x.Shape];
        shape[axis] = end - start;
        var values = new double[OnnxValue.Length(shape)];
        var run = (end - start) * after;
        for (var i = 0; i < before; i++)
            x.Values.AsSpan(((i * size) + start) * after, run).CopyTo(values.AsSpan(i * run, run));
        return [new OnnxValue(x.Type, shape, values)];
    }

    public static OnnxValue[] Shape(OnnxCall call)
    {
        var sizes = call[0].Shape;
        long start = call.Integer("start", 0), end = call.Integer("end", sizes.Length);
        if (start < 0 || end <= start || end > sizes.Length)
            throw call.Error($"there are no sizes {start} to {end} of {call[0].ShapeText}");
        var part = sizes[(int)start..(int)end];
        return [new OnnxValue(OnnxType.Integer, [part.Length], Array.ConvertAll(part, size => (double)size))];
    }

    public static OnnxValue[] Expand(OnnxCall call)
    {
        var x = call[0];
        var given = call.Integers(1);
        if (given.Any(size => size < 1) || OnnxValue.Spread(x.Shape, given) is not { } shape)
            throw call.Error($"{x.ShapeText} does not spread to [{string.Join(", ", given)}]");
        return [new OnnxValue(x.Type, shape, Array.ConvertAll(x.Places(shape), place => x.Values[place]))];
    }

    public static OnnxValue[] Reshape(OnnxCall call)
    {
        var (x, shape) = (call[0], call.Integers(1));
        var open = Array.IndexOf(shape, -1);
        if (open >= 0)
        {
            shape[open] = 1;
            shape[open] = x.Values.Length / OnnxValue.Length(shape);
        }

        return shape.All(size => size >= 1) && OnnxValue.Length(shape) == x.Values.Length
            ? [x with { Shape = shape }]
            : throw call.Error($"{x.ShapeText} cannot be read as [{string.Join(", ", shape)}]");
    }

    public static OnnxValue[] Tile(OnnxCall call)
    {
        var (x, times) = (call[0], call.Integers(1));
        if (times.Length != x.Shape.Length || times.Any(count => count is < 1 or > OnnxValue.MaximumLength))
            throw call.Error($"{x.ShapeText} cannot be repeated [{string.Join(", ", times)}] times");
        var result = x;
        for (var axis = 0; axis < times.Length; axis++)
        {
            int[] shape = [.. result.Shape];
            shape[axis] = (int)Math.Min(int.MaxValue, (long)shape[axis] * times[axis]);
            var values = new double[OnnxValue.Length(shape)];
            var (before, size, after) = OnnxMatrixOperators.Around(result.Shape, axis);
            for (var i = 0; i < before * times[axis]; i++)
                result.Values.AsSpan(i / times[axis] * size * after, size * after).CopyTo(values.AsSpan(i * size * after, size * after));
            result = new OnnxValue(x.Type, shape, values);
        }

        return [result];
    }
}
