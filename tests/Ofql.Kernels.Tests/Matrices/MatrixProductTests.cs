using Ofql.Kernels.Activations;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Matrices;

public sealed unsafe class MatrixProductTests
{
    public enum Start
    {
        Zero,
        Bias,
        Accumulate,
    }

    /// <summary>Activations have slopes of at most 1.13 (gelu), so the sum's error grows by no more than this.</summary>
    private const double LargestSlope = 1.2;

    public static TheoryData<ProductEpilogue, Activation> Epilogues()
    {
        var data = new TheoryData<ProductEpilogue, Activation> { { ProductEpilogue.None, Activation.Identity }, { ProductEpilogue.MultiplyByDerivative, Activation.Identity } };
        foreach (var activation in Enum.GetValues<Activation>())
        {
            data.Add(ProductEpilogue.Activate, activation);
            data.Add(ProductEpilogue.ActivateAndDifferentiate, activation);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Epilogues))]
    public void Every_epilogue_and_activation(ProductEpilogue epilogue, Activation activation)
    {
        foreach (var start in Enum.GetValues<Start>())
        {
            Check(33, 19, 41, start, epilogue, activation);
            Check(2, 64, 2, start, epilogue, activation);
            Check(8, 1, 32, start, epilogue, activation);
        }
    }

    [Fact]
    public void Every_length_of_the_sum()
    {
        for (var k = 1; k <= 100; k++)
            Check(17, k, 40, (Start)(k % 3), ProductEpilogue.None, Activation.Identity);
        Check(17, 256, 40, Start.Bias, ProductEpilogue.None, Activation.Identity);
    }

    [Fact]
    public void Every_number_of_rows()
    {
        for (var rows = 2; rows <= 65; rows++)
            Check(rows, 33, 33, (Start)(rows % 3), ProductEpilogue.ActivateAndDifferentiate, Activation.Mish);
        Check(256, 17, 33, Start.Bias, ProductEpilogue.ActivateAndDifferentiate, Activation.Mish);
    }

    [Fact]
    public void Every_number_of_columns()
    {
        for (var columns = 2; columns <= 70; columns++)
            Check(9, 37, columns, (Start)(columns % 3), ProductEpilogue.MultiplyByDerivative, Activation.Identity);
        Check(9, 37, 256, Start.Accumulate, ProductEpilogue.MultiplyByDerivative, Activation.Identity);
        Check(256, 256, 256, Start.Bias, ProductEpilogue.Activate, Activation.Mish);
    }

    [Fact]
    public void Rows_computed_in_parts_have_the_bits_of_the_whole()
    {
        using var operands = new Product(64, 45, 70, Start.Bias);
        using Matrix whole = operands.Y.Copy(), parts = operands.Y.Copy();
        var kernel = MatrixProduct.Select(ProductEpilogue.Activate, Activation.Gelu);
        kernel(operands.Operands(whole), 0, 64);
        kernel(operands.Operands(parts), 40, 64);
        kernel(operands.Operands(parts), 0, 8);
        kernel(operands.Operands(parts), 8, 40);
        parts.AssertSameBits("Y in parts", whole);
        // The last tile half as high.
        using var lower = new Product(52, 45, 70, Start.Bias);
        using Matrix all = lower.Y.Copy(), some = lower.Y.Copy();
        kernel(lower.Operands(all), 0, 56);
        kernel(lower.Operands(some), 0, 52);
        some.AssertSameBits("Y with half a tile", all);
    }

    /// <summary>A panel of which half is padding, or more, is computed by halves and quarters: the same chains of multiply-adds.</summary>
    [Fact]
    public void Part_of_a_panel_has_the_bits_of_a_whole_one()
    {
        foreach (var columns in new[] { 2, 6, 8, 9, 16, 33, 40, 48 })
        {
            foreach (var start in Enum.GetValues<Start>())
            {
                using var operands = new Product(40, 45, columns, start);
                using Matrix half = operands.Y.Copy(), whole = operands.Y.Copy();
                var kernel = MatrixProduct.Select(ProductEpilogue.Activate, Activation.Mish);
                kernel(operands.Operands(half), 0, half.Layout.StoredRows);
                kernel(operands.Operands(whole) with { LastPanelColumns = 0 }, 0, whole.Layout.StoredRows);
                Assert.InRange(half.Layout.LastPanelColumns, 1, 16);
                half.AssertSameBits($"{columns} columns, {start}", whole);
            }
        }
    }

    [Fact]
    public void A_range_of_rows_leaves_the_others_alone()
    {
        using var operands = new Product(48, 12, 40, Start.Zero);
        using var before = Matrix.Random(48, 40, seed: 9);
        using var y = before.Copy();
        MatrixProduct.Select(ProductEpilogue.None, Activation.Identity)(operands.Operands(y), 16, 32);
        y.AssertEach("Y", (r, c) => r is >= 16 and < 32 ? operands.Expected(r, c) : (before[r, c], 0));
        y.AssertGuardsAndPadding();
    }

    /// <summary>f(0) other than 0 fills padding columns; the engine clears them where somebody reads them.</summary>
    [Theory]
    [InlineData(Activation.Sigmoid)]
    [InlineData(Activation.Softplus)]
    public void Activations_with_a_value_at_zero_are_the_only_ones_that_fill_padding(Activation activation)
    {
        using var operands = new Product(16, 5, 40, Start.Zero);
        MatrixProduct.Select(ProductEpilogue.Activate, activation)(operands.Operands(operands.Y), 0, 16);
        Assert.Equal((float)Truth.Of(activation)(0), operands.Y[3, 50], 1e-6f);
        Ofql.Kernels.Elementwise.Moves.ClearPadding(operands.Y.Pointer, operands.Y.Layout, 0, 16);
        operands.Y.AssertGuardsAndPadding();
    }

    private static void Check(int rows, int k, int columns, Start start, ProductEpilogue epilogue, Activation activation)
    {
        using var operands = new Product(rows, k, columns, start);
        using var given = operands.Derivative.Copy();
        MatrixProduct.Select(epilogue, activation)(operands.Operands(operands.Y), 0, MatrixProduct.WholeTiles(rows));
        var f = Truth.Of(activation);
        var what = $"{epilogue} {activation} {start} K={k}, Y";
        operands.Y.AssertEach(what, (r, c) =>
        {
            var (sum, bound) = operands.Expected(r, c);
            return epilogue switch
            {
                ProductEpilogue.None => (sum, bound),
                ProductEpilogue.MultiplyByDerivative => (sum * given[r, c], (bound + (Rounding.Unit * Math.Abs(sum))) * Math.Abs(given[r, c])),
                _ => (f(sum), (LargestSlope * bound) + (Rounding.Function * Math.Max(1, Math.Abs(sum)))),
            };
        });
        if (epilogue == ProductEpilogue.ActivateAndDifferentiate)
        {
            operands.Derivative.AssertEach(what + "'", (r, c) =>
            {
                var (sum, bound) = operands.Expected(r, c);
                // The derivative of relu and elu jumps or bends at 0, where rounding decides the side: nothing to compare.
                return Math.Abs(sum) < 1e-4 ? (0, 1.2) : (Truth.Derivative(f, sum), (LargestSlope * bound) + Rounding.Derivative);
            });
            operands.Derivative.AssertGuards();
        }
        else
        {
            operands.Derivative.AssertSameBits("Derivative (read only)", given);
        }

        if (activation is Activation.Sigmoid or Activation.Softplus && epilogue != ProductEpilogue.None)
            operands.Y.AssertGuards();
        else
            operands.Y.AssertGuardsAndPadding();
    }

    /// <summary>Operands of one product with the sum in double precision.</summary>
    private sealed class Product : IDisposable
    {
        private readonly Matrix _x;
        private readonly Matrix _w;
        private readonly Matrix _bias;
        private readonly Matrix _start;
        private readonly Start _mode;

        public Product(int rows, int k, int columns, Start mode)
        {
            _mode = mode;
            _x = Matrix.Random(new PanelLayout(rows, k, forcePanels: true), seed: 1);
            _w = Matrix.Random(k, columns, seed: 2);
            _bias = Matrix.Random(1, columns, seed: 3);
            // Whatever Y held must not matter unless it is added to.
            _start = mode == Start.Accumulate ? Matrix.Random(rows, columns, seed: 4) : new Matrix(rows, columns);
            Y = _start.Copy();
            Derivative = Matrix.Random(rows, columns, seed: 5);
        }

        public Matrix Y { get; }

        public Matrix Derivative { get; }

        public ProductOperands Operands(Matrix y) => new()
        {
            X = _x.Pointer,
            XPanelStride = _x.Layout.PanelStride,
            K = _x.Columns,
            W = _w.Pointer,
            WPanelStride = _w.Layout.PanelStride,
            Y = y.Pointer,
            YPanelStride = y.Layout.PanelStride,
            Panels = y.Layout.Panels,
            LastPanelColumns = y.Layout.LastPanelColumns,
            Bias = _mode == Start.Bias ? _bias.Pointer : null,
            Accumulate = _mode == Start.Accumulate,
            Derivative = Derivative.Pointer,
        };

        public (double Value, double Bound) Expected(int row, int column)
        {
            double sum = _mode switch { Start.Bias => _bias[0, column], Start.Accumulate => _start[row, column], _ => 0 };
            var magnitude = Math.Abs(sum);
            for (var i = 0; i < _x.Columns; i++)
            {
                var product = (double)_x[row, i] * _w[i, column];
                sum += product;
                magnitude += Math.Abs(product);
            }

            return (sum, Rounding.Sum(_x.Columns, magnitude));
        }

        public void Dispose()
        {
            foreach (var matrix in new[] { _x, _w, _bias, _start, Y, Derivative })
                matrix.Dispose();
        }
    }
}
