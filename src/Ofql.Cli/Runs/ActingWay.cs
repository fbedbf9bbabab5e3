using System.Globalization;
using Ofql.Agents;
using Ofql.Environments;
using Ofql.Evaluation;
using Ofql.Training;

namespace Ofql.Cli.Runs;

/// <summary>One way a policy acts, with its name in tables and files.</summary>
internal sealed record ActingWay(string Name, ActingOptions Options)
{
    /// <summary>
    /// The ways of a policy: three of one that has a noise input (and a fourth where the user asks for another noise scale or a
    /// softmax), one of a deterministic one.
    /// </summary>
    /// <param name="makeActor">Makes an actor, to see if it wants noise.</param>
    /// <param name="chosen">The user's choice; its candidates are the N of best-of-N.</param>
    public static IReadOnlyList<ActingWay> Of(Func<ActingOptions, int, IActor> makeActor, ActingOptions chosen)
    {
        using IActor probe = makeActor(new ActingOptions(), 1), pair = makeActor(new ActingOptions { Candidates = 2 }, 1);
        if (probe.NoisePerState == 0)
            return [new ActingWay("policy", new ActingOptions())];
        // A policy without a critic draws one candidate whatever it is asked for.
        var candidates = pair.NoisePerState > probe.NoisePerState ? chosen.Candidates : 1;
        chosen = chosen with { Candidates = candidates };
        var ways = new List<ActingWay>
        {
            new("sample", new ActingOptions()),
            new("zero_noise", new ActingOptions { NoiseScale = 0 }),
        };
        if (candidates > 1)
            ways.Add(new ActingWay(string.Create(CultureInfo.InvariantCulture, $"best_of_{candidates}"), new ActingOptions { Candidates = candidates }));
        if (chosen.NoiseScale != 1f || (chosen.Selection != CandidateSelection.Argmax && candidates > 1))
            ways.Add(new ActingWay(NameOf(chosen), chosen));
        return ways;
    }

    /// <summary>The way without noise.</summary>
    public static ActingWay Deterministic(Func<ActingOptions, int, IActor> makeActor) => Of(makeActor, new ActingOptions()) is [_, var quiet, ..]
        ? quiet
        : new ActingWay("policy", new ActingOptions());

    /// <summary>A name that says all: <c>softmax100_of_50_noise0.5</c>.</summary>
    private static string NameOf(ActingOptions options)
    {
        var choice = options.Candidates == 1 ? "sample" : options.Selection == CandidateSelection.Softmax
            ? string.Create(CultureInfo.InvariantCulture, $"softmax{options.SoftmaxWeight}_of_{options.Candidates}")
            : string.Create(CultureInfo.InvariantCulture, $"best_of_{options.Candidates}");
        return options.NoiseScale == 1f ? choice : string.Create(CultureInfo.InvariantCulture, $"{choice}_noise{options.NoiseScale}");
    }
}

/// <summary>What a way of acting scored.</summary>
internal sealed record WayResult(ActingWay Way, EvaluationResult Result)
{
    /// <summary>The numbers as they are recorded, named <c>way/statistic</c>.</summary>
    public IEnumerable<NamedValue> Values()
    {
        NamedValue Named(string statistic, double value) => new($"{Way.Name}/{statistic}", value);
        if (Result.NormalizedMean is { } score)
        {
            yield return Named("score", score);
            yield return Named("score_error", Result.NormalizedStandardError!.Value);
        }

        yield return Named("return", Result.MeanReturn);
        yield return Named("return_error", Result.StandardError);
        yield return Named("return_minimum", Result.MinimumReturn);
        yield return Named("return_maximum", Result.MaximumReturn);
        yield return Named("length", Result.MeanLength);
        yield return Named("terminated", Result.TerminatedCount);
        yield return Named("episodes", Result.Episodes.Count);
    }
}

/// <summary>Evaluates ways of acting on the same episodes.</summary>
internal static class WaysEvaluation
{
    public static IReadOnlyList<WayResult> Run(
        EnvironmentEntry environment,
        Func<ActingOptions, int, IActor> makeActor,
        IReadOnlyList<ActingWay> ways,
        EvaluationOptions options,
        CancellationToken cancellation) =>
        ways.Select(way => new WayResult(way, Evaluator.Run(
            environment.Create, capacity => makeActor(way.Options, capacity), options with { Candidates = way.Options.Candidates }, cancellation))).ToList();
}
