using Ofql.Graph;
using static Ofql.Graph.Functions;

namespace Ofql.Agents;

/// <summary>The squared error of two critics against one target, which every kind of Q-learning here ends in.</summary>
internal static class BellmanError
{
    /// <summary>y = sg(r + discount v) [B, 1]; the discount holds the mask, so that nothing follows a true end.</summary>
    public static Node Target(Node reward, Node discount, Node value) => StopGradient(reward + (discount * value));

    /// <summary>mean (Q_1 - y)^2 + mean (Q_2 - y)^2.</summary>
    public static Node Sum(Node q1, Node q2, Node y) => Mean(Square(q1 - y)) + Mean(Square(q2 - y));
}
