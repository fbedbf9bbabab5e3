using Ofql.Agents;

namespace Ofql.Training;

/// <summary>
/// Runs an agent from the step it is at to the planned number of updates. Order within a step: update, guard, log, snapshot,
/// checkpoint, evaluate; so a checkpoint of step k is written after everything that was recorded before step k, also of an evaluation that
/// runs beside the training, and does not wait for the evaluation of step k: whoever resumes there makes it again. Only the last checkpoint holds
/// the last evaluation. Allocates nothing per update.
/// </summary>
public sealed class TrainingLoop
{
    private readonly IAgent _agent;
    private readonly TrainingOptions _options;
    private readonly TrainingHooks _hooks;
    private readonly MetricWindow _window;
    private readonly DivergenceGuard _guard;
    private IReadOnlyList<NamedValue> _evaluation = [];
    private Task<IReadOnlyList<NamedValue>>? _beside;
    private Action? _stopBeside;
    private long _besideStep;
    private long _evaluatedBefore;
    private Pace _pace;
    private long _evaluatedStep;
    private long? _savedStep;
    private long _savedEvaluation;

    /// <summary>Binds the loop to its agent.</summary>
    /// <exception cref="UsageException">An option out of range.</exception>
    public TrainingLoop(IAgent agent, TrainingOptions options, TrainingHooks hooks)
    {
        options.Validate();
        _agent = agent;
        _options = options;
        _hooks = hooks;
        _window = new MetricWindow(agent.MetricNames);
        _guard = new DivergenceGuard(agent.MetricNames, options.ValueLimit);
        _pace = new Pace(hooks.Time, agent.Step);
        StateInteger[] own = [new("training/evaluated_step", () => _evaluatedStep, value => _evaluatedStep = value)];
        State = new TrainingState(agent, agent.StateTensors, [.. agent.StateIntegers, .. own, .. _window.Integers]);
    }

    /// <summary>What a checkpoint of this run holds: the agent's state and the loop's own.</summary>
    public TrainingState State { get; }

    /// <summary>Restores the newest checkpoint, if there is one. Returns the step to go on from.</summary>
    public long Resume()
    {
        _savedStep = _hooks.Checkpoints?.RestoreLatest(State);
        _savedEvaluation = _evaluatedStep;
        return _agent.Step;
    }

    /// <summary>
    /// Runs until all updates are done, the run diverges, or <paramref name="cancellation"/> asks it to stop (then the update
    /// under way is finished and the state saved).
    /// </summary>
    public TrainingResult Run(CancellationToken cancellation)
    {
        try
        {
            return RunToEnd(cancellation);
        }
        catch (UnsoundException found)
        {
            return Diverge(found.Message);
        }
    }

