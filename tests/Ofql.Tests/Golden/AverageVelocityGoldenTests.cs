using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Optimization;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Networks;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Golden;

/// <summary>All first derivatives of the average velocity network, forward and reverse.</summary>
public sealed class AverageVelocityGoldenTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Value_tangent_and_gradients_of_the_average_velocity(int threads)
    {
        using var golden = GoldenFile.Open("kernels/average_velocity_derivatives");
        int b = golden.Size("B"), a = golden.Size("A");
        var network = new VelocityNetwork(new VelocityShape(
            golden.Size("S"), a, MlpShape.Uniform(3, golden.Size("H"), Activation.Mish), SinusoidFrequencies.DiffusionQl(16)));
        using var theta = new ParameterBlock("actor", network.Layout);
        foreach (var tensor in network.Layout.Tensors)
            theta.Write(tensor, golden.Singles("parameter." + tensor.Name));

        // Inputs as I W with W a parameter: then dL/dW is dL/d input.
        var layout = new ParameterLayout();
        ParameterTensor z = layout.AddMatrix("z", b, a), r = layout.AddMatrix("r", b, 1), t = layout.AddMatrix("t", b, 1);
        using var inputs = new ParameterBlock("inputs", layout);
        using var graph = new Graph.Graph(b);
        var identity = graph.Input("identity", b);
        for (var row = 0; row < b; row++)
            identity.WriteRow(row, Enumerable.Range(0, b).Select(column => row == column ? 1f : 0f).ToArray());
        Node zNode = Variable(z, a), rNode = Variable(r, 1), tNode = Variable(t, 1);

        var u = network.Apply(theta, zNode, rNode, tNode, Given("s", golden.Size("S")));
        var du = graph.Jvp(u, (zNode, Given("dz", a)), (rNode, Given("dr", 1)), (tNode, Given("dt", 1)));
        var loss = Sum(u * Given("upstream", a));
        using var team = new WorkerTeam(threads);
        using var program = new ProgramBuilder(graph).Compute(u, du).Gradient(loss, theta).Gradient(loss, inputs).Build(team);
        program.Run();

        golden.AssertClose("u", Read(u));
        golden.AssertClose("du", Read(du));
        foreach (var tensor in network.Layout.Tensors)
            golden.AssertClose("grad_parameter." + tensor.Name, Gradient(theta, tensor));
        golden.AssertClose("grad_z", Transposed(Gradient(inputs, z), a, b));
        golden.AssertClose("grad_r", Gradient(inputs, r));
        golden.AssertClose("grad_t", Gradient(inputs, t));

        Node Variable(ParameterTensor tensor, int columns)
        {
            inputs.Write(tensor, Transposed(golden.Singles(tensor.Name), b, columns));
            return Dense(identity, inputs, tensor, null, Activation.Identity);
        }

        InputNode Given(string name, int columns)
        {
            var input = graph.Input(name, columns);
            input.Write(golden.Singles(name));
            return input;
        }

        float[] Read(Node node)
        {
            var values = new float[node.Rows * node.Columns];
            program.Read(node, values);
            return values;
        }
    }

    [Fact]
    public void Learning_rate_by_half_a_cosine()
    {
        using var golden = GoldenFile.Open("kernels/cosine_schedule");
        var options = new AdamOptions(golden.Setting("lr"), CosineSteps: golden.Size("steps"));
        var rates = golden.Values("learning_rate");
        for (var k = 0; k < rates.Length; k++)
            Assert.Equal(rates[k], options.RateAfter(k), 1e-15);
        // Beyond the plan the rate stays at 0, without it at the start.
        Assert.Equal(0, options.RateAfter(rates.Length + 10), 1e-15);
        Assert.Equal(3e-4, new AdamOptions(3e-4).RateAfter(1_000_000));
    }

    private static float[] Gradient(ParameterBlock block, ParameterTensor tensor)
    {
        var values = new float[tensor.Count];
        block.ReadGradient(tensor, values);
        return values;
    }

    /// <summary>Row-major [rows, columns] to row-major [columns, rows]: files hold a weight as [out, in].</summary>
    private static float[] Transposed(float[] values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                result[(column * rows) + row] = values[(row * columns) + column];
        }

        return result;
    }
}
