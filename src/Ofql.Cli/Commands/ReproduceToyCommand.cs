using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Cli.Rendering;
using Ofql.Cli.Runs;
using Ofql.Experiments.Toy;
using Ofql.Formats.Experiments;
using Ofql.Formats.Files;
using Ofql.Graph.Execution;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql reproduce toy</c>.</summary>
internal static class ReproduceToyCommand
{
    private sealed record Request(ToySettings Settings, IReadOnlyList<ToySet> Sets, IReadOnlyList<ulong> Seeds, string Output, bool Samplers, int Threads);

    public static Command Build(CommandContext context)
    {
        var defaults = new ToySettings();
        var output = new Option<string>("--output", "-o") { Description = "Folder for the table and the figure", HelpName = "folder", DefaultValueFactory = _ => "toy" };
        var updates = Count("--steps", "Updates per network", defaults.Updates);
        var batch = Count("--batch", "Points per update", defaults.BatchSize);
        var points = Count("--points", "Points per sample that is measured", defaults.Points);
        var rate = new Option<double>("--learning-rate") { Description = "Adam's rate", HelpName = "number", DefaultValueFactory = _ => defaults.LearningRate };
        var sets = new Option<string?>("--sets") { Description = "Sets, such as spiral or crescent,checkerboard (default: all)", HelpName = "names" };
        var seeds = new Option<string>("--seeds") { Description = "Seeds, such as 0..2 or 0,1,2", HelpName = "seeds", DefaultValueFactory = _ => "0" };
        var samplers = new Option<bool>("--samplers") { Description = "Compare samplers of (r, t) for the average velocity at one step instead" };
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new Command("toy", "The paper's toy: DDPM (of ten steps and of one), marginal and average velocity on crescent, spiral and checkerboard.")
        {
            output, updates, seeds, samplers, sets, batch, points, rate, threads, json,
        };
        command.SetAction(parsed =>
        {
            var settings = defaults with
            {
                Updates = Checked("--steps", parsed.GetValue(updates), 1_000_000_000),
                BatchSize = Checked("--batch", parsed.GetValue(batch), 1_000_000),
                Points = Checked("--points", parsed.GetValue(points), 1_000_000),
                LearningRate = parsed.GetValue(rate) is > 0 and <= 1 and var value ? value
                    : throw new UsageException(FormattableString.Invariant($"--learning-rate is {parsed.GetValue(rate)}; expected a number above 0, at most 1.")),
            };
            return Run(context with { Json = parsed.GetValue(json) }, new Request(
                settings, Sets(parsed.GetValue(sets)), CommonOptions.ParseSeeds(parsed.GetValue(seeds)!), parsed.GetValue(output)!,
                parsed.GetValue(samplers), CommonOptions.ThreadCount(parsed.GetValue(threads))));
        });
        return command.WithExamples("ofql reproduce toy", "ofql reproduce toy --seeds 0..2 --output results", "ofql reproduce toy --samplers --sets spiral");
    }

    private static Option<int> Count(string name, string description, int value) =>
        new(name) { Description = description, HelpName = "count", DefaultValueFactory = _ => value };

    private static int Checked(string name, int value, int largest) => value >= 1 && value <= largest
        ? value
        : throw new UsageException($"{name} is {value}; expected 1 to {largest}.");

    private static IReadOnlyList<ToySet> Sets(string? text)
    {
        if (text is null)
            return ToySet.All;
        var names = ToySet.All.Select(set => set.Name).ToList();
        return text.Split(',', StringSplitOptions.TrimEntries).Distinct().Select(name => ToySet.All.FirstOrDefault(set => set.Name == name)
            ?? throw new UsageException($"--sets '{text}': there is no set '{name}'.{NearestName.Question(name, names)} Known: {string.Join(", ", names)}.")).ToList();
    }

