using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Optimizers;
using Ofql.Kernels.Simd;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Simd;

/// <summary>
/// Accuracy of the elementary functions, measured through the public kernels on dense grids. The bounds are what was measured,
/// rounded up: a change that loses accuracy fails here before it shows in training.
/// </summary>
public sealed unsafe class LaneMathTests
{
    private const int Points = 1 << 19;

    /// <summary>Worst error in units in the last place of the true result: functions that keep their relative accuracy everywhere.</summary>
    [Theory]
    [InlineData(UnaryOperation.Exponential, -87, 88, 1.5)]
    [InlineData(UnaryOperation.Exponential, -1, 1, 1.5)]
    [InlineData(UnaryOperation.Logarithm, 1e-6, 1e6, 1.5)]
    [InlineData(UnaryOperation.Logarithm, 0.5, 2, 1.5)]
    [InlineData(UnaryOperation.Tanh, -12, 12, 2)]
    [InlineData(UnaryOperation.Tanh, -1e-3, 1e-3, 1)]
    [InlineData(UnaryOperation.Sigmoid, -63, 80, 2.5)]
    [InlineData(UnaryOperation.Softplus, -80, 80, 4)]
    [InlineData(UnaryOperation.Mish, -63, 80, 4)]
    [InlineData(UnaryOperation.Mish, -1e-3, 1e-3, 4)]
    [InlineData(UnaryOperation.Silu, -63, 80, 3)]
    [InlineData(UnaryOperation.Elu, -80, 80, 2)]
    [InlineData(UnaryOperation.Elu, -1e-3, 1e-3, 2)]
    public void In_units_in_the_last_place(UnaryOperation operation, double low, double high, double bound)
    {
        var f = Truth.Of(operation, 0, 0);
        using Matrix x = Grid(low, high), y = new(Points, 1);
        UnaryKernels.Forward(operation)(x.Pointer, y.Pointer, 0, 0, Points);
        double worst = 0, at = 0;
        for (var i = 0; i < Points; i++)
        {
            var error = Math.Abs(y[i, 0] - f(x[i, 0])) / UnitInLastPlace(f(x[i, 0]));
            if (error > worst || double.IsNaN(error))
                (worst, at) = (error, x[i, 0]);
        }

        Report($"{operation} on [{low}, {high}]: {worst:f2} units in the last place, at {at:g9}");
        Assert.True(worst <= bound, $"{operation}: {worst:f2} units in the last place at {at:g9}, allowed {bound}.");
    }

    /// <summary>Worst error relative to max(|f|, floor): functions whose tail, below the floor, is a product of tiny numbers.</summary>
    [Theory]
    [InlineData(UnaryOperation.Gelu, -20, 20, 1e-3, 2e-6)]
    [InlineData(UnaryOperation.Gelu, -3, 3, 1e-3, 1.5e-6)]
    public void Relative_to_a_floor(UnaryOperation operation, double low, double high, double floor, double bound)
    {
        var f = Truth.Of(operation, 0, 0);
        using Matrix x = Grid(low, high), y = new(Points, 1);
        UnaryKernels.Forward(operation)(x.Pointer, y.Pointer, 0, 0, Points);
        var worst = 0.0;
        for (var i = 0; i < Points; i++)
            worst = Math.Max(worst, Math.Abs(y[i, 0] - f(x[i, 0])) / Math.Max(floor, Math.Abs(f(x[i, 0]))));
        Report($"{operation} on [{low}, {high}]: {worst:g3} relative to max(|f|, {floor})");
        Assert.True(worst <= bound, $"{operation}: {worst:g3}, allowed {bound:g3}.");
    }

    /// <summary>Sines and cosines are features and noise of scale 1: their error counts absolutely. t f is rounded once.</summary>
    [Theory]
    [InlineData(1, 1.2e-7)]
    [InlineData(10, 1.2e-7)]
    [InlineData(10000, 1.5e-7)]
    public void Sine_and_cosine(double range, double bound)
    {
        var layout = new Ofql.Kernels.Matrices.PanelLayout(1 << 14, 32);
        using Matrix t = Matrix.Random(layout.Rows, 1, 1, -range, range), y = new(layout);
        using Matrix frequency = Matrix.Random(1, 32, 2, 1, 1), mask = new(1, 32);
        for (var c = 0; c < 16; c++)
            mask[0, c] = BitConverter.Int32BitsToSingle(-1);
        Ofql.Kernels.Matrices.SinusoidalEmbedding.Forward(t.Pointer, frequency.Pointer, mask.Pointer, y.Pointer, layout, 0, layout.Rows);
        var worst = 0.0;
        for (var row = 0; row < layout.Rows; row++)
        {
            worst = Math.Max(worst, Math.Abs(y[row, 0] - Math.Sin(t[row, 0])));
            worst = Math.Max(worst, Math.Abs(y[row, 31] - Math.Cos(t[row, 0])));
        }

        Report($"sin and cos within {range}: {worst:g3}");
        Assert.True(worst <= bound, $"sin and cos within {range}: {worst:g3}, allowed {bound:g3}.");
    }

