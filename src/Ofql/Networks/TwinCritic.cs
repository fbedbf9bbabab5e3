using Ofql.Graph;
using Ofql.Graph.Parameters;

namespace Ofql.Networks;

/// <summary>Two critics Q1(s, a), Q2(s, a) without shared parameters, in one block: <c>q1.*</c> and <c>q2.*</c>.</summary>
public sealed class TwinCritic
{
    private readonly Mlp _first;
    private readonly Mlp _second;

    /// <summary>Describes the critics.</summary>
    public TwinCritic(int stateSize, int actionSize, MlpShape shape)
    {
        _first = new Mlp(Layout, "q1.", stateSize + actionSize, shape, 1);
        _second = new Mlp(Layout, "q2.", stateSize + actionSize, shape, 1);
    }

    /// <summary>Their parameters.</summary>
    public ParameterLayout Layout { get; } = new();

    /// <summary>(Q1, Q2) at s [R, S], a [R, A]: each [R, 1].</summary>
    public (Node Q1, Node Q2) Apply(ParameterBlock block, Node s, Node a)
    {
        var x = Functions.Concatenate(s, a);
        return (_first.Apply(block, x), _second.Apply(block, x));
    }

    /// <summary>min(Q1, Q2) at s [R, S], a [R, A]: [R, 1].</summary>
    public Node Lower(ParameterBlock block, Node s, Node a)
    {
        var (q1, q2) = Apply(block, s, a);
        return Functions.Min(q1, q2);
    }
}