    private TrainingResult RunToEnd(CancellationToken cancellation)
    {
        _pace = new Pace(_hooks.Time, _agent.Step);
        var reported = TimeSpan.Zero;
        try
        {
            if (_options.BeginsTrained && _agent.Step == 0 && _savedStep is null && Begin(cancellation) is { } unfit)
                return Diverge(unfit);
            EvaluateIfDue(cancellation);
            while (_agent.Step < _options.Updates)
            {
                if (cancellation.IsCancellationRequested)
                    return Cancel();
                if (Advance(cancellation) is { } reason)
                    return Diverge(reason);
                if (_hooks.Progress is not null && _pace.Elapsed - reported >= _options.ProgressInterval)
                {
                    reported = _pace.Elapsed;
                    Report(TrainingPhase.Training);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return Cancel();
        }

        // A run whose last evaluation failed was saved without it.
        if ((_savedStep != _agent.Step || _savedEvaluation != _evaluatedStep) && Save(final: true) is { } unsaved)
            return Diverge(unsaved);
        return End(TrainingOutcome.Completed, null);
    }

    private string? Advance(CancellationToken cancellation)
    {
        var began = _pace.BeginUpdate();
        try
        {
            _agent.Update();
        }
        catch (CollectingException)
        {
            // It undid the step; the steps before it need not be lost.
            SaveBeforeFailing();
            throw;
        }

        _pace.EndUpdate(began);
        _agent.ReadMetrics(_window.Last);
        _window.Accumulate();
        if (_guard.Inspect(_window.Last) is { } reason)
            return reason;
        var step = _agent.Step;
        if (step % _options.LogEvery == 0 || step == _options.Updates)
            Log();
        // Before the evaluation: that can be stopped, and is all that a resumed run makes up for.
        if (_options.SnapshotEvery > 0 && step % _options.SnapshotEvery == 0)
            _hooks.Snapshot?.Invoke(_agent);
        if (_beside is { IsCompleted: true })
            RecordBeside();
        var isSaved = _options.CheckpointEvery > 0 && step % _options.CheckpointEvery == 0;
        if (isSaved && step < _options.Updates && Save(final: false) is { } unsound)
            return unsound;
        EvaluateIfDue(cancellation);
        return isSaved && step == _options.Updates ? Save(final: true) : null;
    }

    private void Log()
    {
        _pace.Sample(_agent.Step);
        _hooks.Metrics?.WriteMetrics(new MetricRow
        {
            Step = _agent.Step,
            Names = _window.Names,
            Means = _window.Means(),
            Last = _window.Last,
            UpdatesPerSecond = _pace.Rate,
            Elapsed = _pace.Elapsed,
        });
        _window.Clear();
    }

    // What the steps to come are compared with, and what a run killed early begins again from.
    private string? Begin(CancellationToken cancellation)
    {
        if (_hooks.Evaluate is not null)
            Evaluate(_hooks.Evaluate, step: 0, cancellation);
        return Save(final: false);
    }

    private void EvaluateIfDue(CancellationToken cancellation)
    {
        var step = _agent.Step;
        var due = step == _options.Updates || (_options.EvaluateEvery > 0 && step % _options.EvaluateEvery == 0);
        if (_hooks.Evaluate is null || step == 0 || !due || step == _evaluatedStep)
            return;
        RecordBeside();
        if (step < _options.Updates && _hooks.EvaluateBeside?.Invoke(step) is { } evaluate)
            EvaluateBeside(evaluate, step);
        else
            Evaluate(_hooks.Evaluate, step, cancellation);
    }

    // A wish to stop reaches it only while the training stands at its step: it could not go back there.
    private void EvaluateBeside(Func<CancellationToken, IReadOnlyList<NamedValue>> evaluate, long step)
    {
        _evaluatedBefore = _evaluatedStep;
        (_besideStep, _evaluatedStep) = (step, step);
        // Nothing but memory, while nobody waits for its handle: it ends with the task.
        var stop = new CancellationTokenSource();
        _stopBeside = stop.Cancel;
        _beside = Task.Factory.StartNew(() => evaluate(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Ends an evaluation of the step that the training stands at; resumed there, it is made again.</summary>
    private void AbandonBeside()
    {
        if (_beside is not { IsCompleted: false } beside || _besideStep != _agent.Step)
            return;
        _stopBeside!();
        Task.WaitAny(beside);
        // What became of it is of no interest any more.
        _ = beside.Exception;
        (_beside, _evaluatedStep) = (null, _evaluatedBefore);
    }

    /// <summary>Waits for the evaluation that runs beside the training, if there is one, and records it.</summary>
    private void RecordBeside(bool keepUpdates = true)
    {
        if (_beside is not { } beside)
            return;
        if (!beside.IsCompleted)
        {
            Report(TrainingPhase.Evaluating);
            _pace.Aside(() => Task.WaitAny(beside));
        }

        _beside = null;
        try
        {
            _evaluation = beside.GetAwaiter().GetResult();
        }
        catch (Exception) when (keepUpdates)
        {
            // Where the training has gone on it cannot be repeated.
            if (_besideStep == _agent.Step)
                _evaluatedStep = _evaluatedBefore;
            SaveBeforeFailing();
            throw;
        }

        _hooks.Metrics?.WriteEvaluation(_besideStep, _evaluation);
    }

    // Apart from the check above, whose every call would otherwise allocate this lambda's captures.
    private void Evaluate(EvaluateAgent evaluate, long step, CancellationToken cancellation)
    {
        Report(TrainingPhase.Evaluating);
        try
        {
            _pace.Aside(() => _evaluation = evaluate(step, cancellation), evaluation: true);
        }
        catch (Exception cause) when (cause is not OperationCanceledException)
        {
            SaveBeforeFailing();
            throw;
        }

        _hooks.Metrics?.WriteEvaluation(step, _evaluation);
        _evaluatedStep = step;
    }

    // A simulator that breaks down, in an evaluation or while collecting, must not cost the updates before it. Resumed there, the run evaluates or steps again.
    private void SaveBeforeFailing()
    {
        if (_agent.Step == 0 || _savedStep == _agent.Step)
            return;
        string? unsound;
        try
        {
            unsound = Save(final: false);
        }
        catch (Exception)
        {
            // Why the simulator failed is the better message.
            return;
        }

        // And this is why it failed.
        if (unsound is not null)
            throw new UnsoundException(unsound);
    }

    private string? Save(bool final)
    {
        RecordBeside();
        if (_hooks.Checkpoints is null)
            return null;
        if (_guard.Inspect(State.Tensors) is { } reason)
            return reason;
        Report(TrainingPhase.Saving);
        _pace.Aside(() =>
        {
            _hooks.Metrics?.Flush();
            _hooks.Checkpoints.Save(State, final);
        });
        _savedStep = _agent.Step;
        _savedEvaluation = _evaluatedStep;
        return null;
    }

    private TrainingResult Cancel()
    {
        AbandonBeside();
        if (_savedStep != _agent.Step && _agent.Step > 0 && Save(final: false) is { } reason)
            return Diverge(reason);
        return End(TrainingOutcome.Cancelled, null);
    }

    private TrainingResult Diverge(string reason)
    {
        try
        {
            RecordBeside(keepUpdates: false);
        }
        catch (Exception)
        {
            // What has diverged may well break the simulator; that it diverged is what there is to say.
        }

        if (_window.Count > 0)
            Log();
        return End(TrainingOutcome.Diverged, DivergenceGuard.Explain(reason, _agent.Step, _savedStep));
    }

    private TrainingResult End(TrainingOutcome outcome, string? reason)
    {
        RecordBeside();
        _hooks.Metrics?.Flush();
        Report(TrainingPhase.Ended);
        var evaluation = _evaluatedStep == _agent.Step ? _evaluation : [];
        return new TrainingResult(outcome, _agent.Step, reason, evaluation, _pace.Elapsed, _pace.MeanRate) { Updating = _pace.Updating, FirstUpdate = _pace.FirstUpdate };
    }

    private void Report(TrainingPhase phase)
    {
        _pace.Sample(_agent.Step);
        if (_hooks.Progress is null)
            return;
        var every = _options.EvaluateEvery;
        var evaluations = _hooks.Evaluate is null ? 0
            : every > 0 ? ((_options.Updates + every - 1) / every) - (_agent.Step / every) : 1;
        _hooks.Progress.Report(new TrainingProgress(
            _agent.Step,
            _options.Updates,
            _pace.Rate,
            _pace.Remaining(_options.Updates, Math.Max(0, evaluations)),
            phase,
            _window.Names,
            [.. _window.Last]));
    }

    /// <summary>What was to be saved before something else is reported holds a number that no state may hold.</summary>
    private sealed class UnsoundException(string reason) : Exception(reason);
}
