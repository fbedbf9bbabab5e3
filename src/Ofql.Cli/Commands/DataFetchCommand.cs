using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Rendering;
using Ofql.Formats.Download;
using Ofql.Formats.Files;
using Ofql.Formats.Ogbench;
using Ofql.Formats.Published;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql data fetch</c>.</summary>
internal static class DataFetchCommand
{
    public static Command Build(CommandContext context)
    {
        var task = new Argument<string?>("task") { Description = "Task of D4RL or OGBench whose data is wanted; not needed with --url", Arity = ArgumentArity.ZeroOrOne };
        var url = new Option<string?>("--url") { Description = "Address of the file, instead of the published one", HelpName = "address" };
        var mirror = new Option<string?>("--mirror") { Description = "Address of a copy of the collection; the file is looked for below it", HelpName = "address" };
        var output = new Option<string?>("--output", "-o") { Description = "File to write (default: its published name in the folder of datasets)", HelpName = "file" };
        var datasets = CommonOptions.Datasets();
        var sha256 = new Option<string?>("--sha256") { Description = "SHA-256 that the file must have", HelpName = "digits" };
        var force = new Option<bool>("--force") { Description = "Download again although the file is there" };
        var list = new Option<bool>("--list") { Description = "List the tasks whose addresses are known" };
        var json = CommonOptions.Json();
        var command = new Command("fetch", "Download a published dataset; an interrupted download goes on where it was left.")
        {
            task, url, mirror, output, datasets, sha256, force, list, json,
        };
        command.SetAction(parsed =>
        {
            var own = context with { Json = parsed.GetValue(json) };
            if (parsed.GetValue(list))
            {
                return (parsed.GetValue(task) ?? parsed.GetValue(url)) is not { } wanted ? List(own) : throw new UsageException(
                    $"--list lists what can be fetched, and '{wanted}' is to be fetched. Leave one of them out.");
            }

            var source = Source(parsed.GetValue(task), parsed.GetValue(url), parsed.GetValue(mirror));
            return Fetch(
                own, source, Target(source, parsed.GetValue(output), parsed.GetValue(datasets)),
                new DownloadOptions { Sha256 = parsed.GetValue(sha256), Replace = parsed.GetValue(force) });
        });
        return command.WithExamples(
            "ofql data fetch hopper-medium-v2", "ofql data fetch antmaze-large-play-v2 --datasets /data", "ofql data fetch --list",
            "ofql data fetch --url https://example.org/logs.hdf5");
    }

    private static FetchSource Source(string? task, string? url, string? mirror)
    {
        if (task is null && url is null)
            throw new UsageException("Say which data: the name of a task (see: ofql data fetch --list), or an address with --url.");
        if (url is not null && mirror is not null)
            throw new UsageException("--url and --mirror exclude each other: one names the file, the other a copy of the whole collection.");
        var published = task is null ? null : url is null ? PublishedDatasets.Get(task) : PublishedDatasets.All.FirstOrDefault(known => known.Name == task);
        var text = url ?? (mirror is null ? published!.Address.AbsoluteUri : $"{mirror.TrimEnd('/')}/{published!.Location}");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new UsageException($"{(url is null ? "--mirror" : "--url")} '{url ?? mirror}' is no address; expected http://... or https://...");
        var single = task is not null && published is not null && task != published.Name ? OgbenchTask.Parse(task).Name : null;
        return new FetchSource(published, address, single);
    }

    private static string Target(FetchSource source, string? output, string? datasets)
    {
        if (output is not null)
            return output;
        var name = source.Published?.FileName ?? Uri.UnescapeDataString(source.Address.Segments[^1]);
        if (name.Length == 0 || name.Contains('/', StringComparison.Ordinal) || name is "." or "..")
            throw new UsageException($"'{source.Address}' does not end with the name of a file. Say with --output where to put it.");
        var folder = CommonOptions.DatasetsFolder(datasets);
        OutputFolder.Create(folder, "--datasets");
        return Path.Combine(folder, name);
    }

    private static int Fetch(CommandContext context, FetchSource source, string path, DownloadOptions options)
    {
        DownloadResult result;
        using (var view = new DownloadView(context))
        {
            try
            {
                result = FileDownload.RunAsync(source.Address, path, options, view, view.Say, context.Cancellation).GetAwaiter().GetResult();
            }
            catch (OperationCanceledException)
            {
                view.Say("What has arrived is kept: the same command goes on from there.");
                throw;
            }
        }

        var licence = source.Published?.Licence ?? "not known";
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["file"] = result.Path, ["address"] = source.Address.AbsoluteUri, ["bytes"] = result.Bytes, ["sha256"] = result.Sha256,
                ["was_there"] = result.WasThere, ["resumed_from"] = result.ResumedFrom, ["licence"] = licence,
            });
            return 0;
        }

        context.Out.WriteLine(result.WasThere ? $"{result.Path} is there already (--force downloads it again)." : $"{result.Path}: {DownloadView.Bytes(result.Bytes)}");
        context.Out.WriteLine($"sha256   {result.Sha256}");
        context.Out.WriteLine($"licence  {licence}");
        context.Out.WriteLine($"Next: {source.Next(result.Path)}");
        return 0;
    }

    private static int List(CommandContext context)
    {
        if (context.Json)
        {
            context.WriteJson(new JsonArray(PublishedDatasets.All.Select(JsonNode (set) => new JsonObject
            {
                ["task"] = set.Name, ["address"] = set.Address.AbsoluteUri, ["licence"] = set.Licence,
            }).ToArray()));
            return 0;
        }

        var table = new TextTable("task", "file", "licence of the data");
        foreach (var set in PublishedDatasets.All)
            table.Add(set.Name, set.Location, set.Licence);
        table.Write(context, alignRight: false);
        return 0;
    }

    /// <summary>What is fetched from where.</summary>
    /// <param name="Published">The dataset; null for a file of the user's.</param>
    /// <param name="Address">Where it is.</param>
    /// <param name="SingleTask">OGBench's single task that was asked for.</param>
    private sealed record FetchSource(PublishedDataset? Published, Uri Address, string? SingleTask)
    {
        public string Next(string path) => path.EndsWith(".npz", StringComparison.Ordinal) && Published is not null
            ? $"ofql data convert {Program.Quote(path)} {Program.Quote(Path.ChangeExtension(path, ".safetensors"))} --task {SingleTask ?? TaskOf(Published)}"
            : $"ofql data inspect {Program.Quote(path)}";

        private static string TaskOf(PublishedDataset set) => OgbenchTask.Parse(set.Name.Replace("-val", "", StringComparison.Ordinal)).Name;
    }
}
