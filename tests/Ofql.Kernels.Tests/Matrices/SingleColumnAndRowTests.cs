using Ofql.Kernels.Activations;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Matrices;

public sealed unsafe class SingleColumnAndRowTests
{
    public static TheoryData<int, int> Shapes()
    {
        var data = new TheoryData<int, int> { { 256, 256 }, { 1, 1 }, { 1, 70 }, { 65, 1 } };
        for (var i = 1; i <= 65; i++)
            data.Add(i, 1 + (i * 37 % 100));
        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_of_one_column(int rows, int k)
    {
        using Matrix x = Panels(rows, k, 1), w = Panels(1, k, 2), before = Matrix.Random(rows, 1, 3);
        const float Bias = 0.37f;
        var bias = Bias;
        foreach (var accumulate in new[] { false, true })
        {
            using var y = before.Copy();
            SingleColumn.Forward(x.Pointer, x.Layout.PanelStride, x.Layout.Panels, w.Pointer, accumulate ? null : &bias, y.Pointer, accumulate, 0, rows);
            y.AssertEach($"x.w K={k}", (r, _) =>
            {
                double sum = accumulate ? before[r, 0] : Bias, magnitude = Math.Abs(sum);
                for (var i = 0; i < k; i++)
                {
                    sum += (double)x[r, i] * w[0, i];
                    magnitude += Math.Abs((double)x[r, i] * w[0, i]);
                }

                return (sum, Rounding.Sum(k, magnitude));
            });
            y.AssertGuards();
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Input_gradient_of_one_column(int rows, int k)
    {
        using Matrix dy = Matrix.Random(rows, 1, 1), w = Panels(1, k, 2), derivative = Panels(rows, k, 3), before = Panels(rows, k, 4);
        foreach (var accumulate in new[] { false, true })
        {
            foreach (var scaled in new[] { false, true })
            {
                using var dx = before.Copy();
                SingleColumn.InputGradient(
                    dy.Pointer, w.Pointer, scaled ? derivative.Pointer : null, dx.Pointer, dx.Layout.PanelStride, dx.Layout.Panels, accumulate, 0, rows);
                dx.AssertEach("dX", (r, c) =>
                {
                    var product = (double)dy[r, 0] * w[0, c] * (scaled ? derivative[r, c] : 1);
                    double start = accumulate ? before[r, c] : 0;
                    return (start + product, Rounding.Sum(1, Math.Abs(start) + Math.Abs(product)));
                });
                dx.AssertGuardsAndPadding();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Weight_gradient_of_one_column(int rows, int k)
    {
        using Matrix x = Panels(rows, k, 1), dy = Matrix.Random(rows, 1, 2), before = Panels(1, k, 3);
        foreach (var accumulate in new[] { false, true })
        {
            using Matrix dw = before.Copy(), parts = before.Copy();
            SingleColumn.WeightGradient(x.Pointer, x.Layout.PanelStride, dy.Pointer, rows, dw.Pointer, accumulate, 0, x.Layout.Panels);
            dw.AssertEach("dw", (_, c) =>
            {
                double sum = accumulate ? before[0, c] : 0, magnitude = Math.Abs(sum);
                for (var r = 0; r < rows; r++)
                {
                    sum += (double)x[r, c] * dy[r, 0];
                    magnitude += Math.Abs((double)x[r, c] * dy[r, 0]);
                }

                return (sum, Rounding.Sum(rows, magnitude));
            });
            dw.AssertGuardsAndPadding();
            for (var panel = x.Layout.Panels - 1; panel >= 0; panel--)
                SingleColumn.WeightGradient(x.Pointer, x.Layout.PanelStride, dy.Pointer, rows, parts.Pointer, accumulate, panel, panel + 1);
            parts.AssertSameBits("dw panel by panel", dw);
        }
    }

    [Theory]
    [InlineData(Activation.Identity)]
    [InlineData(Activation.Mish)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Gelu)]
    [InlineData(Activation.Tanh)]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.Sigmoid)]
    [InlineData(Activation.Softplus)]
    [InlineData(Activation.Elu)]
    public void A_single_row_has_the_bits_of_the_batch(Activation activation)
    {
        foreach (var (k, columns) in new[] { (1, 2), (5, 31), (17, 32), (33, 33), (46, 64), (64, 70), (100, 130), (23, 160), (256, 256), (40, 250), (11, 122), (9, 300), (70, 518) })
        {
            foreach (var withBias in new[] { false, true })
                SingleRowAgainstBatch(activation, k, columns, withBias);
        }
    }

    private static void SingleRowAgainstBatch(Activation activation, int k, int columns, bool withBias)
    {
        const int Rows = 9;
        using Matrix x = Panels(Rows, k, 1), w = Matrix.Random(k, columns, 2), bias = Matrix.Random(1, columns, 3), batch = new(Rows, columns);
        var operands = new ProductOperands
        {
            X = x.Pointer,
            XPanelStride = x.Layout.PanelStride,
            K = k,
            W = w.Pointer,
            WPanelStride = w.Layout.PanelStride,
            Y = batch.Pointer,
            YPanelStride = batch.Layout.PanelStride,
            Panels = batch.Layout.Panels,
            LastPanelColumns = batch.Layout.LastPanelColumns,
            Bias = withBias ? bias.Pointer : null,
        };
        MatrixProduct.Select(ProductEpilogue.Activate, activation)(operands, 0, batch.Layout.StoredRows);
        for (var row = 0; row < Rows; row++)
        {
            var r = row;
            using Matrix single = Panels(1, k, 0), y = new(1, columns);
            for (var i = 0; i < k; i++)
                single[0, i] = x[row, i];
            SingleRow.Select(activation)(single.Pointer, k, w.Pointer, w.Layout.PanelStride, columns, withBias ? bias.Pointer : null, y.Pointer);
            using var expected = Matrix.Of(y.Layout, (_, c) => batch[r, c]);
            y.AssertSameBits($"{activation} of row {row}, K={k}", expected);
            y.AssertGuards();
        }
    }

    // w too is consecutive and padded to whole panels, also where K is 1.
    private static Matrix Panels(int rows, int columns, int seed) => Matrix.Random(new PanelLayout(rows, columns, forcePanels: true), seed);
}
