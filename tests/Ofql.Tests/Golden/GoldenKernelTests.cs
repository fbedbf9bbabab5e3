using Ofql.Kernels;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Optimizers;
using Ofql.Kernels.Reductions;
using Xunit;

namespace Ofql.Tests.Golden;

public sealed unsafe class GoldenKernelTests
{
    [Theory]
    [InlineData("kernels/mish", UnaryOperation.Mish)]
    [InlineData("kernels/gelu_tanh", UnaryOperation.Gelu)]
    public void Activations_give_value_and_derivative(string name, UnaryOperation operation)
    {
        using var golden = GoldenFile.Open(name);
        var count = golden.Values("x").Length;
        var layout = new PanelLayout(count, 1);
        using NativeBuffer<float> x = new(layout.Length), y = new(layout.Length), ones = new(layout.Length), slope = new(layout.Length);
        golden.Singles("x").CopyTo(x.Span);
        ones.Span.Fill(1f);
        UnaryKernels.Forward(operation)(x.Pointer, y.Pointer, 0, 0, layout.Length);
        UnaryKernels.Derivative(operation)(x.Pointer, y.Pointer, ones.Pointer, slope.Pointer, 0, 0, layout.Length, false);
        golden.AssertClose("value", y.Span[..count]);
        golden.AssertClose("derivative", slope.Span[..count]);
    }

    [Fact]
    public void Layer_norm_forward_backward_and_tangent()
    {
        using var golden = GoldenFile.Open("kernels/layer_norm");
        var shape = golden.Shape("x");
        var layout = new PanelLayout(shape[0], shape[1]);
        var row = new PanelLayout(1, shape[1]);
        using NativeBuffer<float> x = Packed(golden, "x", layout), upstream = Packed(golden, "upstream", layout), tangent = Packed(golden, "tangent", layout);
        using NativeBuffer<float> weight = Packed(golden, "weight", row), bias = Packed(golden, "bias", row);
        using NativeBuffer<float> y = new(layout.Length), xhat = new(layout.Length), inverse = new(layout.StoredRows);
        using NativeBuffer<float> gradient = new(layout.Length), weightGradient = new(row.Length), biasGradient = new(row.Length);
        var form = NormForm.Layer((float)golden.Setting("epsilon"));
        RowNorm.Forward(
            x.Pointer, layout, weight.Pointer, bias.Pointer, form, y.Pointer, xhat.Pointer, inverse.Pointer, 0, layout.Rows);
        golden.AssertClose("y", RowMajor(y, layout));
        RowNorm.InputGradient(upstream.Pointer, layout, weight.Pointer, form, xhat.Pointer, inverse.Pointer, gradient.Pointer, false, 0, layout.Rows);
        golden.AssertClose("grad_x", RowMajor(gradient, layout));
        RowNorm.Tangent(tangent.Pointer, layout, weight.Pointer, form, xhat.Pointer, inverse.Pointer, gradient.Pointer, 0, layout.Rows);
        golden.AssertClose("y_tangent", RowMajor(gradient, layout));
        RowNorm.ParameterGradient(upstream.Pointer, layout, xhat.Pointer, weightGradient.Pointer, biasGradient.Pointer, false, 0, layout.Columns);
        golden.AssertClose("grad_weight", RowMajor(weightGradient, row));
        golden.AssertClose("grad_bias", RowMajor(biasGradient, row));
    }

    [Fact]
    public void Time_embedding_features_derivative_and_network()
    {
        using var golden = GoldenFile.Open("kernels/time_embedding");
        var shape = golden.Shape("features");
        PanelLayout features = new(shape[0], shape[1]), column = new(shape[0], 1), frequencies = new(1, shape[1]);
        using NativeBuffer<float> t = Packed(golden, "t", column), ones = new(column.Length), y = new(features.Length), slope = new(features.Length);
        using NativeBuffer<float> frequency = new(frequencies.Length), mask = new(frequencies.Length);
        ones.Span.Fill(1f);
        // Sines first, then cosines of the same frequencies; padding columns are sines of frequency 0.
        mask.Span.Fill(BitConverter.Int32BitsToSingle(-1));
        var f = golden.Singles("frequency");
        for (var c = 0; c < shape[1]; c++)
        {
            frequency.Span[c] = f[c % f.Length];
            if (c >= f.Length)
                mask.Span[c] = 0f;
        }

        SinusoidalEmbedding.Forward(t.Pointer, frequency.Pointer, mask.Pointer, y.Pointer, features, 0, shape[0]);
        SinusoidalEmbedding.Tangent(t.Pointer, ones.Pointer, frequency.Pointer, mask.Pointer, slope.Pointer, features, 0, shape[0]);
        golden.AssertClose("features", RowMajor(y, features));
        golden.AssertClose("features_derivative", RowMajor(slope, features));

        using var hidden = Dense(golden, "fc1", y, features, Activation.Mish, out var hiddenLayout);
        using var embedding = Dense(golden, "fc2", hidden, hiddenLayout, Activation.Identity, out var outLayout);
        golden.AssertClose("embedding", RowMajor(embedding, outLayout));
    }

