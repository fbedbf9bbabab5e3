using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Matrices;

public sealed unsafe class SinusoidalEmbeddingTests
{
    /// <summary>t f is rounded once, to half a unit of its own size; the rest is the function's error.</summary>
    private static double Tolerance(double angle) => (Rounding.Unit * Math.Abs(angle)) + (2 * Rounding.Unit);

    [Theory]
    [InlineData(2, 2, 1.0)]
    [InlineData(17, 16, 1.0)]
    [InlineData(40, 32, 1.0)]
    [InlineData(33, 70, 50.0)]
    [InlineData(256, 16, 1.0)]
    public void Features_and_tangent(int rows, int columns, double longest)
    {
        var half = columns / 2;
        using Matrix t = Matrix.Random(rows, 1, 1, 0, longest), g = Matrix.Random(rows, 1, 2), y = new(rows, columns), tangent = new(rows, columns);
        using var frequency = Matrix.Of(new PanelLayout(1, columns), (_, c) => Math.Exp(-(c % half) * Math.Log(10000) / Math.Max(1, half - 1)));
        using var mask = new Matrix(1, columns);
        for (var c = 0; c < mask.Layout.Panels * 32; c++)
            mask[0, c] = c < half || c >= columns ? BitConverter.Int32BitsToSingle(-1) : 0f;
        SinusoidalEmbedding.Forward(t.Pointer, frequency.Pointer, mask.Pointer, y.Pointer, y.Layout, 0, rows);
        SinusoidalEmbedding.Tangent(t.Pointer, g.Pointer, frequency.Pointer, mask.Pointer, tangent.Pointer, y.Layout, 0, rows);
        y.AssertEach("features", (r, c) =>
        {
            var angle = (double)t[r, 0] * frequency[0, c];
            return (c < half ? Math.Sin(angle) : Math.Cos(angle), Tolerance(angle));
        });
        tangent.AssertEach("tangent", (r, c) =>
        {
            var angle = (double)t[r, 0] * frequency[0, c];
            var slope = (c < half ? Math.Cos(angle) : -Math.Sin(angle)) * frequency[0, c] * g[r, 0];
            return (slope, Math.Abs(frequency[0, c] * g[r, 0]) * Tolerance(angle) + (2 * Rounding.Unit * Math.Abs(slope)));
        });
        y.AssertGuardsAndPadding();
        tangent.AssertGuardsAndPadding();

        using Matrix part = new(rows, columns);
        SinusoidalEmbedding.Forward(t.Pointer, frequency.Pointer, mask.Pointer, part.Pointer, part.Layout, rows / 2, rows);
        part.AssertEach("rows of the second half", (r, c) => (r < rows / 2 ? 0 : y[r, c], 0));
    }
}
