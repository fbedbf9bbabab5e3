using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Runs;
using Ofql.Formats.Policies;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql export</c>.</summary>
internal static class ExportCommand
{
    public static Command Build(CommandContext context)
    {
        var run = new Argument<string>("run") { Description = "Folder or name of a run" };
        var output = new Option<string>("--output", "-o") { Description = "Policy file to write", HelpName = "file", Required = true };
        var runs = CommonOptions.Runs();
        var json = CommonOptions.Json();
        var command = new Command("export", "Write a run's policy as one file: everything needed to act, nothing else.") { run, output, runs, json };
        command.SetAction(parsed => Run(context with { Json = parsed.GetValue(json) }, parsed.GetValue(run)!, parsed.GetValue(output)!, parsed.GetValue(runs)!));
        return command.WithExamples("ofql export maze2d-umaze-v1-ofql-seed0 -o policy.safetensors");
    }

    private static int Run(CommandContext context, string name, string output, string runs)
    {
        var opened = new PolicySource(context.Catalog, runs).Open(name);
        PolicyFile.Save(opened.Policy, output);
        var bytes = new FileInfo(output).Length;
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["policy"] = output,
                ["from"] = opened.Path,
                ["bytes"] = bytes,
                ["metadata"] = new JsonObject(opened.Policy.Metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
            });
        }
        else
        {
            context.Out.WriteLine(FormattableString.Invariant($"{output}: {opened.Policy.Tensors.Count} tensors, {bytes} bytes, from {opened.Path}"));
        }

        return 0;
    }
}
