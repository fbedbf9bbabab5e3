using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Matrices;

public sealed unsafe class WeightGradientTests
{
    [Fact]
    public void Every_number_of_inputs()
    {
        for (var inputs = 1; inputs <= 70; inputs++)
            Check(19, inputs, 33, accumulate: inputs % 2 == 0);
        Check(19, 256, 33, accumulate: true);
    }

    [Fact]
    public void Every_number_of_rows()
    {
        for (var rows = 2; rows <= 65; rows++)
            Check(rows, 17, 33, accumulate: rows % 2 == 0);
        Check(256, 17, 33, accumulate: false);
    }

    [Fact]
    public void Every_number_of_outputs()
    {
        for (var outputs = 2; outputs <= 70; outputs++)
            Check(9, 13, outputs, accumulate: outputs % 2 == 0);
        Check(256, 256, 256, accumulate: false);
    }

    /// <summary>A weight matrix of one row is stored without padding rows: seven eighths of its tile must go nowhere.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(32)]
    [InlineData(70)]
    [InlineData(300)]
    public void One_input(int outputs)
    {
        Check(19, 1, outputs, accumulate: false);
        Check(19, 1, outputs, accumulate: true);
    }

    [Fact]
    public void Tiles_in_any_order_have_the_bits_of_the_whole()
    {
        foreach (var inputs in new[] { 1, 45 })
        {
            using Matrix x = Matrix.Random(new PanelLayout(64, inputs, forcePanels: true), 1), dy = Matrix.Random(64, 70, 2);
            using Matrix whole = new(inputs, 70), parts = new(inputs, 70);
            var tiles = MatrixProduct.WeightGradientTiles(inputs, 3);
            MatrixProduct.WeightGradient(Operands(x, dy, whole, false), tiles / 3, 0, tiles);
            for (var tile = tiles - 1; tile >= 0; tile--)
                MatrixProduct.WeightGradient(Operands(x, dy, parts, false), tiles / 3, tile, tile + 1);
            parts.AssertSameBits("dW tile by tile", whole);
        }
    }

    /// <summary>Few columns are computed transposed, some by halves and quarters of a tile: the same chains.</summary>
    [Fact]
    public void Part_of_a_panel_has_the_bits_of_a_whole_one()
    {
        foreach (var outputs in new[] { 2, 6, 8, 9, 16, 38, 48 })
        {
            foreach (var accumulate in new[] { false, true })
            {
                using Matrix x = Matrix.Random(300, 75, 1), dy = Matrix.Random(300, outputs, 2), before = Matrix.Random(75, outputs, 3);
                using Matrix part = before.Copy(), whole = before.Copy();
                var tiles = MatrixProduct.WeightGradientTiles(75, part.Layout.Panels);
                // In three pieces, whose borders lie within a panel of X.
                for (var third = 0; third < 3; third++)
                    MatrixProduct.WeightGradient(Operands(x, dy, part, accumulate), tiles / part.Layout.Panels, tiles * third / 3, tiles * (third + 1) / 3);
                MatrixProduct.WeightGradient(Operands(x, dy, whole, accumulate) with { LastPanelColumns = 0 }, tiles / part.Layout.Panels, 0, tiles);
                part.AssertSameBits($"{outputs} outputs, accumulate {accumulate}", whole);
            }
        }
    }

    private static ProductOperands Operands(Matrix x, Matrix dy, Matrix dw, bool accumulate) => new()
    {
        X = x.Pointer,
        XPanelStride = x.Layout.PanelStride,
        K = x.Rows,
        W = dy.Pointer,
        WPanelStride = dy.Layout.PanelStride,
        Y = dw.Pointer,
        YPanelStride = dw.Layout.PanelStride,
        Panels = dw.Layout.Panels,
        LastPanelColumns = dw.Layout.LastPanelColumns,
        Accumulate = accumulate,
    };

    private static void Check(int rows, int inputs, int outputs, bool accumulate)
    {
        using Matrix x = Matrix.Random(new PanelLayout(rows, inputs, forcePanels: true), 1), dy = Matrix.Random(rows, outputs, 2);
        using Matrix before = Matrix.Random(inputs, outputs, 3), dw = before.Copy();
        var tiles = MatrixProduct.WeightGradientTiles(inputs, dw.Layout.Panels);
        MatrixProduct.WeightGradient(Operands(x, dy, dw, accumulate), tiles / dw.Layout.Panels, 0, tiles);
        dw.AssertEach($"dW of {rows} rows, accumulate {accumulate},", (i, j) =>
        {
            double sum = accumulate ? before[i, j] : 0, magnitude = Math.Abs(sum);
            for (var row = 0; row < rows; row++)
            {
                var product = (double)x[row, i] * dy[row, j];
                sum += product;
                magnitude += Math.Abs(product);
            }

            return (sum, Rounding.Sum(rows, magnitude));
        });
        dw.AssertGuardsAndPadding();
    }

    [Fact]
    public void Padding_rows_inside_the_last_tile_stay_zero_so_that_norms_may_count_them()
    {
        using Matrix x = Matrix.Random(20, 13, 1), dy = Matrix.Random(20, 33, 2), dw = new(13, 33);
        MatrixProduct.WeightGradient(Operands(x, dy, dw, false), 2, 0, 4);
        for (var row = 13; row < 16; row++)
        {
            for (var column = 0; column < 64; column++)
                Assert.Equal(0f, dw[row, column]);
        }
    }

    [Fact]
    public void Transpose_moves_every_element()
    {
        foreach (var (rows, columns) in new[] { (2, 2), (17, 2), (2, 17), (33, 70), (70, 33), (1, 40), (256, 256), (5, 32), (32, 5), (31, 65) })
        {
            using Matrix w = Matrix.Random(rows, columns, 1), transposed = new(new PanelLayout(columns, rows, forcePanels: true));
            MatrixProduct.Transpose(w.Pointer, w.Layout, transposed.Pointer, transposed.Layout, 0, transposed.Layout.Panels);
            transposed.AssertEach("W^T", (i, j) => (w[j, i], 0));
            transposed.AssertGuardsAndPadding();
        }
    }
}
