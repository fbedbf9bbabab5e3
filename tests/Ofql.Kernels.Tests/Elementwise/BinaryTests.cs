using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Elementwise;

public sealed unsafe class BinaryTests
{
    public static TheoryData<BinaryOperation> Operations => new(Enum.GetValues<BinaryOperation>());

    [Theory]
    [MemberData(nameof(Operations))]
    public void Value_and_both_derivatives(BinaryOperation operation)
    {
        var f = Truth.Of(operation);
        foreach (var count in new[] { 16, 32, 48, 160, 4096 })
        {
            using Matrix a = Matrix.Random(count, 1, 1, -3, 3), b = Matrix.Random(count, 1, 2, 0.2, 3), g = Matrix.Random(count, 1, 3);
            using Matrix y = new(count, 1), before = Matrix.Random(count, 1, 4);
            BinaryKernels.Forward(operation)(a.Pointer, b.Pointer, y.Pointer, count);
            // One rounding of the exact result.
            y.AssertEach($"{operation}", (r, _) => (f(a[r, 0], b[r, 0]), Rounding.Unit * Math.Abs(f(a[r, 0], b[r, 0]))));
            y.AssertGuards();
            foreach (var second in new[] { false, true })
            {
                foreach (var accumulate in new[] { false, true })
                {
                    using var result = before.Copy();
                    BinaryKernels.Derivative(operation, second)(a.Pointer, b.Pointer, y.Pointer, g.Pointer, result.Pointer, count, accumulate);
                    result.AssertEach($"{operation} by {(second ? "b" : "a")}", (r, _) =>
                    {
                        double p = a[r, 0], q = b[r, 0], start = accumulate ? before[r, 0] : 0;
                        if (operation is BinaryOperation.Minimum or BinaryOperation.Maximum && Math.Abs(p - q) < 1e-3)
                            return (start, 1.1);
                        var slope = second ? Truth.Derivative(z => f(p, z), q) : Truth.Derivative(z => f(z, q), p);
                        return (start + (g[r, 0] * slope), Rounding.Function * (Math.Abs(start) + Math.Max(1, Math.Abs(slope))));
                    });
                    result.AssertGuards();
                }
            }

            BinaryKernels.Forward(operation)(a.Pointer, b.Pointer, a.Pointer, count);
            a.AssertSameBits("in place", y);
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public void Zero_stays_zero_where_it_is_promised_and_in_every_gradient(BinaryOperation operation)
    {
        using Matrix zero = new(16, 1), y = new(16, 1), result = new(16, 1);
        BinaryKernels.Forward(operation)(zero.Pointer, zero.Pointer, y.Pointer, 16);
        Assert.Equal(BinaryKernels.PreservesZero(operation), y[3, 0] == 0f);
        foreach (var second in new[] { false, true })
        {
            BinaryKernels.Derivative(operation, second)(zero.Pointer, zero.Pointer, y.Pointer, zero.Pointer, result.Pointer, 16, false);
            Assert.Equal(0f, result[3, 0]);
        }
    }

    [Theory]
    [InlineData(BinaryOperation.Minimum)]
    [InlineData(BinaryOperation.Maximum)]
    public void Of_equal_numbers_the_first_gets_the_gradient(BinaryOperation operation)
    {
        using Matrix a = Matrix.Random(16, 1, 1), y = new(16, 1), one = Matrix.Random(16, 1, 1, 1, 1), first = new(16, 1), second = new(16, 1);
        BinaryKernels.Forward(operation)(a.Pointer, a.Pointer, y.Pointer, 16);
        BinaryKernels.Derivative(operation, false)(a.Pointer, a.Pointer, y.Pointer, one.Pointer, first.Pointer, 16, false);
        BinaryKernels.Derivative(operation, true)(a.Pointer, a.Pointer, y.Pointer, one.Pointer, second.Pointer, 16, false);
        first.AssertEach("first", (_, _) => (1, 0));
        second.AssertEach("second", (_, _) => (0, 0));
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public void Not_a_number_passes_through(BinaryOperation operation)
    {
        using Matrix a = Matrix.Random(16, 1, 1, 1, 2), b = Matrix.Random(16, 1, 2, 1, 2), y = new(16, 1);
        a[5, 0] = float.NaN;
        b[9, 0] = float.NaN;
        BinaryKernels.Forward(operation)(a.Pointer, b.Pointer, y.Pointer, 16);
        for (var i = 0; i < 16; i++)
            Assert.Equal(i is 5 or 9, float.IsNaN(y[i, 0]));
    }
}
