using Ofql.Kernels.Activations;

namespace Ofql.Tests.Graphs;

/// <summary>Functions of the library once more, in double.</summary>
internal static class Reference
{
    public static double Softplus(double x) => x > 30 ? x : Math.Log(1 + Math.Exp(x));

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double Activate(Activation activation, double x) => activation switch
    {
        Activation.Identity => x,
        Activation.Mish => x * Math.Tanh(Softplus(x)),
        Activation.Relu => Math.Max(x, 0),
        Activation.Gelu => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        Activation.Tanh => Math.Tanh(x),
        Activation.Silu => x * Sigmoid(x),
        Activation.Sigmoid => Sigmoid(x),
        Activation.Softplus => Softplus(x),
        Activation.Elu => x > 0 ? x : Math.Exp(x) - 1,
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    /// <summary>f(x W + b).</summary>
    public static Matrix Dense(Matrix x, Matrix weight, Matrix? bias, Activation activation)
    {
        var product = x.Product(weight);
        if (bias is not null)
            product = Matrix.Combine(product, bias, (a, b) => a + b);
        return product.Map(v => Activate(activation, v));
    }

    public static Matrix LayerNorm(Matrix x, Matrix weight, Matrix bias, double epsilon) => Matrix.Of(x.Rows, x.Columns, (row, column) =>
    {
        var values = x.Row(row);
        var mean = values.Average();
        var variance = values.Average(v => (v - mean) * (v - mean));
        return ((x[row, column] - mean) / Math.Sqrt(variance + epsilon) * weight[0, column]) + bias[0, column];
    });

    public static Matrix RootMeanSquareNorm(Matrix x, Matrix weight, double epsilon, double scale) => Matrix.Of(x.Rows, x.Columns, (row, column) =>
        scale * x[row, column] / Math.Sqrt(x.Row(row).Average(v => v * v) + epsilon) * weight[0, column]);
}

/// <summary>Shapes that meet every edge: one row, fewer and more than a group of 16; one column, a part of a panel of 32, a whole one, more than one.</summary>
internal static class Shapes
{
    public static int[] Rows { get; } = [1, 5, 16, 40];

    public static int[] Columns { get; } = [1, 3, 32, 40];

    public static IEnumerable<(int Rows, int Columns)> All => Rows.SelectMany(_ => Columns, (rows, columns) => (rows, columns));
}
