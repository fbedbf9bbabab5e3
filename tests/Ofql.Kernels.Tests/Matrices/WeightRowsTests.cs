using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Matrices;

public sealed unsafe class WeightRowsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Runs_of_rows_move_between_weights(bool accumulate)
    {
        for (var columns = 1; columns <= 70; columns += 3)
        {
            foreach (var (from, to, count) in new[] { (0, 0, 1), (2, 5, 7), (9, 0, 4), (0, 3, 19) })
            {
                using Matrix source = Matrix.Random(new PanelLayout(23, columns, forcePanels: true), 1), target = Matrix.Random(new PanelLayout(40, columns, forcePanels: true), 2);
                using var before = target.Copy();
                var panels = source.Layout.Panels;
                WeightRows.Move(source.Pointer, source.Layout, from, target.Pointer, target.Layout, to, count, accumulate, 0, panels / 2);
                WeightRows.Move(source.Pointer, source.Layout, from, target.Pointer, target.Layout, to, count, accumulate, panels / 2, panels);
                for (var row = 0; row < 40; row++)
                {
                    for (var column = 0; column < columns; column++)
                    {
                        var moved = row >= to && row < to + count;
                        var expected = !moved ? before[row, column] : source[row - to + from, column] + (accumulate ? before[row, column] : 0f);
                        Assert.Equal(expected, target[row, column]);
                    }
                }

                target.AssertGuardsAndPadding();
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_weight_gradient_of_a_shared_row_is_an_outer_product(bool accumulate)
    {
        for (var columns = 2; columns <= 70; columns += 3)
        {
            foreach (var (first, count) in new[] { (0, 1), (3, 9), (10, 30) })
            {
                using Matrix x = Matrix.Random(new PanelLayout(1, count), 3), d = Matrix.Random(new PanelLayout(1, columns), 4), dw = Matrix.Random(new PanelLayout(40, columns, forcePanels: true), 5);
                using var before = dw.Copy();
                WeightRows.OuterProduct(x.Pointer, d.Pointer, dw.Pointer, dw.Layout, first, count, accumulate, 0, dw.Layout.Panels);
                for (var row = 0; row < 40; row++)
                {
                    for (var column = 0; column < columns; column++)
                    {
                        var inside = row >= first && row < first + count;
                        var product = inside ? (double)x[0, row - first] * d[0, column] : 0;
                        var expected = inside && !accumulate ? product : before[row, column] + product;
                        Assert.Equal(expected, dw[row, column], 1e-6);
                    }
                }

                dw.AssertGuardsAndPadding();
            }
        }
    }
}