    [Fact]
    public void Adam_over_twenty_steps()
    {
        using var golden = GoldenFile.Open("kernels/adam");
        int steps = golden.Shape("gradients")[0], count = golden.Shape("gradients")[1];
        var length = new PanelLayout(count, 1).Length;
        using NativeBuffer<float> p = new(length), g = new(length), m = new(length), v = new(length);
        golden.Singles("initial").CopyTo(p.Span);
        var gradients = golden.Singles("gradients");
        float[] parameters = new float[steps * count], first = new float[steps * count], second = new float[steps * count];
        for (var k = 0; k < steps; k++)
        {
            gradients.AsSpan(k * count, count).CopyTo(g.Span);
            var step = AdamStep.At(k + 1, golden.Setting("lr"), golden.Setting("beta1"), golden.Setting("beta2"), golden.Setting("epsilon"), 0, 1);
            AdamKernel.Apply(step, p.Pointer, g.Pointer, m.Pointer, v.Pointer, length);
            p.Span[..count].CopyTo(parameters.AsSpan(k * count));
            m.Span[..count].CopyTo(first.AsSpan(k * count));
            v.Span[..count].CopyTo(second.AsSpan(k * count));
        }

        golden.AssertClose("parameters", parameters);
        golden.AssertClose("first_moment", first);
        golden.AssertClose("second_moment", second);
    }

    [Fact]
    public void Clipping_by_the_global_norm_and_moving_average()
    {
        using var golden = GoldenFile.Open("kernels/clip_and_average");
        var squares = 0.0;
        for (var i = 0; i < 3; i++)
            squares += SumOfSquares(golden.Singles($"gradient{i}"));
        var norm = Math.Sqrt(squares);
        golden.AssertClose("norm", [(float)norm]);
        foreach (var bound in new[] { "active", "inactive" })
        {
            var scale = (float)AdamKernel.ClipScale(norm, golden.Setting($"max_norm_{bound}"));
            for (var i = 0; i < 3; i++)
                golden.AssertClose($"{bound}.gradient{i}", Array.ConvertAll(golden.Singles($"gradient{i}"), g => g * scale));
        }

        var count = golden.Values("source").Length;
        var length = new PanelLayout(count, 1).Length;
        using NativeBuffer<float> source = new(length), target = new(length);
        golden.Singles("source").CopyTo(source.Span);
        golden.Singles("target").CopyTo(target.Span);
        AdamKernel.Average(source.Pointer, target.Pointer, (float)golden.Setting("tau"), length);
        golden.AssertClose("averaged", target.Span[..count]);
    }

    private static double SumOfSquares(float[] values)
    {
        var length = new PanelLayout(values.Length, 1).Length;
        using var x = new NativeBuffer<float>(length);
        values.CopyTo(x.Span);
        var partial = stackalloc double[FlatReductions.Chunks(length)];
        FlatReductions.SumsOfSquares(x.Pointer, length, partial, 0, FlatReductions.Chunks(length));
        return FlatReductions.Total(partial, FlatReductions.Chunks(length));
    }

    /// <summary>One dense layer of the case, f(X W^T + b) with W [out, in] as the file has it.</summary>
    private static NativeBuffer<float> Dense(
        GoldenFile golden, string layer, NativeBuffer<float> input, in PanelLayout inputLayout, Activation activation, out PanelLayout outputLayout)
    {
        var shape = golden.Shape(layer + ".weight");
        PanelLayout stored = new(shape[0], shape[1]), weights = new(shape[1], shape[0]);
        using NativeBuffer<float> asStored = Packed(golden, layer + ".weight", stored), weight = new(weights.Length);
        using var bias = Packed(golden, layer + ".bias", new PanelLayout(1, shape[0]));
        MatrixProduct.Transpose(asStored.Pointer, stored, weight.Pointer, weights, 0, weights.Panels);
        outputLayout = new PanelLayout(inputLayout.Rows, shape[0]);
        var output = new NativeBuffer<float>(outputLayout.Length);
        var operands = new ProductOperands
        {
            X = input.Pointer,
            XPanelStride = inputLayout.PanelStride,
            K = shape[1],
            W = weight.Pointer,
            WPanelStride = weights.PanelStride,
            Y = output.Pointer,
            YPanelStride = outputLayout.PanelStride,
            Panels = outputLayout.Panels,
            Bias = bias.Pointer,
        };
        MatrixProduct.Select(ProductEpilogue.Activate, activation)(operands, 0, outputLayout.StoredRows);
        return output;
    }

    private static NativeBuffer<float> Packed(GoldenFile golden, string name, in PanelLayout layout)
    {
        var buffer = new NativeBuffer<float>(layout.Length);
        layout.Pack(golden.Singles(name), buffer.Pointer);
        return buffer;
    }

    private static float[] RowMajor(NativeBuffer<float> buffer, in PanelLayout layout)
    {
        var values = new float[layout.Rows * layout.Columns];
        layout.Unpack(buffer.Pointer, values);
        return values;
    }
}
