namespace Ofql.Kernels.Activations;

/// <summary>The activation functions that dense layers and nodes offer.</summary>
public enum Activation
{
    /// <summary>f(x) = x.</summary>
    Identity,

    /// <summary>x tanh(ln(1 + e^x)) (Misra 2019).</summary>
    Mish,

    /// <summary>max(x, 0), derivative 0 at 0.</summary>
    Relu,

    /// <summary>0.5 x (1 + tanh(sqrt(2/pi)(x + 0.044715 x^3))), the tanh form (Hendrycks and Gimpel 2016).</summary>
    Gelu,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>x sigmoid(x), also called swish.</summary>
    Silu,

    /// <summary>1 / (1 + e^-x).</summary>
    Sigmoid,

    /// <summary>ln(1 + e^x).</summary>
    Softplus,

    /// <summary>x above 0, e^x - 1 below (Clevert et al. 2015, alpha = 1).</summary>
    Elu,
}
