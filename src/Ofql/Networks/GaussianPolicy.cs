using Ofql.Graph;
using Ofql.Graph.Parameters;

namespace Ofql.Networks;

/// <summary>
/// A Gaussian policy N(mu(s), sigma^2): mu(s) = tanh(MLP(s)) within (-1, 1), ln sigma a learned vector that does not depend on the state
/// (IQL's code, arXiv 2110.06169).
/// </summary>
public sealed class GaussianPolicy
{
    private readonly TanhPolicy _mean;
    private readonly ParameterTensor _logStd;
    private readonly float _logStdLow;
    private readonly float _logStdHigh;

    /// <summary>Describes the policy; ln sigma is limited to [<paramref name="logStdLow"/>, <paramref name="logStdHigh"/>].</summary>
    public GaussianPolicy(int stateSize, int actionSize, MlpShape shape, double logStdLow, double logStdHigh)
    {
        _mean = new TanhPolicy(stateSize, actionSize, shape);
        _logStd = Layout.AddVector("log_std", actionSize);
        _logStdLow = (float)logStdLow;
        _logStdHigh = (float)logStdHigh;
    }

    /// <summary>Its parameters.</summary>
    public ParameterLayout Layout => _mean.Layout;

    /// <summary>mu(s) [R, A], for s [R, S]; <paramref name="masks"/> as in <see cref="Mlp.Apply"/>.</summary>
    public Node Mean(ParameterBlock block, Node s, IReadOnlyList<Node>? masks = null) => _mean.Apply(block, s, masks);

    /// <summary>ln sigma [1, A].</summary>
    public Node LogStd(ParameterBlock block, Graph.Graph graph) => Functions.Clamp(graph.Parameter(block, _logStd), _logStdLow, _logStdHigh);

    /// <summary>clip(mu + sigma eps, -1, 1) [R, A], for mu and eps [R, A].</summary>
    public Node Sample(ParameterBlock block, Node mean, Node eps) => Functions.Clamp(mean + (Functions.Exp(LogStd(block, mean.Graph)) * eps), -1f, 1f);

    /// <summary>sigma = 1 throughout, as the authors begin.</summary>
    public void InitializeDeviation(ParameterBlock block) => block.Write(_logStd, new float[_logStd.Count]);
}
