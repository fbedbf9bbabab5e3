namespace Ofql.Training;

/// <summary>Where the numbers of a run go. Called by the training thread alone.</summary>
public interface IMetricSink
{
    /// <summary>Records one row of metrics.</summary>
    void WriteMetrics(in MetricRow row);

    /// <summary>Records one evaluation.</summary>
    void WriteEvaluation(long step, IReadOnlyList<NamedValue> values);

    /// <summary>Makes everything recorded so far survive a killed process; called before every checkpoint.</summary>
    void Flush();
}

/// <summary>A number with its name.</summary>
public readonly record struct NamedValue(string Name, double Value);

/// <summary>The metrics of the updates since the row before.</summary>
public readonly ref struct MetricRow
{
    /// <summary>Step of the last update in the window.</summary>
    public required long Step { get; init; }

    /// <summary>Names of the metrics.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>Mean of each metric over the window.</summary>
    public required ReadOnlySpan<double> Means { get; init; }

    /// <summary>Each metric at the last update.</summary>
    public required ReadOnlySpan<float> Last { get; init; }

    /// <summary>Updates per second lately; not a function of the state, so kept apart from the metrics.</summary>
    public required double UpdatesPerSecond { get; init; }

    /// <summary>Time since this process began to train; as <see cref="UpdatesPerSecond"/>.</summary>
    public required TimeSpan Elapsed { get; init; }
}
