using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Randomness;

namespace Ofql.Flow;

/// <summary>Distribution of a single time in [0, 1].</summary>
public enum TimeDistribution
{
    /// <summary>sigmoid of a normal number.</summary>
    LogitNormal,

    /// <summary>Uniform.</summary>
    Uniform,
}

/// <summary>Where the rows are drawn that <see cref="TimeSampling.EndpointShare"/> takes from the paper's sampler: at or near (r, t) = (0, 1), the only pair used to act.</summary>
public enum EndRegion
{
    /// <summary>(0, 1) exactly.</summary>
    Point,

    /// <summary>r = 0, t uniform in (1 - width, 1].</summary>
    ZeroStart,

    /// <summary>t uniform in (1 - width, 1], r uniform in [0, t).</summary>
    UniformStart,
}

/// <summary>How the pair (r, t) of the MeanFlow loss is drawn (arXiv 2505.13447; settings of arXiv 2508.13904).</summary>
public sealed record TimeSampling
{
    /// <summary>Distribution of each of the two times before ordering.</summary>
    public TimeDistribution Distribution { get; init; } = TimeDistribution.LogitNormal;

    /// <summary>Mean of the normal number under the sigmoid.</summary>
    public double Mean { get; init; } = -0.4;

    /// <summary>Its standard deviation.</summary>
    public double Deviation { get; init; } = 1.0;

    /// <summary>Probability (lambda) that r is set to t: plain flow matching on those rows.</summary>
    public double FlowRatio { get; init; } = 0.5;

    /// <summary>Probability that a row is drawn in the <see cref="EndRegion"/> instead. 0 in the paper.</summary>
    public double EndpointShare { get; init; }

    /// <summary>Where those rows are drawn.</summary>
    public EndRegion EndRegion { get; init; } = EndRegion.Point;

    /// <summary>Width of the stretch of t below 1 in the end regions that are no point.</summary>
    public double EndWidth { get; init; } = 0.1;

    /// <summary>Updates over which the share rises evenly from 0 to <see cref="EndpointShare"/>; 0 for the whole share from the first update on.</summary>
    public long EndRamp { get; init; }

    /// <summary>The share in effect at an update, counted from 0.</summary>
    public double EndpointShareAt(long update) => update >= EndRamp ? EndpointShare : EndpointShare * update / EndRamp;

    /// <summary>
    /// (r, t) from four uniform numbers in [0, 1): larger and smaller of two times, then r = t with the flow ratio. With the share
    /// of that update, a pair in the end region instead.
    /// </summary>
    public (float R, float T) Pair(double first, double second, double coin, double endpoint, long update = long.MaxValue)
    {
        if (endpoint < EndpointShareAt(update))
            return EndPair(first, second);
        var (a, b) = Times(first, second);
        var t = Math.Max(a, b);
        return ((float)(coin < FlowRatio ? t : Math.Min(a, b)), (float)t);
    }

    /// <summary>One time of the <see cref="Distribution"/> from two uniform numbers, as plain flow matching draws it.</summary>
    public float Single(double first, double second) => (float)Times(first, second).First;

    private (float R, float T) EndPair(double first, double second)
    {
        if (EndRegion == EndRegion.Point)
            return (0f, 1f);
        var t = 1 - (EndWidth * first);
        return (EndRegion == EndRegion.ZeroStart ? 0f : (float)(second * t), (float)t);
    }

    /// <summary>Two independent times made from two uniforms: themselves, or the two branches of Box and Muller.</summary>
    private (double First, double Second) Times(double first, double second)
    {
        if (Distribution == TimeDistribution.Uniform)
            return (first, second);
        var radius = Math.Sqrt(-2 * Math.Log(1 - first));
        var (sine, cosine) = Math.SinCos(2 * Math.PI * second);
        return (Sigmoid(Mean + (Deviation * radius * cosine)), Sigmoid(Mean + (Deviation * radius * sine)));
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}

/// <summary>Fills the inputs r and t [B, 1] of a program: four uniform numbers a row, from counters of its own.</summary>
public sealed class TimeSource(TimeSampling sampling, RandomStream stream, InputNode r, InputNode t) : IStreamSource
{
    /// <inheritdoc/>
    public RandomStream Stream => stream;

    /// <inheritdoc/>
    public IReadOnlyList<InputNode> Inputs => [r, t];

    /// <summary>Counters a program run consumes: two per row.</summary>
    public ulong CountersPerRun => 2 * (ulong)r.Rows;

    /// <inheritdoc/>
    public void Fill(int first, int end)
    {
        // Every run takes the same number of counters, so the position tells the update, after a resume too.
        var update = (long)(stream.Position / CountersPerRun);
        for (var row = first; row < end; row++)
        {
            var counter = stream.Position + (2 * (ulong)row);
            var (a, b) = Threefry.Block(stream.Key, counter);
            var (c, d) = Threefry.Block(stream.Key, counter + 1);
            var (rValue, tValue) = sampling.Pair(Unit(a), Unit(b), Unit(c), Unit(d), update);
            r.WriteNumber(row, rValue);
            t.WriteNumber(row, tValue);
        }
    }

    internal static double Unit(uint word) => word * (1.0 / 4294967296.0);
}

/// <summary>Fills the input t [B, 1] of a marginal velocity: two uniform numbers a row, from counters of its own.</summary>
public sealed class SingleTimeSource(TimeSampling sampling, RandomStream stream, InputNode t) : IStreamSource
{
    /// <inheritdoc/>
    public RandomStream Stream => stream;

    /// <inheritdoc/>
    public IReadOnlyList<InputNode> Inputs => [t];

    /// <summary>Counters a program run consumes: one per row.</summary>
    public ulong CountersPerRun => (ulong)t.Rows;

    /// <inheritdoc/>
    public void Fill(int first, int end)
    {
        for (var row = first; row < end; row++)
        {
            var (a, b) = Threefry.Block(stream.Key, stream.Position + (ulong)row);
            t.WriteNumber(row, sampling.Single(TimeSource.Unit(a), TimeSource.Unit(b)));
        }
    }
}
