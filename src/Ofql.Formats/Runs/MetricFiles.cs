using System.Globalization;
using System.Text;
using Ofql.Training;

namespace Ofql.Formats.Runs;

/// <summary>
/// The numbers of a run as <c>metrics.csv</c> and <c>metrics.jsonl</c> (a function of the seed and the data: equal runs have
/// equal files), <c>timing.csv</c> (rate and wall-clock time of the same steps, which are not) and the evaluations.
/// </summary>
public sealed class MetricFiles : IMetricSink, IDisposable
{
    private readonly RunFolder _folder;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<string> _names;
    private StepLog? _csv;
    private StepLog? _json;
    private StepLog? _timing;

    /// <summary>Names the files of a run; <see cref="Open"/> opens them.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="names">Names of the metrics.</param>
    /// <param name="time">The clock of timing.csv.</param>
    public MetricFiles(RunFolder folder, IReadOnlyList<string> names, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(folder);
        _folder = folder;
        _time = time;
        _names = names;
        Evaluations = new EvaluationTable(folder, null);
    }

    /// <summary>The evaluations so far.</summary>
    public EvaluationTable Evaluations { get; private set; }

    /// <summary>Opens the files; call it before the first row.</summary>
    /// <param name="resumedStep">Step the run goes on from; later rows are dropped. Null begins empty files.</param>
    /// <exception cref="OfqlException">A file cannot be written.</exception>
    public void Open(long? resumedStep)
    {
        var columns = _names.SelectMany(name => (string[])[Csv.Field(name), Csv.Field(name + ":last")]);
        _csv = new StepLog(_folder.In("metrics.csv"), string.Join(',', columns.Prepend("step")), "", resumedStep);
        _json = new StepLog(_folder.In("metrics.jsonl"), null, "{\"step\":", resumedStep);
        _timing = new StepLog(_folder.In("timing.csv"), "step,updates_per_second,elapsed_seconds,time_utc", "", resumedStep);
        Evaluations = new EvaluationTable(_folder, resumedStep);
    }

    /// <inheritdoc/>
    public void WriteMetrics(in MetricRow row)
    {
        var step = row.Step.ToString(CultureInfo.InvariantCulture);
        var csv = new StringBuilder(step);
        var json = new StringBuilder("{\"step\":").Append(step);
        for (var i = 0; i < _names.Count; i++)
        {
            csv.Append(',').Append(Csv.Number(row.Means[i])).Append(',').Append(Csv.Number(row.Last[i]));
            json.Append(',').Append(Json.Text(_names[i])).Append(':').Append(Json.Number(row.Means[i]));
            json.Append(',').Append(Json.Text(_names[i] + ":last")).Append(':').Append(Json.Number(row.Last[i]));
        }

        _csv!.WriteLine(csv.ToString());
        _json!.WriteLine(json.Append('}').ToString());
        _timing!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Step},{row.UpdatesPerSecond:F2},{row.Elapsed.TotalSeconds:F2},{_time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}"));
    }

    /// <inheritdoc/>
    public void WriteEvaluation(long step, IReadOnlyList<NamedValue> values) => Evaluations.Add(step, values);

    /// <inheritdoc/>
    public void Flush()
    {
        _csv?.Flush();
        _json?.Flush();
        _timing?.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _csv?.Dispose();
        _json?.Dispose();
        _timing?.Dispose();
    }
}
