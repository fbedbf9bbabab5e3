using Ofql.Graph;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Randomness;

namespace Ofql.Networks;

/// <summary>Shape of a <see cref="TokenTransformer"/>.</summary>
/// <param name="Inputs">Entries of the token before it is embedded.</param>
/// <param name="Outputs">Entries of the result.</param>
/// <param name="Width">Width H of the token.</param>
/// <param name="Depth">Blocks.</param>
/// <param name="MlpRatio">Width of a block's inner layer, in H.</param>
/// <param name="Frequencies">Sinusoids of the time.</param>
public sealed record TokenTransformerShape(int Inputs, int Outputs, int Width, int Depth, int MlpRatio, SinusoidFrequencies Frequencies);

/// <summary>
/// A diffusion transformer (DiT, Peebles and Xie, arXiv 2212.09748) over a single token, as MeanFlowQL's code has it
/// (arXiv 2511.13035): blocks of attention and of a two-layer network, each modulated and gated by the time, with root-mean-square
/// norms. A single token attends to itself with weight 1 whatever the queries and keys are, so that its value and output projections
/// are all that is left of the attention.
/// </summary>
public sealed class TokenTransformer
{
    /// <summary>Weight of what a block adds, besides its gates.</summary>
    private const float ResidualScale = 0.1f;

    private const float NormEpsilon = 1e-6f;
    private readonly TokenTransformerShape _shape;
    private readonly Layer _embed;
    private readonly ParameterTensor _position;
    private readonly Mlp _time;
    private readonly Block[] _blocks;
    private readonly ParameterTensor _norm;
    private readonly Layer _modulation;
    private readonly Layer _out;

    /// <summary>Describes the network.</summary>
    public TokenTransformer(TokenTransformerShape shape)
    {
        _shape = shape;
        var width = shape.Width;
        _embed = Dense("embed", shape.Inputs, width);
        _position = Layout.AddVector("position", width);
        _time = new Mlp(Layout, "time_t.", shape.Frequencies.Size, new MlpShape([width], Activation.Silu), width, outputName: "fc2");
        _blocks = Enumerable.Range(1, shape.Depth).Select(AddBlock).ToArray();
        _norm = Layout.AddVector("norm", width, firstValue: 1f);
        _modulation = Dense("modulation", width, 2 * width);
        _out = Dense("out", width, shape.Outputs);
    }

    /// <summary>Its parameters.</summary>
    public ParameterLayout Layout { get; } = new();

    /// <summary>The result [R, outputs] at x [R, inputs] and time t [R, 1], or [1, 1] for all rows.</summary>
    public Node Apply(ParameterBlock parameters, Node x, Node t)
    {
        var c = Functions.Activate(_time.Apply(parameters, Functions.Sinusoid(t, _shape.Frequencies)), Activation.Silu);
        x = _embed.Apply(parameters, x) + x.Graph.Parameter(parameters, _position);
        foreach (var block in _blocks)
            x += ResidualScale * Added(block, parameters, x, c);
        var m = Parts(_modulation.Apply(parameters, c), 2);
        return _out.Apply(parameters, Modulate(Norm(parameters, _norm, x), shift: m[0], scale: m[1]));
    }

    /// <summary>Small normal weights; modulations, gates and the last layer begin at 0, so that the result does too.</summary>
    public void Initialize(ParameterBlock parameters, RandomStream random)
    {
        foreach (var tensor in Layout.Tensors)
        {
            if (tensor == _position)
                parameters.Write(tensor, [.. Enumerable.Range(0, tensor.Count).Select(_ => (float)(0.005 * random.NextNormal()))]);
            else if (!tensor.IsMatrix || tensor.Name.Contains("modulation", StringComparison.Ordinal) || tensor == _out.Weight)
                parameters.Write(tensor, [.. Enumerable.Repeat(tensor.FirstValue ?? 0f, tensor.Count)]);
            else
                VarianceScaling.TruncatedNormal(parameters, tensor, random, scale: 0.01);
        }
    }

    /// <summary>What a block adds to the token: gated attention, then the gated network on the sum.</summary>
    private Node Added(Block block, ParameterBlock parameters, Node x, Node c)
    {
        var m = Parts(block.Modulation.Apply(parameters, c), 6);
        var attended = Modulate(Norm(parameters, block.Norm1, x), shift: m[0], scale: m[1]);
        var attention = m[2] * block.Project.Apply(parameters, block.Value.Apply(parameters, attended));
        var between = Modulate(Norm(parameters, block.Norm2, x + attention), shift: m[3], scale: m[4]);
        return attention + (m[5] * block.Inner.Apply(parameters, between));
    }

    private static Node Modulate(Node x, Node shift, Node scale) => (x * (scale + 1f)) + shift;

    /// <summary>H^(1/2) x / (mean x^2 + eps)^(1/2) g, the mean over the H entries of each row: the code's norm has the factor H^(1/2).</summary>
    private Node Norm(ParameterBlock parameters, ParameterTensor gain, Node x) =>
        Functions.RootMeanSquareNorm(x, parameters, gain, NormEpsilon, scale: MathF.Sqrt(_shape.Width));

    private Node[] Parts(Node x, int count) =>
        Enumerable.Range(0, count).Select(i => Functions.Columns(x, i * _shape.Width, _shape.Width)).ToArray();

    private Block AddBlock(int number)
    {
        var (prefix, width) = ($"block{number}.", _shape.Width);
        return new Block(
            Dense(prefix + "modulation", width, 6 * width),
            Layout.AddVector(prefix + "norm1", width, firstValue: 1f),
            Dense(prefix + "value", width, width),
            Dense(prefix + "project", width, width),
            Layout.AddVector(prefix + "norm2", width, firstValue: 1f),
            new Mlp(Layout, prefix, width, new MlpShape([_shape.MlpRatio * width], Activation.Gelu), width, outputName: "fc2"));
    }

    private Layer Dense(string name, int inputs, int outputs) =>
        new(Layout.AddMatrix(name + ".weight", inputs, outputs), Layout.AddVector(name + ".bias", outputs));

    private sealed record Layer(ParameterTensor Weight, ParameterTensor Bias)
    {
        public Node Apply(ParameterBlock parameters, Node x) => Functions.Dense(x, parameters, Weight, Bias, Activation.Identity);
    }

    private sealed record Block(Layer Modulation, ParameterTensor Norm1, Layer Value, Layer Project, ParameterTensor Norm2, Mlp Inner);
}
