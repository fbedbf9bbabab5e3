using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Agents;
using Ofql.Cli.Configuration;
using Ofql.Cli.Rendering;
using Ofql.Cli.Runs;
using Ofql.Environments;
using Ofql.Evaluation;
using Ofql.Formats.Runs;
using Ofql.Training;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql evaluate</c>.</summary>
internal static class EvaluateCommand
{
    private const int DefaultEpisodes = 100;
    private const int DefaultCandidates = 50;

    public static Command Build(CommandContext context)
    {
        var policy = new Argument<string>("run-or-policy") { Description = "Folder or name of a run, or a policy file" };
        var environment = new Option<string?>("--env") { Description = "Environment (default: the run's)", HelpName = "name" };
        var episodes = new Option<int>("--episodes") { Description = "Episodes per way of acting", HelpName = "count", DefaultValueFactory = _ => DefaultEpisodes };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the episodes", HelpName = "number" };
        var starts = new Option<string?>("--starts") { Description = "Where episodes start: streams (drawn from the seed) or gymnasium (as its reset(seed), reset(seed + 1), ...); default: as in the run", HelpName = "kind" };
        var pictures = new PictureOptionSet();
        var threads = CommonOptions.Threads();
        var runs = CommonOptions.Runs();
        var json = CommonOptions.Json();
        var command = new Command("evaluate", "Score a policy in an environment, in every way it can act.") { policy, environment, episodes, seed, starts, threads, runs, json };
        pictures.AddTo(command);
        var acting = new ActingOptionSet(command, DefaultCandidates, "N of best-of-N, 50 for a policy file; 1 leaves it out", followsRun: true);
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) },
            parsed.GetValue(policy)!,
            parsed.GetValue(environment),
            run => acting.Read(parsed, run),
            pictures.Read(parsed),
            parsed.GetValue(runs)!,
            StartsOf(parsed.GetValue(starts)),
            new EvaluationOptions
            {
                Episodes = CheckedEpisodes(parsed.GetValue(episodes)),
                Seed = parsed.GetValue(seed),
                Threads = CommonOptions.ThreadCount(parsed.GetValue(threads)),
            }));
        return command.WithExamples(
            "ofql evaluate maze2d-umaze-v1-ofql-seed0",
            "ofql evaluate policy.safetensors --env pendulum --episodes 200",
            "ofql evaluate policy.safetensors --env pendulum --starts gymnasium",
            "ofql evaluate runs/first-try --selection softmax --softmax-weight 100 --noise-scale 0.5",
            "ofql evaluate runs/first-try --env pendulum --json",
            "ofql evaluate runs/first-try --picture episode.svg --animation episode.html");
    }

    private static int CheckedEpisodes(int episodes) => episodes is >= 1 and <= ConfigurationSchema.MostEpisodes
        ? episodes
        : throw new UsageException($"--episodes is {episodes}; expected 1 to {ConfigurationSchema.MostEpisodes}.");

    private static int Run(CommandContext context, string name, string? environmentName, Func<ResolvedConfiguration?, ActingOptions> actingOf, PictureRequest pictures, string runs, EpisodeStarts? starts, EvaluationOptions options)
    {
        options.Validate();
        // What was said on the line is judged before anything is opened.
        _ = actingOf(null);
        var source = new PolicySource(context.Catalog, runs);
        var opened = source.Open(name);
        var acting = actingOf(opened.Run);
        options = options with { Starts = starts ?? StartsOf(opened.Run?.Text("evaluation.starts")) ?? EpisodeStarts.Streams };
        environmentName ??= opened.Run?.Text("environment");
        if (string.IsNullOrEmpty(environmentName))
        {
            throw new UsageException(
                $"'{name}' does not say which environment it is for. Name it with --env: "
                + $"{string.Join(", ", context.Catalog.Environments.Entries.Select(entry => entry.Name))}.");
        }

        var environment = context.Catalog.Environment(environmentName);
        if (options.Starts == EpisodeStarts.Gymnasium)
        {
            using var probe = environment.Create();
            options.RequireFit(probe);
        }

        context.Messages.WriteLine($"Evaluating {opened.Path} in {environment.Name}: {options.Episodes} episodes per way of acting, seed {options.Seed}{(options.Starts == EpisodeStarts.Gymnasium ? ", from Gymnasium's starts" : "")}");
        pictures.Make(context, environment, opened, source.ActorsOf(opened), acting, options);
        var ways = WaysEvaluation.Run(environment, source.ActorsOf(opened), ActingWay.Of(source.ActorsOf(opened), acting), options, context.Cancellation);
        if (!context.Json)
            WriteText(context, environment, ways);
        // A pass over the data, which may be large: nobody need wait for it, and what was scored is not lost with it.
        var manifest = RunFacts.Manifest(opened);
        var data = RunFacts.DataReturn(opened, manifest, context.Cancellation);
        if (context.Json)
            context.WriteJson(ToJson(opened, environment, options, ways, manifest, data));
        else if (data is { } mean)
            WriteComparison(context, environment, manifest!, mean);
        return Program.CodeOf(interrupted: data is null && context.Cancellation.IsCancellationRequested, failed: false);
    }

    private static EpisodeStarts? StartsOf(string? word)
    {
        var words = ConfigurationSchema.Find("evaluation.starts")!.Words;
        return word is null ? null
            : words.Contains(word) ? Enum.Parse<EpisodeStarts>(word, ignoreCase: true)
            : throw new UsageException($"--starts is '{word}'; expected {string.Join(" or ", words)}.{NearestName.Question(word, words)}");
    }

    private static void WriteText(CommandContext context, EnvironmentEntry environment, IReadOnlyList<WayResult> ways)
    {
        WayTable.Write(context, ValuesOf(ways), environment.Specification.Score is not null);
        if (environment.Specification.Score is not null)
            context.Out.WriteLine("score: D4RL's normalised score of the mean return.");
        context.Out.WriteLine($"simulator: {ways[0].Result.Simulator}.");
        context.Out.WriteLine("se: standard error over the episodes of this one policy; it says nothing about other seeds.");
        context.Out.Flush();
    }

    private static void WriteComparison(CommandContext context, EnvironmentEntry environment, RunManifest manifest, double mean)
    {
        var score = environment.Specification.Score is { } reference ? $", normalised score {TextTable.Number(reference.Normalize(mean))}" : "";
        context.Out.WriteLine($"For comparison, the data it was trained on{(manifest.DataIsGenerated ? " (generated by Ofql, not published data)" : "")}: mean return {TextTable.Number(mean)}{score}.");
    }

    private static List<NamedValue> ValuesOf(IReadOnlyList<WayResult> ways) => ways.SelectMany(way => way.Values()).ToList();

    private static JsonObject ToJson(OpenedPolicy opened, EnvironmentEntry environment, EvaluationOptions options, IReadOnlyList<WayResult> ways, RunManifest? manifest, double? data) => new()
    {
        ["policy"] = opened.Path,
        ["environment"] = environment.Name,
        ["simulator"] = ways[0].Result.Simulator,
        ["episodes"] = options.Episodes,
        ["seed"] = options.Seed,
        ["starts"] = options.Starts == EpisodeStarts.Gymnasium ? "gymnasium" : "streams",
        ["evaluation"] = WayTable.ToJson(ValuesOf(ways)),
        ["data_generated"] = manifest?.DataIsGenerated,
        ["data_mean_return"] = CommandContext.Number(data),
    };
}