    private static int Run(CommandContext context, Request request)
    {
        // A folder that cannot be written is found out before the training, not after it.
        OutputFolder.Create(request.Output, "--output");
        var arms = request.Samplers ? ToyArm.Samplers(request.Settings.Updates) : ToyArm.Methods;
        var experiment = new ToyExperiment(request.Settings, request.Sets, arms, request.Seeds);
        var results = Train(context, experiment, request.Threads);

        var name = request.Samplers ? "toy-samplers" : "toy";
        string table = Path.Combine(request.Output, name + ".csv"), figure = Path.Combine(request.Output, name + ".svg");
        ToyFiles.WriteTable(table, results);
        ToyFiles.WriteFigure(figure, request.Samplers ? "Average velocity at one step, by sampler of (r, t)" : "Samples by method and number of steps", results);
        var rows = ToyRow.Of(results);
        if (context.Json)
            context.WriteJson(ToJson(request, rows, table, figure));
        else
            Write(context, request, rows, table, figure);
        return 0;
    }

    private static IReadOnlyList<ToyResult> Train(CommandContext context, ToyExperiment experiment, int threads)
    {
        using var line = new ProgressLine(context);
        using var team = new WorkerTeam(threads);
        var start = TimeProvider.System.GetTimestamp();
        return experiment.Run(team, new Receiver(progress => line.Show(() => Describe(progress, TimeProvider.System.GetElapsedTime(start)))), context.Cancellation);
    }

    private static string Describe(ToyProgress progress, TimeSpan elapsed)
    {
        var left = elapsed * ((progress.Total - progress.Done) / (double)Math.Max(1, progress.Done));
        return string.Create(CultureInfo.InvariantCulture,
            $"{100.0 * progress.Done / progress.Total:F0} %  {progress.Set}, {progress.Arm}, seed {progress.Seed}: update {progress.Update}, loss {progress.Loss:G4}  {TrainText.Duration(left)} left");
    }

    private static void Write(CommandContext context, Request request, IReadOnlyList<ToyRow> rows, string table, string figure)
    {
        var settings = request.Settings;
        context.Out.WriteLine();
        context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{settings.Updates} updates of {settings.BatchSize} points, {settings.Layers} x {settings.Width} Mish, Adam {settings.LearningRate}, {Plural(request.Seeds.Count, "seed")}; {settings.Points} points and {settings.Projections} directions per distance."));
        ToyTable.Write(context, rows);
        context.Out.WriteLine("distance: sliced Wasserstein distance to a sample of the data; x floor: over that of another sample of the data (method 'data').");
        context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"off support: share of points outside; far off: farther than {ToyExperiment.Margin} from it. Definitions: docs/toy.md."));
        foreach (var (set, ratios) in ToyTable.OneStepRatios(rows))
        {
            context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{set}, one step: {string.Join(", ", ratios.Select(ratio => FormattableString.Invariant($"{ratio.Arm} {ratio.Ratio:F1}")))} times as far from the data as average_velocity."));
        }

        context.Out.WriteLine($"Written: {table}, {figure}");
    }

    private static string Plural(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static JsonObject ToJson(Request request, IReadOnlyList<ToyRow> rows, string table, string figure) => new()
    {
        ["updates"] = request.Settings.Updates,
        ["batch"] = request.Settings.BatchSize,
        ["layers"] = request.Settings.Layers,
        ["width"] = request.Settings.Width,
        ["learning_rate"] = request.Settings.LearningRate,
        ["points"] = request.Settings.Points,
        ["projections"] = request.Settings.Projections,
        ["margin"] = ToyExperiment.Margin,
        ["seeds"] = new JsonArray(request.Seeds.Select(seed => (JsonNode)seed).ToArray()),
        ["results"] = ToyTable.ToJson(rows),
        ["one_step_ratios"] = new JsonObject(ToyTable.OneStepRatios(rows).Select(set => KeyValuePair.Create(
            set.Set, (JsonNode?)new JsonObject(set.Ratios.Select(ratio => KeyValuePair.Create(ratio.Arm, CommandContext.Number(ratio.Ratio))))))),
        ["table"] = table,
        ["figure"] = figure,
    };

    // Progress<T> would report later and from other threads.
    private sealed class Receiver(Action<ToyProgress> show) : IProgress<ToyProgress>
    {
        public void Report(ToyProgress value) => show(value);
    }
}
