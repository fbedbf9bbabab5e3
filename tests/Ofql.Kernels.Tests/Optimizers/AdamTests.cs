using Ofql.Kernels.Optimizers;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Optimizers;

public sealed unsafe class AdamTests
{
    private const int Steps = 20;

    /// <summary>Each step rounds a moment three times, relative to the largest term so far; the parameter once per step.</summary>
    private const double Moment = 3 * Steps * Rounding.Unit;

    [Theory]
    [InlineData(16, 0.0, 1.0)]
    [InlineData(160, 0.0, 0.3)]
    [InlineData(4096, 0.01, 1.0)]
    public void Twenty_steps_against_double_precision(int count, double weightDecay, double gradientScale)
    {
        const double Rate = 3e-4, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;
        using Matrix p = Matrix.Random(count, 1, 1), m = new(count, 1), v = new(count, 1);
        double[] parameter = [.. Enumerable.Range(0, count).Select(i => (double)p[i, 0])], first = new double[count], second = new double[count];
        var largest = new double[count];
        for (var k = 1; k <= Steps; k++)
        {
            // Gradients from 1e-6 to 1e3, of either sign; every 5th parameter has none in the first ten steps.
            var random = new Random(k);
            using var g = Matrix.Of(p.Layout, (i, _) => i % 5 == 0 && k <= 10 ? 0 : (random.NextDouble() - 0.4) * Math.Pow(10, (i % 10) - 6));
            var step = AdamStep.At(k, Rate, Beta1, Beta2, Epsilon, weightDecay, gradientScale);
            AdamKernel.Apply(step, p.Pointer, g.Pointer, m.Pointer, v.Pointer, count);
            for (var i = 0; i < count; i++)
            {
                var scaled = gradientScale * g[i, 0];
                largest[i] = Math.Max(largest[i], Math.Abs(scaled));
                first[i] = (Beta1 * first[i]) + ((1 - Beta1) * scaled);
                second[i] = (Beta2 * second[i]) + ((1 - Beta2) * scaled * scaled);
                var denominator = (Math.Sqrt(second[i]) / Math.Sqrt(1 - Math.Pow(Beta2, k))) + Epsilon;
                parameter[i] = (parameter[i] * (1 - (Rate * weightDecay))) - (Rate / (1 - Math.Pow(Beta1, k)) * first[i] / denominator);
            }

            m.AssertEach($"first moment, step {k}", (i, _) => (first[i], Moment * largest[i]));
            v.AssertEach($"second moment, step {k}", (i, _) => (second[i], Moment * second[i]));
            // A step is at most a few learning rates long; its own relative error is that of the moments.
            p.AssertEach($"parameter, step {k}", (i, _) => (parameter[i], (2 * k * Rounding.Unit) + (10 * k * Rate * Moment)));
        }

        p.AssertGuards();
        m.AssertGuards();
        v.AssertGuards();
    }

    /// <summary>1f - 0.999f is off by 1.3e-5: the rate must come from double precision.</summary>
    [Fact]
    public void The_first_second_moment_is_accurate()
    {
        using Matrix p = new(16, 1), g = Matrix.Random(16, 1, 1, 0.5, 1), m = new(16, 1), v = new(16, 1);
        AdamKernel.Apply(AdamStep.At(1, 1e-3, 0.9, 0.999, 1e-8, 0, 1), p.Pointer, g.Pointer, m.Pointer, v.Pointer, 16);
        v.AssertEach("v", (i, _) => (0.001 * g[i, 0] * g[i, 0], 4 * Rounding.Unit * 0.001));
        // The first step is one learning rate, whatever the gradient.
        p.AssertEach("p", (_, _) => (-1e-3, 1e-3 * 10 * Rounding.Unit));
    }

    /// <summary>They would fall by a factor each step down to the smallest numbers there are, and stay: 0.9 times four of them rounds to four.</summary>
    [Theory]
    [InlineData(1f)]
    [InlineData(1e-6f)]
    [InlineData(1e-18f)]
    [InlineData(1e-40f)]
    public void Moments_of_a_dead_parameter_come_to_zero_by_normal_numbers(float gradient)
    {
        using Matrix p = Matrix.Random(16, 1, 1), g = Matrix.Of(p.Layout, (_, _) => gradient), none = new(16, 1), m = new(16, 1), v = new(16, 1);
        for (var k = 1; k <= 1200; k++)
        {
            AdamKernel.Apply(AdamStep.At(k, 1e-3, 0.9, 0.999, 1e-8, 0, 1), p.Pointer, (k <= 5 ? g : none).Pointer, m.Pointer, v.Pointer, 16);
            Assert.True(m[3, 0] == 0 || float.IsNormal(m[3, 0]), $"first moment {m[3, 0]} after {k} steps");
            Assert.True(v[3, 0] == 0 || float.IsNormal(v[3, 0]), $"second moment {v[3, 0]} after {k} steps");
        }

        Assert.Equal(0, m[3, 0]);
        Assert.Equal(gradient > 1e-10f, v[3, 0] > 0);
    }

    [Fact]
    public void A_gradient_that_is_no_number_is_seen()
    {
        using Matrix p = Matrix.Random(16, 1, 1), g = Matrix.Of(p.Layout, (_, _) => double.NaN), m = new(16, 1), v = new(16, 1);
        AdamKernel.Apply(AdamStep.At(1, 1e-3, 0.9, 0.999, 1e-8, 0, 1), p.Pointer, g.Pointer, m.Pointer, v.Pointer, 16);
        Assert.True(float.IsNaN(p[3, 0]) && float.IsNaN(m[3, 0]) && float.IsNaN(v[3, 0]));
    }

    [Fact]
    public void Parameters_without_gradient_do_not_move()
    {
        using Matrix p = Matrix.Random(32, 1, 1), before = p.Copy(), g = new(32, 1), m = new(32, 1), v = new(32, 1);
        for (var k = 1; k <= 3; k++)
            AdamKernel.Apply(AdamStep.At(k, 1e-3, 0.9, 0.999, 1e-8, 0, 1), p.Pointer, g.Pointer, m.Pointer, v.Pointer, 32);
        p.AssertSameBits("parameters", before);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.005f)]
    [InlineData(0.5f)]
    [InlineData(1f)]
    public void Moving_average(float weight)
    {
        foreach (var count in new[] { 16, 48, 4096 })
        {
            using Matrix source = Matrix.Random(count, 1, 1), before = Matrix.Random(count, 1, 2), target = before.Copy();
            AdamKernel.Average(source.Pointer, target.Pointer, weight, count);
            target.AssertEach("average", (i, _) => ((weight * (double)source[i, 0]) + ((1 - (double)weight) * before[i, 0]), 3 * Rounding.Unit));
            target.AssertGuards();
            if (weight is 0f or 1f)
                target.AssertSameBits("copy", weight == 0f ? before : source);
        }
    }

    [Fact]
    public void Clipping_scales_to_the_bound_or_not_at_all()
    {
        Assert.Equal(1.0, AdamKernel.ClipScale(1.0, 2.0));
        Assert.Equal(1.0, AdamKernel.ClipScale(1e9, 0.0));
        Assert.Equal(1.0, AdamKernel.ClipScale(0.0, 1.0));
        Assert.Equal(0.5 / (2 + 1e-6), AdamKernel.ClipScale(2.0, 0.5), 15);
        Assert.True(double.IsNaN(AdamKernel.ClipScale(double.NaN, 1.0)));
    }
}
