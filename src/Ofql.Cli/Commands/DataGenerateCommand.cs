using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Configuration;
using Ofql.Cli.Rendering;
using Ofql.Cli.Runs;
using Ofql.Formats.Datasets;
using Ofql.Formats.Files;
using Ofql.Formats.Hdf5;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql data generate</c>.</summary>
internal static class DataGenerateCommand
{
    public static Command Build(CommandContext context)
    {
        var task = new Argument<string>("task") { Description = "Task whose data is made (see: ofql list tasks)" };
        var rows = new Option<long?>("--rows") { Description = "Rows to record (default: the task's own number, see docs/datasets.md)", HelpName = "count" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the generator", HelpName = "number" };
        var output = new Option<string?>("--output", "-o") { Description = "File to write (default: into the folder of generated datasets)", HelpName = "file" };
        var hdf5 = new Option<bool>("--no-hdf5") { Description = "Write only the native file, not the D4RL HDF5 file beside it" };
        var datasets = CommonOptions.Datasets();
        var json = CommonOptions.Json();
        var command = new Command("generate", "Make the data of a task, as its authors did.") { task, rows, seed, output, hdf5, datasets, json };
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) }, parsed.GetValue(task)!, parsed.GetValue(rows), parsed.GetValue(seed), parsed.GetValue(output), !parsed.GetValue(hdf5), parsed.GetValue(datasets)));
        return command.WithExamples("ofql data generate maze2d-umaze-v1", "ofql data generate hopper-medium-v2", "ofql data generate maze2d-medium-v1 --rows 200000 --seed 1 -o medium.safetensors");
    }

    private static int Run(CommandContext context, string task, long? given, ulong seed, string? output, bool hdf5, string? datasets)
    {
        if (given is < 2 or > ConfigurationSchema.MostRows)
            throw new UsageException($"--rows is {given}; expected 2 to {ConfigurationSchema.MostRows}.");
        if (output is not null && !IsNative(output))
        {
            throw new UsageException(
                $"--output '{output}': what is generated is written as .safetensors, and beside it as a D4RL file .hdf5. Name a file ending with .safetensors; other "
                + "forms are made of it with: ofql data convert");
        }

        using var line = new ProgressLine(context);
        var source = new DatasetSource(context.Catalog, CommonOptions.DatasetsFolder(datasets), line);
        var rows = source.RowsOf(task, given ?? 0);
        var path = output ?? source.PathOf(task, rows, seed);
        var beside = hdf5 ? PathBeside(context, path) : null;
        if (output is not null && File.Exists(output))
            throw new UsageException($"'{output}' exists already and would be written over. Move it away, or name another file with -o.");
        // The native file was named, the one beside it was not: it may be somebody's recording.
        if (output is not null && File.Exists(beside))
            throw new UsageException($"'{beside}' exists already; the D4RL file of '{output}' would take its place. Move it away, name another file with -o, or leave the D4RL file out with --no-hdf5.");
        if (output is not null)
            AtomicFile.RequireWritable(output);
        var isKept = output is null && File.Exists(path);
        if (output is not null)
            source.Generate(task, rows, seed, output, context.Cancellation, beside);
        using var opened = output is null ? source.OpenGenerated(task, rows, seed, context.Cancellation, beside) : Reopen(output);
        if (isKept && beside is not null)
            source.GenerateD4rl(opened, task, rows, seed, beside, context.Cancellation);
        line.Dispose();
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["file"] = opened.Source, ["d4rl_file"] = beside, ["transitions"] = opened.Data.Count, ["fingerprint"] = opened.Fingerprint,
            });
            return 0;
        }

        context.Out.WriteLine(FormattableString.Invariant($"{opened.Source}: {opened.Data.Count} transitions, fingerprint {opened.Fingerprint}"));
        if (beside is not null)
            context.Out.WriteLine($"{beside}: the same rows as a D4RL HDF5 file");
        return 0;
    }

    private static bool IsNative(string path) => Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase);

    /// <summary>Where the D4RL file beside the native one goes; null, with a word why, where the system has no libhdf5.</summary>
    private static string? PathBeside(CommandContext context, string native)
    {
        if (Hdf5Support.FindProblem() is not { } problem)
            return Path.ChangeExtension(native, ".hdf5");
        context.Messages.WriteLine($"No D4RL HDF5 file written: {problem}");
        return null;
    }

    private static OpenedDataset Reopen(string path)
    {
        var data = DatasetFile.Open(path);
        return new OpenedDataset(data, DatasetFingerprint.Of(data), path);
    }
}
