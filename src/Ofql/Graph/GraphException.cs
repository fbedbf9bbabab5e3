namespace Ofql.Graph;

/// <summary>A graph was built wrongly: shapes that do not fit, a gradient through a tangent. A mistake of the author of a loss.</summary>
public sealed class GraphException : Exception
{
    /// <summary>Creates the error.</summary>
    public GraphException(string message)
        : base(message)
    {
    }
}
