using Ofql.Graph;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;

namespace Ofql.Networks;

/// <summary>Where a multilayer perceptron normalises its hidden layers.</summary>
public enum LayerNormPlacement
{
    /// <summary>Nowhere (Diffusion-QL, OFQL).</summary>
    None,

    /// <summary>Linear, layer norm, activation (CleanDiffuser's critics).</summary>
    BeforeActivation,

    /// <summary>Linear, activation, layer norm (FQL's critics).</summary>
    AfterActivation,
}

/// <summary>Shape of a multilayer perceptron.</summary>
/// <param name="Hidden">Widths H of the hidden layers.</param>
/// <param name="Activation">Activation after every hidden layer.</param>
/// <param name="LayerNorm">Layer normalisation of hidden layers.</param>
/// <param name="LayerNormEpsilon">Added to the variance there: 1e-5 in PyTorch, 1e-6 in Flax.</param>
public sealed record MlpShape(
    IReadOnlyList<int> Hidden, Activation Activation, LayerNormPlacement LayerNorm = LayerNormPlacement.None, float LayerNormEpsilon = 1e-5f)
{
    /// <summary>Activation after the first hidden layer; null for that of the others.</summary>
    public Activation? FirstActivation { get; init; }

    /// <summary>Activation after a hidden layer, counted from 0.</summary>
    internal Activation ActivationOf(int layer) => layer == 0 ? FirstActivation ?? Activation : Activation;

    /// <summary><paramref name="layers"/> hidden layers of one width.</summary>
    public static MlpShape Uniform(int layers, int width, Activation activation, LayerNormPlacement layerNorm = LayerNormPlacement.None) =>
        new(Enumerable.Repeat(width, layers).ToArray(), activation, layerNorm);
}

/// <summary>
/// Layers <c>fc1 .. fcn</c>, each followed by an activation, then <c>out</c> without one. Describes the network; the numbers
/// are in whatever block it is applied with, so that a network and its target share one description. A network of one input
/// has two columns in its first weight, the second of them idle.
/// </summary>
public sealed class Mlp
{
    private readonly (ParameterTensor Weight, ParameterTensor Bias, ParameterTensor? Scale, ParameterTensor? Shift)[] _hidden;
    private readonly ParameterTensor _outWeight;
    private readonly ParameterTensor _outBias;
    private readonly MlpShape _shape;

    /// <summary>Adds the parameters of the network to a layout under a prefix (with its dot, or empty).</summary>
    public Mlp(ParameterLayout layout, string prefix, int inputs, MlpShape shape, int outputs, string outputName = "out")
    {
        _shape = shape;
        _hidden = new (ParameterTensor, ParameterTensor, ParameterTensor?, ParameterTensor?)[shape.Hidden.Count];
        // A dense layer takes at least two columns: a single input gets a zero beside it.
        var width = Math.Max(2, inputs);
        for (var i = 0; i < _hidden.Length; i++)
        {
            var next = shape.Hidden[i];
            var weight = layout.AddMatrix($"{prefix}fc{i + 1}.weight", width, next);
            var bias = layout.AddVector($"{prefix}fc{i + 1}.bias", next);
            var normalized = shape.LayerNorm != LayerNormPlacement.None;
            var scale = normalized ? layout.AddVector($"{prefix}ln{i + 1}.weight", next, firstValue: 1f) : null;
            var shift = normalized ? layout.AddVector($"{prefix}ln{i + 1}.bias", next, firstValue: 0f) : null;
            _hidden[i] = (weight, bias, scale, shift);
            width = next;
        }

        _outWeight = layout.AddMatrix($"{prefix}{outputName}.weight", width, outputs);
        _outBias = layout.AddVector($"{prefix}{outputName}.bias", outputs);
    }

    /// <summary>The network's value at x [R, inputs]: [R, outputs].</summary>
    /// <param name="block">Its parameters.</param>
    /// <param name="x">[R, inputs].</param>
    /// <param name="masks">Factors [R, H] on the hidden layers, one each: dropout. Null for none.</param>
    public Node Apply(ParameterBlock block, Node x, IReadOnlyList<Node>? masks = null)
    {
        if (x.Columns == 1)
            x = Functions.Concatenate(x, x.Graph.Constant(0f));
        for (var i = 0; i < _hidden.Length; i++)
        {
            var (weight, bias, scale, shift) = _hidden[i];
            var activation = _shape.ActivationOf(i);
            x = _shape.LayerNorm switch
            {
                LayerNormPlacement.None => Functions.Dense(x, block, weight, bias, activation),
                LayerNormPlacement.BeforeActivation => Functions.Activate(
                    Functions.LayerNorm(Functions.Dense(x, block, weight, bias, Activation.Identity), block, scale!, shift!, _shape.LayerNormEpsilon), activation),
                _ => Functions.LayerNorm(Functions.Dense(x, block, weight, bias, activation), block, scale!, shift!, _shape.LayerNormEpsilon),
            };
            if (masks is not null)
                x *= masks[i];
        }

        return Functions.Dense(x, block, _outWeight, _outBias, Activation.Identity);
    }
}
