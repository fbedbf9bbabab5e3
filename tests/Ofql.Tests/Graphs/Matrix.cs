using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Graphs;

/// <summary>A matrix of doubles and the few operations that references of graph nodes are written in: plain loops, nothing shared with the library.</summary>
internal sealed class Matrix(int rows, int columns)
{
    public int Rows => rows;

    public int Columns => columns;

    public double[] Values { get; } = new double[rows * columns];

    public double this[int row, int column]
    {
        get => Values[(row * columns) + column];
        set => Values[(row * columns) + column] = value;
    }

    public static Matrix Of(int rows, int columns, Func<int, int, double> entry)
    {
        var result = new Matrix(rows, columns);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                result[row, column] = entry(row, column);
        }

        return result;
    }

    /// <summary>Uniform numbers that are exact in float, so that both computations start from the same numbers.</summary>
    public static Matrix Random(RandomStream random, int rows, int columns, double low = -1, double high = 1) =>
        Of(rows, columns, (_, _) => (float)random.NextUniform(low, high));

    public static Matrix FromSingles(int rows, int columns, float[] rowMajor) =>
        Of(rows, columns, (row, column) => rowMajor[(row * columns) + column]);

    /// <summary>f(a, b) entry by entry; rows, columns and numbers are spread.</summary>
    public static Matrix Combine(Matrix a, Matrix b, Func<double, double, double> f) =>
        Of(Math.Max(a.Rows, b.Rows), Math.Max(a.Columns, b.Columns), (row, column) => f(a.Spread(row, column), b.Spread(row, column)));

    /// <summary>Columns side by side, single rows spread.</summary>
    public static Matrix Concatenate(params Matrix[] parts)
    {
        var result = new Matrix(parts.Max(part => part.Rows), parts.Sum(part => part.Columns));
        var first = 0;
        foreach (var part in parts)
        {
            for (var row = 0; row < result.Rows; row++)
            {
                for (var column = 0; column < part.Columns; column++)
                    result[row, first + column] = part.Spread(row, column);
            }

            first += part.Columns;
        }

        return result;
    }

    /// <summary>The entry, or the one that is spread to its place.</summary>
    public double Spread(int row, int column) => this[rows == 1 ? 0 : row, columns == 1 ? 0 : column];

    public Matrix Map(Func<double, double> f) => Of(rows, columns, (row, column) => f(this[row, column]));

    public Matrix Product(Matrix other) => Of(rows, other.Columns, (row, column) =>
    {
        double sum = 0;
        for (var k = 0; k < columns; k++)
            sum += this[row, k] * other[k, column];
        return sum;
    });

    /// <summary>One number per row.</summary>
    public Matrix PerRow(Func<double[], double> f) => Of(rows, 1, (row, _) => f(Row(row)));

    public double[] Row(int row) => Values[(row * columns)..((row + 1) * columns)];

    public Matrix Transposed() => Of(columns, rows, (row, column) => this[column, row]);

    public Matrix PlusScaled(double factor, Matrix other) => Of(rows, columns, (row, column) => this[row, column] + (factor * other[row, column]));

    public double Dot(Matrix other)
    {
        Assert.Equal((rows, columns), (other.Rows, other.Columns));
        double sum = 0;
        for (var i = 0; i < Values.Length; i++)
            sum += Values[i] * other.Values[i];
        return sum;
    }

    /// <summary>sum |a b|: what a rounding error of <see cref="Dot"/> is measured against.</summary>
    public double AbsoluteDot(Matrix other) => Map(Math.Abs).Dot(other.Map(Math.Abs));

    public float[] ToSingles() => Array.ConvertAll(Values, value => (float)value);
}
