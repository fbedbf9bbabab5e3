using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Bench;
using Ofql.Cli.Rendering;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql bench</c>.</summary>
internal static class BenchCommand
{
    public static Command Build(CommandContext context)
    {
        var name = new Argument<string?>("benchmark") { Description = "One benchmark (default: all)", Arity = ArgumentArity.ZeroOrOne };
        var threads = CommonOptions.Threads();
        var seconds = new Option<double>("--seconds") { Description = "Time per measurement", HelpName = "number", DefaultValueFactory = _ => 2 };
        var json = CommonOptions.Json();
        var command = new Command("bench", "Measure this machine: updates per second, time per action.") { name, threads, seconds, json };
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) },
            parsed.GetValue(name),
            new BenchmarkRequest(parsed.GetValue(threads) ?? Environment.ProcessorCount, parsed.GetValue(seconds))));
        return command.WithExamples("ofql bench", "ofql bench --threads 1 --json");
    }

    private static int Run(CommandContext context, string? name, BenchmarkRequest request)
    {
        var all = context.Catalog.Benchmarks;
        if (all.Count == 0)
            throw new OfqlException("No benchmark is wired into this build.");
        var names = all.Select(benchmark => benchmark.Name).ToList();
        if (name is not null && !names.Contains(name))
            throw new UsageException($"There is no benchmark '{name}'.{NearestName.Question(name, names)} Known: {string.Join(", ", names)}.");
        var results = new JsonObject();
        foreach (var benchmark in all.Where(benchmark => name is null || benchmark.Name == name))
        {
            context.Messages.WriteLine($"{benchmark.Name}: {benchmark.Title}");
            var rows = benchmark.Run(request, context.Cancellation);
            results[benchmark.Name] = new JsonArray(rows.Select(row => (JsonNode)new JsonObject
            {
                ["name"] = row.Name, ["value"] = CommandContext.Number(row.Value), ["unit"] = row.Unit,
            }).ToArray());
            if (context.Json)
                continue;
            var table = new TextTable("measurement", "value", "unit");
            foreach (var row in rows)
                table.Add(row.Name, TextTable.Number(row.Value, "G5"), row.Unit);
            table.Write(context);
        }

        if (context.Json)
            context.WriteJson(results);
        return 0;
    }
}
