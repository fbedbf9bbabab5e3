using Ofql.Kernels.Randomness;

namespace Ofql.Environments;

/// <summary>A rule of <see cref="IEnvironment"/> that an implementation breaks.</summary>
/// <param name="Rule">The rule, as a sentence.</param>
/// <param name="Found">What happened instead.</param>
public sealed record ContractViolation(string Rule, string Found);

/// <summary>
/// The rules of <see cref="IEnvironment"/> as checks that run against any implementation. Whoever writes an environment calls
/// <see cref="Violations"/> in a test and expects an empty list.
/// </summary>
public static class EnvironmentContract
{
    private static readonly (string Sentence, Func<ContractTrial, string?> Check)[] Rules =
    [
        ("The specification is complete and consistent.", Specification),
        ("Step before the first Reset throws InvalidOperationException.", StepBeforeReset),
        ("Spans of a wrong length are refused with ArgumentException.", WrongLengths),
        ("An action that is not finite is refused with OfqlException and changes nothing.", NotFiniteActions),
        ("Observations are finite and within their space, rewards are finite.", FiniteNumbers),
        ("The same stream and actions give the same episode, bit for bit, in the same and in a new object.", SameStreamSameEpisode),
        ("Randomness enters at Reset only: steps leave the stream alone.", StepsDrawNothing),
        ("An action out of bounds acts as its clipped self.", ActionsAreClipped),
        ("RestoreState writes the observation of the saved state and the episode goes on bit for bit.", SaveAndRestore),
        ("Truncated is set at the step limit and never before; without a terminal the episode lasts to the limit.", StepLimit),
        ("Step after the end throws InvalidOperationException, also after restoring the ended state.", StepAfterTheEnd),
        ("Reset after the end starts a new episode.", ResetAfterTheEnd),
    ];

    /// <summary>Checks all rules; each runs on environments of its own and draws random actions within the bounds.</summary>
    /// <param name="create">Makes an environment; each is disposed of.</param>
    /// <param name="seed">Seed of resets and actions.</param>
    /// <returns>The rules broken; empty if the contract is kept.</returns>
    public static IReadOnlyList<ContractViolation> Violations(Func<IEnvironment> create, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(create);
        var violations = new List<ContractViolation>();
        foreach (var (sentence, check) in Rules)
        {
            using var trial = new ContractTrial(create, seed);
            try
            {
                if (check(trial) is { } found)
                    violations.Add(new ContractViolation(sentence, found));
            }
            catch (Exception error)
            {
                // Whatever an environment throws where it should not is the finding.
                violations.Add(new ContractViolation(sentence, $"{error.GetType().Name}: {error.Message}"));
            }
        }

        return violations;
    }

    private static string? Specification(ContractTrial trial)
    {
        var facts = trial.Facts;
        if (string.IsNullOrWhiteSpace(facts.Name))
            return "the name is empty";
        if (facts.MaximumSteps <= 0)
            return $"MaximumSteps is {facts.MaximumSteps}";
        if (facts.Score is { } score && !(score.Maximum > score.Minimum))
            return $"the reference score runs from {score.Minimum} to {score.Maximum}";
        if (trial.Environment.StateLength <= 0)
            return $"StateLength is {trial.Environment.StateLength}";
        return BoxDefect("observation", facts.Observations, needsFinite: false)
            ?? BoxDefect("action", facts.Actions, needsFinite: true);
    }

    private static string? BoxDefect(string name, BoxSpace box, bool needsFinite)
    {
        if (box.Size == 0 || box.High.Length != box.Low.Length)
            return $"the {name} space has {box.Low.Length} lower and {box.High.Length} upper bounds";
        for (var i = 0; i < box.Size; i++)
        {
            if (!(box.Low[i] < box.High[i]))
                return $"{name} bounds {i} are {box.Low[i]} .. {box.High[i]}";
            if (needsFinite && !(float.IsFinite(box.Low[i]) && float.IsFinite(box.High[i])))
                return $"{name} bounds {i} are not finite";
        }

        return null;
    }

    private static string? StepBeforeReset(ContractTrial trial) =>
        Thrown<InvalidOperationException>("Step", () => trial.Step(trial.DrawAction()));

    private static string? WrongLengths(ContractTrial trial)
    {
        var environment = trial.Environment;
        var stream = new RandomStream(1, "wrong-lengths");
        var tooLong = new float[trial.Facts.StateSize + 1];
        var action = trial.DrawAction();
        var state = new double[environment.StateLength];
        trial.Reset();
        environment.SaveState(state);
        return Thrown<ArgumentException>("Reset with a long observation", () => environment.Reset(stream, tooLong))
            ?? Thrown<ArgumentException>("Step with a long observation", () => environment.Step(action, tooLong))
            ?? Thrown<ArgumentException>("Step with no action", () => environment.Step([], trial.Observation))
            ?? Thrown<ArgumentException>("SaveState to a short span", () => environment.SaveState(state.AsSpan(1)))
            ?? Thrown<ArgumentException>(
                "RestoreState of a short span", () => environment.RestoreState(state.AsSpan(1), trial.Observation));
    }

    private static string? NotFiniteActions(ContractTrial trial)
    {
        trial.Reset();
        var before = trial.Save();
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            var action = trial.DrawAction();
            action[^1] = value;
            if (Thrown<OfqlException>($"Step with {value}", () => trial.Step(action)) is { } missing)
                return missing;
            if (!Same(before, trial.Save()))
                return $"the state changed although {value} was refused";
        }