    [Fact]
    public void Limits_are_approached_without_overflow()
    {
        // Flat sides end at e^-64: see FlatSide.
        Assert.Equal([0f, 0.5f, 1f], Values(UnaryOperation.Sigmoid, -1e30f, 0f, 1e30f), (a, b) => Math.Abs(a - b) < 1e-27);
        Assert.Equal([-1f, 0f, 1f], Values(UnaryOperation.Tanh, float.NegativeInfinity, 0f, float.PositiveInfinity));
        Assert.Equal([0f, 1e30f], Values(UnaryOperation.Softplus, -1e30f, 1e30f), (a, b) => Math.Abs(a - b) < 1e-37);
        Assert.Equal([0f, 1e30f], Values(UnaryOperation.Mish, -100f, 1e30f), (a, b) => Math.Abs(a - b) < 2e-26);
        Assert.Equal([0f, 1e10f], Values(UnaryOperation.Gelu, -100f, 1e10f), (a, b) => Math.Abs(a - b) < 2e-26);
        Assert.Equal([-1f, 1e30f], Values(UnaryOperation.Elu, float.NegativeInfinity, 1e30f));
        Assert.All(Values(UnaryOperation.Exponential, -1e30f, 1e30f), y => Assert.True(float.IsFinite(y) && y >= 0f));
    }

    /// <summary>A number below the normal ones makes every multiply-add that reads it slow on Intel's processors: an activation leaves none, nor does its slope.</summary>
    [Theory]
    [InlineData(UnaryOperation.Mish)]
    [InlineData(UnaryOperation.Silu)]
    [InlineData(UnaryOperation.Gelu)]
    [InlineData(UnaryOperation.Sigmoid)]
    [InlineData(UnaryOperation.Softplus)]
    [InlineData(UnaryOperation.Elu)]
    [InlineData(UnaryOperation.Tanh)]
    public void Flat_sides_stay_among_the_normal_numbers_and_next_to_zero(UnaryOperation operation)
    {
        const int Count = 4096;
        using Matrix x = Matrix.Of(new Ofql.Kernels.Matrices.PanelLayout(Count, 1), (i, _) => i < 4000 ? -0.1 * i : -Math.Pow(10, (i - 4000) / 4.0)), y = new(Count, 1), slope = new(Count, 1);
        using var g = Matrix.Of(x.Layout, (_, _) => 1e-8);
        UnaryKernels.Forward(operation)(x.Pointer, y.Pointer, 0, 0, Count);
        UnaryKernels.Derivative(operation)(x.Pointer, y.Pointer, g.Pointer, slope.Pointer, 0, 0, Count, false);
        for (var i = 0; i < Count; i++)
        {
            Assert.True(y[i, 0] == 0 || float.IsNormal(y[i, 0]), $"{operation}({x[i, 0]}) = {y[i, 0]}");
            Assert.True(slope[i, 0] == 0 || float.IsNormal(slope[i, 0]), $"slope of {operation} at {x[i, 0]}: {slope[i, 0]}");
            if (x[i, 0] > -65)
                continue;
            Assert.InRange(y[i, 0] - Truth.Of(operation, 0, 0)(x[i, 0]), -2e-26, 2e-26);
            Assert.InRange(slope[i, 0], -1e-33, 1e-33);
        }
    }

    /// <summary>A script that switches instructions off sets OFQL_EXPECT_WIDTH and so proves that they really were off.</summary>
    [Fact]
    public void The_process_runs_in_the_expected_width()
    {
        Assert.Contains(Width.Bits, new[] { 128, 256, 512 });
        Report($"Width: {Width.Bits} bits");
        if (Environment.GetEnvironmentVariable("OFQL_EXPECT_WIDTH") is { Length: > 0 } expected)
            Assert.Equal(expected, Width.Bits.ToString());
    }

    private static float[] Values(UnaryOperation operation, params float[] arguments)
    {
        using Matrix x = new(16, 1), y = new(16, 1);
        for (var i = 0; i < arguments.Length; i++)
            x[i, 0] = arguments[i];
        UnaryKernels.Forward(operation)(x.Pointer, y.Pointer, 0, 0, 16);
        return [.. Enumerable.Range(0, arguments.Length).Select(i => y[i, 0])];
    }

    /// <summary>Evenly spaced; where the range is positive over decades, evenly in the logarithm.</summary>
    private static Matrix Grid(double low, double high) => Matrix.Of(
        new Ofql.Kernels.Matrices.PanelLayout(Points, 1),
        (i, _) => low > 0 && high / low > 100
            ? low * Math.Pow(high / low, (double)i / (Points - 1))
            : low + ((high - low) * i / (Points - 1)));

    private static double UnitInLastPlace(double value) =>
        Math.Max(Math.Pow(2, Math.Floor(Math.Log2(Math.Max(Math.Abs(value), 1e-300))) - 23), 1.2e-38 / (1 << 23));

    private static void Report(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
