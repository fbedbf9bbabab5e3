using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Elementwise;

/// <summary>The vectors at the ends of short rows overlap: every width, beginning anywhere in a panel, and nothing beside it touched.</summary>
public sealed unsafe class ShortRunTests
{
    [Fact]
    public void Columns_of_every_width_are_copied_and_added()
    {
        for (var columns = 2; columns <= 40; columns++)
        {
            foreach (var at in new[] { 0, 1, 5, 31 })
            {
                using Matrix source = Matrix.Random(9, columns, 1), before = Matrix.Random(9, 80, 2), copied = before.Copy(), added = before.Copy();
                Moves.Columns(source.Pointer, source.Layout, 0, copied.Pointer, copied.Layout, at, columns, accumulate: false, 0, 9);
                Moves.Columns(source.Pointer, source.Layout, 0, added.Pointer, added.Layout, at, columns, accumulate: true, 0, 9);
                var (first, count) = (at, columns);
                copied.AssertEach("copy", (r, c) => c >= first && c < first + count ? (source[r, c - first], 0) : (before[r, c], 0));
                added.AssertEach("sum", (r, c) => c >= first && c < first + count ? (before[r, c] + source[r, c - first], 1e-6) : (before[r, c], 0));
                copied.AssertGuardsAndPadding();
                added.AssertGuardsAndPadding();
            }
        }
    }

    [Fact]
    public void A_column_spread_over_any_width_leaves_the_padding()
    {
        for (var columns = 2; columns <= 40; columns++)
        {
            using Matrix source = Matrix.Random(9, 1, 1), target = Matrix.Random(9, columns, 2);
            Moves.SpreadColumn(source.Pointer, target.Pointer, target.Layout, 0, 9);
            Moves.ClearPadding(target.Pointer, target.Layout, 0, 9);
            target.AssertEach("spread", (r, _) => (source[r, 0], 0));
            target.AssertGuardsAndPadding();
        }
    }
}
