using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;

namespace Ofql.Graph;

/// <summary>The vocabulary of losses; meant for <c>using static</c>, so that equations read like the paper's.</summary>
public static class Functions
{
    /// <summary>x as a constant: no gradient flows back.</summary>
    public static Node StopGradient(Node x) => new StopGradientNode(x);

    /// <summary>f(x W + b): product, bias, activation and stored derivative in one node.</summary>
    public static Node Dense(Node x, ParameterBlock block, ParameterTensor weight, ParameterTensor? bias, Activation activation) =>
        new DenseNode(x, block, weight, bias, activation);

    /// <summary>An activation on its own.</summary>
    public static Node Activate(Node x, Activation activation) => activation switch
    {
        Activation.Identity => x,
        Activation.Mish => new UnaryNode(x, UnaryOperation.Mish),
        Activation.Relu => new UnaryNode(x, UnaryOperation.Relu),
        Activation.Gelu => new UnaryNode(x, UnaryOperation.Gelu),
        Activation.Tanh => new UnaryNode(x, UnaryOperation.Tanh),
        Activation.Silu => new UnaryNode(x, UnaryOperation.Silu),
        Activation.Sigmoid => new UnaryNode(x, UnaryOperation.Sigmoid),
        Activation.Softplus => new UnaryNode(x, UnaryOperation.Softplus),
        Activation.Elu => new UnaryNode(x, UnaryOperation.Elu),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    /// <summary>Joins columns: [x, y, ..]. A single row is spread over the rows of the others.</summary>
    public static Node Concatenate(params Node[] parts) => new ConcatenateNode(parts);

    /// <summary>Columns <paramref name="first"/> .. <paramref name="first"/> + <paramref name="count"/> - 1.</summary>
    public static Node Columns(Node x, int first, int count) => new ColumnsNode(x, first, count);

    /// <summary>x^2, element by element.</summary>
    public static Node Square(Node x) => new UnaryNode(x, UnaryOperation.Square);

    /// <summary>|x|.</summary>
    public static Node Abs(Node x) => new UnaryNode(x, UnaryOperation.Absolute);

    /// <summary>e^x.</summary>
    public static Node Exp(Node x) => new UnaryNode(x, UnaryOperation.Exponential);

    /// <summary>ln x, x above 0.</summary>
    public static Node Log(Node x) => new UnaryNode(x, UnaryOperation.Logarithm);

    /// <summary>sin x.</summary>
    public static Node Sin(Node x) => new UnaryNode(x, UnaryOperation.Sine);

    /// <summary>cos x.</summary>
    public static Node Cos(Node x) => new UnaryNode(x, UnaryOperation.Cosine);

    /// <summary>x^(1/2).</summary>
    public static Node Sqrt(Node x) => new UnaryNode(x, UnaryOperation.SquareRoot);

    /// <summary>1 / x.</summary>
    public static Node Reciprocal(Node x) => new UnaryNode(x, UnaryOperation.Reciprocal);

    /// <summary>x^exponent, x above 0.</summary>
    public static Node Power(Node x, float exponent) => new UnaryNode(x, UnaryOperation.Power, exponent);

    /// <summary>x limited to [low, high]; the gradient is 1 inside and 0 outside.</summary>
    public static Node Clamp(Node x, float low, float high) => new UnaryNode(x, UnaryOperation.Clamp, low, high);

    /// <summary>1 where x is below 0, else 0; no gradient.</summary>
    public static Node Negative(Node x) => new UnaryNode(x, UnaryOperation.Negative);

    /// <summary>tanh x.</summary>
    public static Node Tanh(Node x) => new UnaryNode(x, UnaryOperation.Tanh);

    /// <summary>ln(1 + e^x).</summary>
    public static Node Softplus(Node x) => new UnaryNode(x, UnaryOperation.Softplus);

    /// <summary>The smaller of a and b; the gradient goes to it.</summary>
    public static Node Min(Node a, Node b) => Node.Combine(BinaryOperation.Minimum, a, b);

    /// <summary>The larger of a and b; the gradient goes to it.</summary>
    public static Node Max(Node a, Node b) => Node.Combine(BinaryOperation.Maximum, a, b);

    /// <summary>Mean over all entries, a number [1, 1].</summary>
    public static Node Mean(Node x) => new TotalNode(x, 1f / ((float)x.Rows * x.Columns));

    /// <summary>Sum over all entries, a number [1, 1].</summary>
    public static Node Sum(Node x) => new TotalNode(x, 1f);

    /// <summary>Sum over the columns of each row, [R, 1].</summary>
    public static Node SumColumns(Node x) => x.Columns == 1 ? x : new SumColumnsNode(x);

    /// <summary>Largest entry of each row, or the <paramref name="rank"/>-th largest, [R, 1]; the gradient goes to the first that is.</summary>
    public static Node MaxColumns(Node x, int rank = 1) => x.Columns == 1 && rank == 1 ? x : new MaxColumnsNode(x, rank);

    /// <summary>ln sum e^x over the columns of each row, [R, 1].</summary>
    public static Node LogSumExp(Node x) => new LogSumExpNode(x);

    /// <summary>Each row <paramref name="times"/> times in a row: [R times, C].</summary>
    public static Node RepeatRows(Node x, int times) => times == 1 ? x : new RepeatRowsNode(x, times);

    /// <summary>Each row cut into <paramref name="pieces"/> rows: [R, n C] read as [R n, C].</summary>
    public static Node SplitRows(Node x, int pieces) => pieces == 1 ? x : new SplitRowsNode(x, pieces);

    /// <summary>Sum of each group of <paramref name="size"/> rows: [R n, C] to [R, C].</summary>
    public static Node SumRows(Node x, int size) => size == 1 ? x : new SumRowsNode(x, size);

    /// <summary>A column [R n, 1] read as [R, n]: the n values of each element beside each other.</summary>
    public static Node GroupRows(Node x, int size) => new GroupRowsNode(x, size);

    /// <summary>Features sin(t f), cos(t f) of a time [R, 1].</summary>
    public static Node Sinusoid(Node t, SinusoidFrequencies frequencies) => new SinusoidNode(t, frequencies);

    /// <summary>Layer normalisation with learned scale and shift.</summary>
    public static Node LayerNorm(Node x, ParameterBlock block, ParameterTensor weight, ParameterTensor bias, float epsilon = 1e-5f) =>
        new RowNormNode(x, block, weight, bias, NormForm.Layer(epsilon));

    /// <summary>scale x / (mean x^2 + eps)^(1/2) times a learned weight, the mean over the columns of each row (Zhang and Sennrich 2019).</summary>
    public static Node RootMeanSquareNorm(Node x, ParameterBlock block, ParameterTensor weight, float epsilon, float scale = 1f) =>
        new RowNormNode(x, block, weight, bias: null, NormForm.RootMeanSquare(epsilon, scale));
}