        return null;
    }

    private static string? FiniteNumbers(ContractTrial trial)
    {
        trial.Reset();
        var result = default(StepResult);
        var box = trial.Facts.Observations;
        for (var step = 0; step <= trial.Facts.MaximumSteps; step++)
        {
            for (var i = 0; i < trial.Observation.Length; i++)
            {
                var value = trial.Observation[i];
                if (!float.IsFinite(value) || value < box.Low[i] || value > box.High[i])
                    return $"observation entry {i} after step {step} is {value}; its space is {box.Low[i]} .. {box.High[i]}";
            }

            if (!double.IsFinite(result.Reward))
                return $"the reward of step {step} is {result.Reward}";
            if (result.Done)
                break;
            result = trial.Step(trial.DrawAction());
        }

        return null;
    }

    private static string? SameStreamSameEpisode(ContractTrial trial)
    {
        var first = trial.Episode();
        if (!Same(first, trial.Episode()))
            return "the second episode of the object differs from the first";
        using var other = trial.Another();
        return Same(first, other.Episode()) ? null : "the episode of a new object differs";
    }

    private static string? StepsDrawNothing(ContractTrial trial)
    {
        trial.Reset();
        var position = trial.ResetStream.Position;
        while (!trial.Step(trial.DrawAction()).Done)
        {
        }

        return trial.ResetStream.Position == position ? null : "steps drew from the stream given to Reset";
    }

    private static string? ActionsAreClipped(ContractTrial trial)
    {
        trial.Reset();
        StepWithinEpisodes(trial);
        var state = trial.Save();
        var bounds = trial.Facts.Actions;
        for (var sign = -1; sign <= 1; sign += 2)
        {
            var clipped = sign < 0 ? (float[])bounds.Low.Clone() : (float[])bounds.High.Clone();
            var beyond = Array.ConvertAll(clipped, bound => bound + (sign * (1 + Math.Abs(bound))));
            trial.Restore(state);
            var expected = trial.Step(clipped);
            var after = trial.Save();
            trial.Restore(state);
            if (trial.Step(beyond) != expected || !Same(after, trial.Save()))
                return "stepping with an action beyond its bounds differs from stepping with the clipped action";
        }

        return null;
    }

    // Random actions may end an episode in a few steps.
    private static void StepWithinEpisodes(ContractTrial trial)
    {
        if (trial.Step(trial.DrawAction()).Done)
            trial.Reset();
    }

    private static string? SaveAndRestore(ContractTrial trial)
    {
        trial.Reset();
        for (var step = 0; step < Math.Min(10, trial.Facts.MaximumSteps / 2); step++)
            StepWithinEpisodes(trial);
        var state = trial.Save();
        var observation = (float[])trial.Observation.Clone();
        var actions = trial.ActionStream.Position;
        var rest = trial.RestOfEpisode();

        using var other = trial.Another();
        foreach (var (place, name) in new[] { (trial, "the same object"), (other, "a new object") })
        {
            place.Restore(state);
            if (!observation.AsSpan().SequenceEqual(place.Observation))
                return $"the observation restored in {name} differs from the one at saving";
            if (!Same(state, place.Save()))
                return $"the state saved again after restoring it in {name} differs";
            place.ActionStream.Position = actions;
            if (!Same(rest, place.RestOfEpisode()))
                return $"the rest of the episode in {name} differs";
        }

        return SaveAndRestoreAlongAnEpisode(trial, other);
    }

    // What rounds otherwise when it is computed twice does so in some states and not in others.
    private static string? SaveAndRestoreAlongAnEpisode(ContractTrial trial, ContractTrial other)
    {
        const int Steps = 200;
        trial.Reset();
        for (var step = 0; step < Steps; step++)
        {
            var (state, action) = (trial.Save(), trial.DrawAction());
            other.Restore(state);
            if (!Same(state, other.Save()))
                return $"the state saved again after restoring that of step {step} differs";
            var result = trial.Step(action);
            if (other.Step(action) != result || !trial.Observation.AsSpan().SequenceEqual(other.Observation) || !Same(trial.Save(), other.Save()))
                return $"the step after restoring the state of step {step} differs";
            if (result.Done)
                break;
        }

        return null;
    }

    private static string? StepLimit(ContractTrial trial)
    {
        trial.Reset();
        for (var step = 1; step <= trial.Facts.MaximumSteps; step++)
        {
            var result = trial.Step(trial.DrawAction());
            if (result.Truncated != (step == trial.Facts.MaximumSteps))
                return $"Truncated is {result.Truncated} at step {step} of at most {trial.Facts.MaximumSteps}";
            if (result.Terminated)
                break;
        }

        return null;
    }

    private static string? StepAfterTheEnd(ContractTrial trial)
    {
        trial.Reset();
        trial.RestOfEpisode();
        var ended = trial.Save();
        if (Thrown<InvalidOperationException>("Step after the end", () => trial.Step(trial.DrawAction())) is { } missing)
            return missing;
        using var other = trial.Another();
        other.Restore(ended);
        return Thrown<InvalidOperationException>("Step after restoring the ended state", () => other.Step(other.DrawAction()));
    }

    private static string? ResetAfterTheEnd(ContractTrial trial)
    {
        trial.Reset();
        trial.RestOfEpisode();
        trial.Reset();
        trial.Step(trial.DrawAction());
        return null;
    }

    private static string? Thrown<TException>(string what, Action action)
        where TException : Exception
    {
        try
        {
            action();
        }
        catch (TException)
        {
            return null;
        }

        return $"{what} did not throw {typeof(TException).Name}";
    }

    private static bool Same(double[] first, double[] second) =>
        first.AsSpan().SequenceEqual(second);
}
