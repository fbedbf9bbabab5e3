namespace Ofql.Training;

/// <summary>
/// Measures the rate of updates over a sliding window and how long the rest will take. Time spent on evaluations and saving
/// is kept apart, so that the rate says what the machine does and the remaining time still counts the evaluations to come.
/// </summary>
internal sealed class Pace
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(365_000);
    private static readonly TimeSpan WindowLength = TimeSpan.FromSeconds(10);
    private readonly TimeProvider _time;
    private readonly Queue<(TimeSpan Trained, long Step)> _samples = new();
    private readonly long _start;
    private readonly long _firstStep;
    private TimeSpan _aside;
    private TimeSpan _lastEvaluation;
    private long _updating;
    private long _lastStep;

    internal Pace(TimeProvider time, long step)
    {
        _time = time;
        _start = time.GetTimestamp();
        _firstStep = _lastStep = step;
        _samples.Enqueue((TimeSpan.Zero, step));
    }

    internal TimeSpan Elapsed => _time.GetElapsedTime(_start);

    /// <summary>Updates per second over the window.</summary>
    internal double Rate
    {
        get
        {
            var (since, step) = _samples.Peek();
            var seconds = (Trained - since).TotalSeconds;
            return seconds > 0 ? (_lastStep - step) / seconds : 0;
        }
    }

    /// <summary>Updates per second since the start.</summary>
    internal double MeanRate => Trained > TimeSpan.Zero ? (_lastStep - _firstStep) / Trained.TotalSeconds : 0;

    /// <summary>When the first update was done; null before.</summary>
    internal DateTimeOffset? FirstUpdate { get; private set; }

    /// <summary>Time in updates proper.</summary>
    internal TimeSpan Updating => _time.GetElapsedTime(0, _updating);

    private TimeSpan Trained => Elapsed - _aside;

    /// <summary>Records where the run stands.</summary>
    internal void Sample(long step)
    {
        _lastStep = step;
        _samples.Enqueue((Trained, step));
        while (_samples.Count > 2 && Trained - _samples.Peek().Trained > WindowLength)
            _samples.Dequeue();
    }

    /// <summary>When an update begins, for <see cref="EndUpdate"/>.</summary>
    internal long BeginUpdate() => _time.GetTimestamp();

    /// <summary>Counts an update's time.</summary>
    internal void EndUpdate(long began)
    {
        _updating += _time.GetTimestamp() - began;
        FirstUpdate ??= _time.GetUtcNow();
    }

    /// <summary>Runs something that is not an update.</summary>
    internal void Aside(Action action, bool evaluation = false)
    {
        var began = _time.GetTimestamp();
        try
        {
            action();
        }
        finally
        {
            var spent = _time.GetElapsedTime(began);
            _aside += spent;
            if (evaluation)
                _lastEvaluation = spent;
        }
    }

    internal TimeSpan? Remaining(long updates, long evaluationsToCome)
    {
        var rate = Rate > 0 ? Rate : MeanRate;
        if (rate <= 0)
            return null;
        // Whoever asks for a number without end gets one.
        var seconds = ((updates - _lastStep) / rate) + (_lastEvaluation.TotalSeconds * evaluationsToCome);
        return TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, seconds));
    }
}
