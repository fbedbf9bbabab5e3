using Ofql.Graph.Execution;

namespace Ofql.Graph.Nodes;

/// <summary>
/// The tangent of another node. It has no reverse mode: MeanFlow-style targets stop the gradient, and second derivatives are
/// not offered. Losing a gradient silently would be worse than an error, so it throws.
/// </summary>
internal abstract class TangentNode : Node
{
    protected TangentNode(Node primal, params Node[] along)
        : base(primal.Graph, $"tangent({primal.Name})", primal.Rows, primal.Columns, [primal, .. along])
    {
    }

    internal override Node? Tangent(Node?[] tangents) =>
        throw new GraphException($"{this} is itself a tangent: second derivatives are not offered. Wrap it in StopGradient.");

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient) =>
        throw new GraphException($"A gradient reaches {this}, which has no reverse mode. Wrap the expression that uses the Jvp in StopGradient.");
}
