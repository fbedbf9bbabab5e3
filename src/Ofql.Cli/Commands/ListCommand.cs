using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ofql.Agents;
using Ofql.Cli.Configuration;
using Ofql.Cli.Rendering;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql list</c>.</summary>
internal static class ListCommand
{
    private static readonly string[] Kinds = ["tasks", "agents", "environments", "presets"];

    public static Command Build(CommandContext context)
    {
        var kind = new Argument<string?>("what") { Description = string.Join(", ", Kinds) + " (default: all)", Arity = ArgumentArity.ZeroOrOne };
        var json = CommonOptions.Json();
        var command = new Command("list", "List what there is: tasks, agents with their options, environments, presets.") { kind, json };
        command.SetAction(parsed => Run(context with { Json = parsed.GetValue(json) }, parsed.GetValue(kind)));
        return command.WithExamples("ofql list", "ofql list agents", "ofql list environments --json");
    }

    private static int Run(CommandContext context, string? kind)
    {
        if (kind is not null && !Kinds.Contains(kind))
            throw new UsageException($"There is nothing called '{kind}' to list.{NearestName.Question(kind, Kinds)} Known: {string.Join(", ", Kinds)}.");
        var shown = kind is null ? Kinds : [kind];
        if (context.Json)
        {
            context.WriteJson(new JsonObject(shown.Select(name => KeyValuePair.Create(name, (JsonNode?)ToJson(context, name)))));
            return 0;
        }

        foreach (var name in shown)
            Write(context, name);
        return 0;
    }

    private static void Write(CommandContext context, string kind)
    {
        switch (kind)
        {
            case "tasks":
                var tasks = new TextTable("task", "environment", "data");
                foreach (var (name, environment, data, _) in Tasks(context))
                    tasks.Add(name, environment, data);
                tasks.Write(context, alignRight: false);
                break;
            case "agents":
                foreach (var agent in context.Catalog.Agents)
                    WriteAgent(context, agent);
                if (context.Catalog.Agents.Count == 0)
                    context.Out.WriteLine("No agent is wired into this build.");
                break;
            case "environments":
                var environments = new TextTable("environment", "state", "action", "steps", "score", "what it is");
                foreach (var entry in context.Catalog.Environments.Entries)
                {
                    var facts = entry.Specification;
                    environments.Add(entry.Name, $"{facts.StateSize}", $"{facts.ActionSize}", $"{facts.MaximumSteps}", facts.Score is null ? "no" : "yes", entry.Summary);
                }

                environments.Write(context, alignRight: false);
                break;
            default:
                var presets = new TextTable("preset", "settings");
                foreach (var preset in context.Catalog.Presets.All)
                    presets.Add(preset.Name, string.Join(", ", preset.Layer.Values.Select(pair => $"{pair.Key}={pair.Value.Text}")));
                presets.Write(context, alignRight: false);
                break;
        }
    }

    private static void WriteAgent(CommandContext context, IAgentFactory agent)
    {
        context.Out.WriteLine($"{agent.Name}: {agent.Title} ({agent.Paper})");
        var table = new TextTable("option", "kind", "default", "what it does");
        foreach (var option in agent.Options)
            table.Add(ConfigurationSchema.AgentPrefix + option.Name, option.Kind, option.Default, option.Description);
        table.Write(context, alignRight: false);
        if (agent.Published.Count == 0)
            return;
        var published = new TextTable("published for", "settings", "source");
        foreach (var settings in agent.Published)
            published.Add(settings.Name, Text(settings), settings.Source);
        published.Write(context, alignRight: false);
    }

    private static string Text(PublishedSettings settings)
    {
        var words = settings.Options.Select(pair => $"{ConfigurationSchema.AgentPrefix}{pair.Key}={pair.Value}").DefaultIfEmpty("(the defaults)").ToList();
        if (settings.Updates is { } updates)
            words.Add(string.Create(CultureInfo.InvariantCulture, $"training.updates={updates}"));
        words.AddRange(settings.Acting.Select(pair => $"{ConfigurationSchema.EvaluationPrefix}{pair.Key}={pair.Value}"));
        return string.Join(' ', words);
    }

    private static IEnumerable<(string Name, string Environment, string Data, string Title)> Tasks(CommandContext context) => context.Catalog.TaskNames.Select(name =>
    {
        var preset = context.Catalog.Presets.Find(name);
        var generator = context.Catalog.Generators.FirstOrDefault(generator => generator.Name == name);
        return (name, preset?.Environment ?? generator?.Environment ?? name, generator is not null ? "generated" : "from a file (--data)", preset?.Title ?? "");
    });

    private static JsonArray ToJson(CommandContext context, string kind) => new(kind switch
    {
        "tasks" => Tasks(context).Select(task => (JsonNode)new JsonObject
        {
            ["name"] = task.Name, ["environment"] = task.Environment, ["data"] = task.Data, ["title"] = task.Title,
        }).ToArray(),
        "agents" => context.Catalog.Agents.Select(agent => (JsonNode)new JsonObject
        {
            ["name"] = agent.Name,
            ["title"] = agent.Title,
            ["paper"] = agent.Paper,
            ["options"] = new JsonArray(agent.Options.Select(option => (JsonNode)new JsonObject
            {
                ["name"] = option.Name, ["kind"] = option.Kind, ["default"] = option.Default, ["description"] = option.Description,
            }).ToArray()),
            ["published"] = new JsonArray(agent.Published.Select(settings => (JsonNode)new JsonObject
            {
                ["task"] = settings.Task,
                ["name"] = settings.Name,
                ["settings"] = new JsonObject(settings.Options.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
                ["updates"] = settings.Updates,
                ["acting"] = new JsonObject(settings.Acting.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
                ["source"] = settings.Source,
            }).ToArray()),
        }).ToArray(),
        "environments" => context.Catalog.Environments.Entries.Select(entry => (JsonNode)new JsonObject
        {
            ["name"] = entry.Name,
            ["aliases"] = new JsonArray([.. entry.Aliases]),
            ["summary"] = entry.Summary,
            ["state_size"] = entry.Specification.StateSize,
            ["action_size"] = entry.Specification.ActionSize,
            ["maximum_steps"] = entry.Specification.MaximumSteps,
            ["score_minimum"] = CommandContext.Number(entry.Specification.Score?.Minimum),
            ["score_maximum"] = CommandContext.Number(entry.Specification.Score?.Maximum),
        }).ToArray(),
        _ => context.Catalog.Presets.All.Select(preset => (JsonNode)new JsonObject
        {
            ["name"] = preset.Name,
            ["title"] = preset.Title,
            ["settings"] = new JsonObject(preset.Layer.Values.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value.Text))),
        }).ToArray(),
    });
}
