using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Runs;
using Ofql.Formats.Datasets;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql data generate</c>.</summary>
internal static class DataGenerateCommand
{
    private const long DefaultRows = 1_000_000;

    public static Command Build(CommandContext context)
    {
        var task = new Argument<string>("task") { Description = "Task whose data is made (see: ofql list tasks)" };
        var rows = new Option<long>("--rows") { Description = "Rows to record", HelpName = "count", DefaultValueFactory = _ => DefaultRows };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the generator", HelpName = "number" };
        var output = new Option<string?>("--output", "-o") { Description = "File to write (default: into the folder of generated datasets)", HelpName = "file" };
        var datasets = CommonOptions.Datasets();
        var json = CommonOptions.Json();
        var command = new Command("generate", "Make the data of a task, as its authors did.") { task, rows, seed, output, datasets, json };
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) }, parsed.GetValue(task)!, parsed.GetValue(rows), parsed.GetValue(seed), parsed.GetValue(output), parsed.GetValue(datasets)));
        return command.WithExamples("ofql data generate maze2d-umaze-v1", "ofql data generate maze2d-medium-v1 --rows 200000 --seed 1 -o medium.safetensors");
    }

    private static int Run(CommandContext context, string task, long rows, ulong seed, string? output, string? datasets)
    {
        var source = new DatasetSource(context.Catalog, CommonOptions.DatasetsFolder(datasets), context.Messages.WriteLine);
        if (output is not null)
            source.Generate(task, rows, seed, output, context.Cancellation);
        using var opened = output is null ? source.OpenGenerated(task, rows, seed, context.Cancellation) : Reopen(output);
        if (context.Json)
            context.WriteJson(new JsonObject { ["file"] = opened.Source, ["transitions"] = opened.Data.Count, ["fingerprint"] = opened.Fingerprint });
        else
            context.Out.WriteLine(FormattableString.Invariant($"{opened.Source}: {opened.Data.Count} transitions, fingerprint {opened.Fingerprint}"));
        return 0;
    }

    private static OpenedDataset Reopen(string path)
    {
        var data = DatasetFile.Open(path);
        return new OpenedDataset(data, DatasetFingerprint.Of(data), path);
    }
}
