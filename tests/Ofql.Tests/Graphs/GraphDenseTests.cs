using Ofql.Graph;
using Ofql.Kernels.Activations;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Graphs;

/// <summary>Dense layers in every shape and activation, alone and in chains (see <see cref="NodeCheck"/>).</summary>
public sealed class GraphDenseTests
{
    public static TheoryData<Activation> Activations => new(Enum.GetValues<Activation>());

    [Theory]
    [MemberData(nameof(Activations))]
    public void A_dense_layer(Activation activation)
    {
        foreach (var rows in Shapes.Rows)
        {
            foreach (var inputs in new[] { 2, 32, 40 })
            {
                foreach (var outputs in new[] { 3, 32, 40 })
                    Check(rows, rows, inputs, outputs, activation);
            }
        }

        Check(16, 1, 40, 40, activation);
        Check(5, 15, 3, 33, activation);
        Check(1, 5, 3, 33, activation);
    }

    [Fact]
    public void A_dense_layer_of_one_output()
    {
        foreach (var rows in Shapes.Rows)
        {
            foreach (var inputs in new[] { 2, 32, 40 })
                Check(rows, rows, inputs, 1, Activation.Identity);
        }

        Check(16, 1, 40, 1, Activation.Identity);
        Check(5, 15, 3, 1, Activation.Identity);
        Check(1, 5, 3, 1, Activation.Identity);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public void A_dense_layer_without_bias(int outputs)
    {
        foreach (var rows in Shapes.Rows)
        {
            new NodeCheck(rows).Value(rows, 5).Parameter(5, outputs).Agrees(
                x => Dense(x[0], x.Block, x.Tensor(1), null, Activation.Identity), x => Reference.Dense(x[0], x[1], null, Activation.Identity));
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(5, 1)]
    [InlineData(16, 3)]
    [InlineData(40, 1)]
    [InlineData(40, 40)]
    public void Layers_in_a_chain_and_a_layer_applied_twice(int rows, int outputs)
    {
        // The hidden layer serves two values and feeds two layers: gradients of weights and of its value both add up.
        new NodeCheck(rows, threads: 2).Value(rows, 4).Value(rows, 4).Parameter(4, 33).Parameter(1, 33).Parameter(33, outputs).Parameter(1, outputs).Agrees(
            x =>
            {
                Node Hidden(Node v) => Dense(v, x.Block, x.Tensor(2), x.Tensor(3), Activation.Mish);
                Node Out(Node v) => Dense(v, x.Block, x.Tensor(4), x.Tensor(5), Activation.Identity);
                var shared = Hidden(x[0]);
                return (Out(shared) * Out(Hidden(x[1]))) + Out(shared + Hidden(x[1]));
            },
            x =>
            {
                Matrix Hidden(Matrix v) => Reference.Dense(v, x[2], x[3], Activation.Mish);
                Matrix Out(Matrix v) => Reference.Dense(v, x[4], x[5], Activation.Identity);
                static Matrix Plus(Matrix a, Matrix b) => Matrix.Combine(a, b, (p, q) => p + q);
                return Plus(Matrix.Combine(Out(Hidden(x[0])), Out(Hidden(x[1])), (p, q) => p * q), Out(Plus(Hidden(x[0]), Hidden(x[1]))));
            });
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(5, 1)]
    [InlineData(33, 3)]
    public void A_single_row_layer_beside_rows(int rows, int outputs) =>
        // As the time embedding of an actor: computed once, joined to every row.
        new NodeCheck(rows, threads: 2).Value(1, 4).Value(rows, 5).Parameter(4, 33).Parameter(1, 33).Parameter(38, outputs).Parameter(1, outputs).Agrees(
            x => Dense(Concatenate(x[1], Dense(x[0], x.Block, x.Tensor(2), x.Tensor(3), Activation.Silu)), x.Block, x.Tensor(4), x.Tensor(5), Activation.Identity),
            x => Reference.Dense(Matrix.Concatenate(x[1], Reference.Dense(x[0], x[2], x[3], Activation.Silu)), x[4], x[5], Activation.Identity));

    [Theory]
    [InlineData(5, 3)]
    [InlineData(33, 1)]
    public void A_layer_norm_between_layers(int rows, int outputs) =>
        new NodeCheck(rows, threads: 2).Value(rows, 4).Parameter(4, 33).Parameter(1, 33).Parameter(1, 33).Parameter(33, outputs).Agrees(
            x => Dense(Activate(LayerNorm(Dense(x[0], x.Block, x.Tensor(1), null, Activation.Identity), x.Block, x.Tensor(2), x.Tensor(3)), Activation.Mish),
                x.Block, x.Tensor(4), null, Activation.Identity),
            x => Reference.Dense(Reference.LayerNorm(x[0].Product(x[1]), x[2], x[3], 1e-5).Map(v => Reference.Activate(Activation.Mish, v)), x[4], null, Activation.Identity));

    private static void Check(int batch, int rows, int inputs, int outputs, Activation activation) =>
        new NodeCheck(batch).Value(rows, inputs).Parameter(inputs, outputs).Parameter(1, outputs).Agrees(
            x => Dense(x[0], x.Block, x.Tensor(1), x.Tensor(2), activation), x => Reference.Dense(x[0], x[1], x[2], activation));
}
