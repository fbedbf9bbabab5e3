using Ofql.Agents;
using Ofql.Environments;

namespace Ofql.Evaluation;

/// <summary>One frame of a recorded episode.</summary>
/// <param name="Step">Steps taken so far.</param>
/// <param name="Return">Sum of rewards so far.</param>
/// <param name="Picture">What was seen.</param>
public readonly record struct EpisodeFrame(int Step, double Return, DrawnFrame Picture);

/// <summary>An episode to look at.</summary>
/// <param name="Task">Name of the task.</param>
/// <param name="Simulator">Name and version of the simulator.</param>
/// <param name="SecondsPerStep">Simulated seconds per step.</param>
/// <param name="Scene">What stands still.</param>
/// <param name="Frames">The start and the state after every step.</param>
/// <param name="Outcome">How it ended.</param>
public sealed record EpisodeRecording(
    string Task, string Simulator, double SecondsPerStep, DrawnScene Scene, IReadOnlyList<EpisodeFrame> Frames, EpisodeOutcome Outcome);

/// <summary>Repeats one episode of an evaluation and draws every step: the same streams as <see cref="Evaluator"/>'s.</summary>
public static class EpisodeRecorder
{
    /// <summary>Runs the episode.</summary>
    /// <param name="environment">Makes an environment.</param>
    /// <param name="actorForCapacity">Makes an actor for that many states a call.</param>
    /// <param name="options">The evaluation.</param>
    /// <param name="index">Number of the episode in it.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="UsageException">The environment cannot be drawn, or cannot start where the options want.</exception>
    /// <exception cref="OfqlException">Actor and environment do not fit, or an action is not finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static EpisodeRecording Run(
        Func<IEnvironment> environment, Func<int, IActor> actorForCapacity, EvaluationOptions options, int index, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(actorForCapacity);
        ArgumentNullException.ThrowIfNull(options);
        using var world = environment();
        if (world is not IDrawable drawable)
            throw new UsageException($"{world.Specification.Name} cannot be drawn: it has no picture of itself.");
        using var actor = actorForCapacity(1);
        EvaluationWorker.RequireFit(actor, world.Specification, 1);
        var episode = EpisodeQueue.EpisodeOf(options, index);
        var (state, noise, action) = (new float[actor.StateSize], new float[actor.NoisePerState], new float[actor.ActionSize]);
        var uniform = new float[1];
        episode.Begin(world, state);
        var frames = new List<EpisodeFrame> { new(0, 0, drawable.DrawFrame()) };
        var scene = drawable.DrawScene();
        StepResult result;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            episode.Draw(noise, out uniform[0]);
            if (actor.Steps is [_, ..] steps)
                steps[0] = episode.Length;
            actor.Act(1, state, noise, uniform, action);
            result = world.Step(action, state);
            episode.Return += result.Reward;
            episode.Length++;
            frames.Add(new EpisodeFrame(episode.Length, episode.Return, drawable.DrawFrame()));
        }
        while (!result.Done);
        var outcome = new EpisodeOutcome(episode.Return, episode.Length, result.Terminated ? EpisodeEnding.Terminated : EpisodeEnding.Truncated);
        return new EpisodeRecording(world.Specification.Name, world.Simulator, drawable.SecondsPerStep, scene, frames, outcome);
    }
}
