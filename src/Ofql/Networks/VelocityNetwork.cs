using Ofql.Graph;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;

namespace Ofql.Networks;

/// <summary>Features of a time, sin and cos, then Linear(E, 2E), Mish, Linear(2E, E) where <c>mlp</c> is on.</summary>
public sealed class TimeEmbedding
{
    private readonly SinusoidFrequencies _frequencies;
    private readonly Mlp? _mlp;

    /// <summary>Adds the parameters of the embedding to a layout under a prefix.</summary>
    public TimeEmbedding(ParameterLayout layout, string prefix, SinusoidFrequencies frequencies, bool mlp)
    {
        _frequencies = frequencies;
        if (!mlp)
            return;
        var size = frequencies.Size;
        _mlp = new Mlp(layout, prefix, size, new MlpShape([2 * size], Activation.Mish), size, outputName: "fc2");
    }

    /// <summary>The embedding of t [R, 1]: [R, E].</summary>
    public Node Apply(ParameterBlock block, Node t)
    {
        var features = Functions.Sinusoid(t, _frequencies);
        return _mlp is null ? features : _mlp.Apply(block, features);
    }
}

/// <summary>Shape of a <see cref="VelocityNetwork"/>.</summary>
/// <param name="StateSize">S.</param>
/// <param name="ActionSize">A.</param>
/// <param name="Trunk">Hidden layers.</param>
/// <param name="Frequencies">Sinusoids of both time embeddings.</param>
/// <param name="EmbeddingMlp">Pass the sinusoids through a small network.</param>
public sealed record VelocityShape(int StateSize, int ActionSize, MlpShape Trunk, SinusoidFrequencies Frequencies, bool EmbeddingMlp = true);

/// <summary>
/// The average velocity u(a_t, r, t; s) of OFQL (arXiv 2508.13904): a multilayer perceptron over
/// [a_t (A), emb_r(r) (E), emb_t(t) (E), s (S)], the two embeddings with weights of their own.
/// </summary>
public sealed class VelocityNetwork
{
    private readonly TimeEmbedding _embedR;
    private readonly TimeEmbedding _embedT;
    private readonly Mlp _trunk;

    /// <summary>Describes the network.</summary>
    public VelocityNetwork(VelocityShape shape)
    {
        Shape = shape;
        var size = shape.Frequencies.Size;
        _embedR = new TimeEmbedding(Layout, "time_r.", shape.Frequencies, shape.EmbeddingMlp);
        _embedT = new TimeEmbedding(Layout, "time_t.", shape.Frequencies, shape.EmbeddingMlp);
        _trunk = new Mlp(Layout, "", shape.ActionSize + (2 * size) + shape.StateSize, shape.Trunk, shape.ActionSize);
    }

    /// <summary>Its shape.</summary>
    public VelocityShape Shape { get; }

    /// <summary>Its parameters.</summary>
    public ParameterLayout Layout { get; } = new();

    /// <summary>u(a_t, r, t; s) [R, A], for a_t [R, A], r and t [R, 1] (or [1, 1] for all rows), s [R, S].</summary>
    public Node Apply(ParameterBlock block, Node at, Node r, Node t, Node s) =>
        _trunk.Apply(block, Functions.Concatenate(at, _embedR.Apply(block, r), _embedT.Apply(block, t), s));
}
