using System.Globalization;
using System.Text;
using Ofql.Cli.Runs;
using Ofql.Training;

namespace Ofql.Cli.Rendering;

/// <summary>Shows how far runs are, several of them in one line where it is rewritten. Thread-safe.</summary>
internal sealed class ProgressView(CommandContext context, bool isSweep, string stepUnit) : IDisposable
{
    private const int ShownMetrics = 4;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<ulong, TrainingProgress> _latest = [];

    /// <summary>The line that is written to.</summary>
    public ProgressLine Line { get; } = new(context);

    /// <summary>The receiver for one run.</summary>
    public IProgress<TrainingProgress> For(ulong seed) => new Receiver(this, seed);

    /// <summary>Writes a message without tearing the live line.</summary>
    public void Say(string text) => Line.Say(text);

    public void Dispose() => Line.Dispose();

    private void Show(ulong seed, TrainingProgress progress)
    {
        lock (_gate)
        {
            _latest[seed] = progress;
            Line.Show(() => Line.IsLive ? DescribeAll() : DescribeOne(seed, progress), seed, progress.Phase is TrainingPhase.Ended or TrainingPhase.Evaluating);
        }
    }

    private string DescribeAll() => isSweep
        ? string.Join("  |  ", _latest.Select(pair => string.Create(CultureInfo.InvariantCulture, $"seed {pair.Key}: {Percent(pair.Value)} {pair.Value.UpdatesPerSecond:F0}/s")))
        : Describe(_latest.Values.First());

    private string DescribeOne(ulong seed, TrainingProgress progress) =>
        (isSweep ? string.Create(CultureInfo.InvariantCulture, $"seed {seed}: ") : "") + Describe(progress);

    private static string Percent(TrainingProgress progress) =>
        string.Create(CultureInfo.InvariantCulture, $"{100.0 * progress.Step / progress.Updates:F0} %");

    private string Describe(TrainingProgress progress)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{progress.Step}/{progress.Updates} ({Percent(progress)})");
        if (progress.UpdatesPerSecond > 0)
            text.Append(CultureInfo.InvariantCulture, $"  {progress.UpdatesPerSecond:F0} {stepUnit}s/s");
        if (progress.Phase == TrainingPhase.Evaluating)
            text.Append("  evaluating");
        else if (progress.Phase == TrainingPhase.Saving)
            text.Append("  saving");
        else if (progress.Phase == TrainingPhase.Training && progress.Remaining is { } remaining)
            text.Append(CultureInfo.InvariantCulture, $"  {TrainText.Duration(remaining)} left");
        // Without a rate no update has been made yet, and the metrics hold nothing.
        for (var i = 0; progress.UpdatesPerSecond > 0 && i < Math.Min(ShownMetrics, progress.MetricNames.Count); i++)
            text.Append(CultureInfo.InvariantCulture, $"  {progress.MetricNames[i]} {progress.Metrics[i]:G4}");
        return text.ToString();
    }

    private sealed class Receiver(ProgressView view, ulong seed) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => view.Show(seed, value);
    }
}
