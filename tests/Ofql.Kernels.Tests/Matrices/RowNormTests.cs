using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Matrices;

public sealed unsafe class RowNormTests
{
    private const float Epsilon = 1e-5f;

    private static readonly NormForm _layer = NormForm.Layer(Epsilon);

    private static readonly NormForm[] _forms = [_layer, NormForm.RootMeanSquare(Epsilon, scale: 2.5f)];

    /// <summary>
    /// Centring cancels: with inputs of size 4 around a mean of up to 1, errors of C roundings relative to them, divided by a
    /// deviation near 1, and as much again from the sums of the backward pass.
    /// </summary>
    private static double Tolerance(int columns) => (columns + 30) * 4 * Rounding.Unit;

    public static TheoryData<int, int> Shapes()
    {
        var data = new TheoryData<int, int> { { 256, 256 }, { 16, 64 } };
        for (var columns = 2; columns <= 70; columns++)
            data.Add(1 + (columns * 7 % 40), columns);
        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_tangent_and_gradients(int rows, int columns)
    {
        foreach (var form in _forms)
            CheckForwardTangentAndGradients(rows, columns, form);
    }

    private static void CheckForwardTangentAndGradients(int rows, int columns, NormForm form)
    {
        using var norm = new Norm(rows, columns, form);
        norm.Y.AssertEach("y", (r, c) => (norm.Value(r, c, 0), Tolerance(columns)));
        norm.Y.AssertGuardsAndPadding();
        norm.Normalised.AssertGuardsAndPadding();

        using Matrix ydot = new(rows, columns), before = Matrix.Random(rows, columns, 9);
        RowNorm.Tangent(norm.Xdot.Pointer, norm.X.Layout, norm.Weight.Pointer, form, norm.Normalised.Pointer, norm.Inverse.Pointer, ydot.Pointer, 0, rows);
        const double Step = 1e-5;
        ydot.AssertEach("tangent", (r, c) => ((norm.Value(r, c, Step) - norm.Value(r, c, -Step)) / (2 * Step), norm.Magnification(r) * Tolerance(columns)));
        ydot.AssertGuardsAndPadding();

        foreach (var accumulate in new[] { false, true })
        {
            using var dx = before.Copy();
            RowNorm.InputGradient(
                norm.G.Pointer, norm.X.Layout, norm.Weight.Pointer, form, norm.Normalised.Pointer, norm.Inverse.Pointer, dx.Pointer, accumulate, 0, rows);
            dx.AssertEach("dx", (r, c) => (norm.Gradient(r, c) + (accumulate ? before[r, c] : 0), norm.Magnification(r) * Tolerance(columns)));
            dx.AssertGuardsAndPadding();
            if (accumulate)
                continue;
            // <g, J xdot> = <J^T g, xdot>, row by row.
            for (var r = 0; r < rows; r++)
            {
                double forward = 0, backward = 0, magnitude = 0;
                for (var c = 0; c < columns; c++)
                {
                    forward += (double)norm.G[r, c] * ydot[r, c];
                    backward += (double)dx[r, c] * norm.Xdot[r, c];
                    magnitude += Math.Abs(norm.G[r, c] * ydot[r, c]) + Math.Abs(dx[r, c] * norm.Xdot[r, c]);
                }

                Assert.InRange(forward - backward, -(magnitude + norm.Magnification(r)) * Tolerance(columns), (magnitude + norm.Magnification(r)) * Tolerance(columns));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Parameter_gradient(int rows, int columns)
    {
        using var norm = new Norm(rows, columns, _layer);
        using var before = Matrix.Random(1, columns, 9);
        foreach (var accumulate in new[] { false, true })
        {
            using Matrix weight = before.Copy(), bias = before.Copy();
            var half = Math.Min(32, columns);
            RowNorm.ParameterGradient(norm.G.Pointer, norm.X.Layout, norm.Normalised.Pointer, weight.Pointer, bias.Pointer, accumulate, half, columns);
            RowNorm.ParameterGradient(norm.G.Pointer, norm.X.Layout, norm.Normalised.Pointer, weight.Pointer, bias.Pointer, accumulate, 0, half);
            weight.AssertEach("dweight", (_, c) => Sum(rows, r => (double)norm.G[r, c] * norm.Normalised[r, c], accumulate ? before[0, c] : 0));
            bias.AssertEach("dbias", (_, c) => Sum(rows, r => norm.G[r, c], accumulate ? before[0, c] : 0));
            weight.AssertGuardsAndPadding();
            bias.AssertGuardsAndPadding();
            using var alone = before.Copy();
            RowNorm.ParameterGradient(norm.G.Pointer, norm.X.Layout, norm.Normalised.Pointer, alone.Pointer, null, accumulate, 0, columns);
            alone.AssertSameBits("dweight without a bias", weight);
        }
    }

    [Fact]
    public void Rows_do_not_depend_on_the_others()
    {
        foreach (var form in _forms)
        {
            using Norm whole = new(33, 45, form), parts = new(33, 45, form, inParts: true);
            parts.Y.AssertSameBits("rows in parts", whole.Y);
        }
    }

    [Theory]
    [InlineData(45)]
    [InlineData(70)]
    public void Parameter_gradients_do_not_depend_on_how_columns_are_shared_out(int columns)
    {
        using var norm = new Norm(33, columns, _layer);
        using Matrix weight = new(1, columns), bias = new(1, columns), weightParts = new(1, columns), biasParts = new(1, columns);
        RowNorm.ParameterGradient(norm.G.Pointer, norm.X.Layout, norm.Normalised.Pointer, weight.Pointer, bias.Pointer, false, 0, columns);
        foreach (var (first, end) in new[] { (13, 40), (40, columns), (0, 13) })
            RowNorm.ParameterGradient(norm.G.Pointer, norm.X.Layout, norm.Normalised.Pointer, weightParts.Pointer, biasParts.Pointer, false, first, end);
        weightParts.AssertSameBits("dweight in parts", weight);
        biasParts.AssertSameBits("dbias in parts", bias);
    }

    [Fact]
    public void A_single_column_is_its_own_mean()
    {
        using Matrix x = Matrix.Random(20, 1, 1), weight = Matrix.Random(1, 1, 2), bias = Matrix.Random(1, 1, 3);
        using Matrix y = new(20, 1), xhat = new(20, 1), inverse = new(20, 1), tangent = new(20, 1), gradient = x.Copy();
        RowNorm.Forward(x.Pointer, x.Layout, weight.Pointer, bias.Pointer, _layer, y.Pointer, xhat.Pointer, inverse.Pointer, 0, 20);
        RowNorm.Tangent(x.Pointer, x.Layout, weight.Pointer, _layer, xhat.Pointer, inverse.Pointer, tangent.Pointer, 0, 20);
        RowNorm.InputGradient(x.Pointer, x.Layout, weight.Pointer, _layer, xhat.Pointer, inverse.Pointer, gradient.Pointer, true, 0, 20);
        y.AssertEach("y", (_, _) => (bias[0, 0], 0));
        tangent.AssertEach("tangent", (_, _) => (0, 0));
        gradient.AssertSameBits("gradient", x);
        RowNorm.ParameterGradient(x.Pointer, x.Layout, xhat.Pointer, weight.Pointer, bias.Pointer, false, 0, 1);
        Assert.Equal(0f, weight[0, 0]);
        Assert.Equal(Enumerable.Range(0, 20).Sum(r => (double)x[r, 0]), bias[0, 0], 1e-6);
        foreach (var matrix in new[] { y, xhat, inverse, tangent, gradient, weight, bias })
            matrix.AssertGuards();
    }

    [Fact]
    public void A_single_column_keeps_its_sign_where_no_mean_is_taken_off()
    {
        var form = NormForm.RootMeanSquare(0.5f, scale: 3f);
        using Matrix x = Matrix.Random(20, 1, 1, -2, 2), weight = Matrix.Random(1, 1, 2, 0.5, 1.5), g = Matrix.Random(20, 1, 3);
        using Matrix y = new(20, 1), xhat = new(20, 1), inverse = new(20, 1), tangent = new(20, 1), gradient = g.Copy();
        RowNorm.Forward(x.Pointer, x.Layout, weight.Pointer, null, form, y.Pointer, xhat.Pointer, inverse.Pointer, 0, 20);
        RowNorm.Tangent(g.Pointer, x.Layout, weight.Pointer, form, xhat.Pointer, inverse.Pointer, tangent.Pointer, 0, 20);
        RowNorm.InputGradient(g.Pointer, x.Layout, weight.Pointer, form, xhat.Pointer, inverse.Pointer, gradient.Pointer, true, 0, 20);
        y.AssertEach("y", (r, _) => (3 * weight[0, 0] * x[r, 0] / Math.Sqrt((x[r, 0] * x[r, 0]) + 0.5), 1e-5));
        // d/dx x (x^2 + e)^(-1/2) = e (x^2 + e)^(-3/2).
        double Slope(int r) => 3 * weight[0, 0] * 0.5 * Math.Pow((x[r, 0] * x[r, 0]) + 0.5, -1.5);
        tangent.AssertEach("tangent", (r, _) => (g[r, 0] * Slope(r), 1e-5));
        gradient.AssertEach("gradient", (r, _) => (g[r, 0] * (1 + Slope(r)), 1e-5));
        foreach (var matrix in new[] { y, xhat, inverse, tangent, gradient })
            matrix.AssertGuards();
    }

    [Fact]
    public void A_constant_row_normalises_to_the_bias()
    {
        using Matrix x = Matrix.Random(4, 40, 1, 3, 3), weight = Matrix.Random(1, 40, 2), bias = Matrix.Random(1, 40, 3);
        using Matrix y = new(4, 40), xhat = new(4, 40), inverse = new(4, 1);
        RowNorm.Forward(x.Pointer, x.Layout, weight.Pointer, bias.Pointer, _layer, y.Pointer, xhat.Pointer, inverse.Pointer, 0, 4);
        y.AssertEach("y", (_, c) => (bias[0, c], 1e-6));
    }

    private static (double Value, double Bound) Sum(int rows, Func<int, double> term, double start)
    {
        double sum = start, magnitude = Math.Abs(start);
        for (var r = 0; r < rows; r++)
        {
            sum += term(r);
            magnitude += Math.Abs(term(r));
        }

        return (sum, Rounding.Sum(rows, magnitude));
    }

    /// <summary>One forward pass and the same in double precision.</summary>
    private sealed class Norm : IDisposable
    {
        private readonly double[] _deviation;
        private readonly NormForm _form;

        public Norm(int rows, int columns, NormForm form, bool inParts = false)
        {
            _form = form;
            X = Matrix.Random(rows, columns, 1, -3, 4);
            Xdot = Matrix.Random(rows, columns, 2);
            G = Matrix.Random(rows, columns, 3);
            Weight = Matrix.Random(1, columns, 4, 0.5, 1.5);
            Bias = Matrix.Random(1, columns, 5);
            Y = new Matrix(rows, columns);
            Normalised = new Matrix(rows, columns);
            Inverse = new Matrix(rows, 1);
            foreach (var (first, end) in inParts ? new[] { (rows / 2, rows), (0, rows / 2) } : [(0, rows)])
                RowNorm.Forward(X.Pointer, X.Layout, Weight.Pointer, form.Centered ? Bias.Pointer : null, form, Y.Pointer, Normalised.Pointer, Inverse.Pointer, first, end);
            Inverse.AssertGuards();
            _deviation = [.. Enumerable.Range(0, rows).Select(r => Moments(r, 0).Deviation)];
        }

        public Matrix X { get; }

        public Matrix Xdot { get; }

        public Matrix G { get; }

        public Matrix Weight { get; }

        public Matrix Bias { get; }

        public Matrix Y { get; }

        public Matrix Normalised { get; }

        public Matrix Inverse { get; }

        /// <summary>y at x + step xdot.</summary>
        public double Value(int row, int column, double step)
        {
            var (mean, deviation) = Moments(row, step);
            return (_form.Scale * (X[row, column] + (step * Xdot[row, column]) - mean) / deviation * Weight[0, column]) + (_form.Centered ? Bias[0, column] : 0);
        }

        /// <summary>dL/dx for dL/dy = g, from the Jacobian written out: scale (d_ij - 1/C - n_i n_j / C) / deviation, n = (x - mean) / deviation; 1/C where a mean is taken off.</summary>
        public double Gradient(int row, int column)
        {
            var (mean, deviation) = Moments(row, 0);
            double At(int c) => (X[row, c] - mean) / deviation;
            var sum = 0.0;
            for (var i = 0; i < X.Columns; i++)
            {
                var jacobian = _form.Scale * ((i == column ? 1 : 0) - (((_form.Centered ? 1 : 0) + (At(i) * At(column))) / X.Columns)) / deviation;
                sum += G[row, i] * Weight[0, i] * jacobian;
            }

            return sum;
        }

        /// <summary>Derivatives are divided by the deviation; narrow rows may have a small one.</summary>
        public double Magnification(int row) => Math.Max(1, 1 / (_deviation[row] * _deviation[row]));

        public void Dispose()
        {
            foreach (var matrix in new[] { X, Xdot, G, Weight, Bias, Y, Normalised, Inverse })
                matrix.Dispose();
        }

        private (double Mean, double Deviation) Moments(int row, double step)
        {
            double mean = 0, variance = 0;
            for (var c = 0; c < X.Columns && _form.Centered; c++)
                mean += (X[row, c] + (step * Xdot[row, c])) / X.Columns;
            for (var c = 0; c < X.Columns; c++)
                variance += Math.Pow(X[row, c] + (step * Xdot[row, c]) - mean, 2) / X.Columns;
            return (mean, Math.Sqrt(variance + Epsilon));
        }
    }
}
