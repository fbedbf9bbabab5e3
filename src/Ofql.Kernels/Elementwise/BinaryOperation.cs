namespace Ofql.Kernels.Elementwise;

/// <summary>Functions of two numbers, applied element by element to two matrices of one shape.</summary>
public enum BinaryOperation
{
    /// <summary>a + b.</summary>
    Add,

    /// <summary>a - b.</summary>
    Subtract,

    /// <summary>a b.</summary>
    Multiply,

    /// <summary>a / b.</summary>
    Divide,

    /// <summary>the smaller of a and b; the gradient goes to it, to a where they are equal.</summary>
    Minimum,

    /// <summary>the larger of a and b; the gradient goes to it, to a where they are equal.</summary>
    Maximum,
}
