using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Cli.Runs;
using Ofql.Formats.Files;
using Ofql.Formats.Onnx;
using Ofql.Formats.Policies;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql export</c>.</summary>
internal static class ExportCommand
{
    public static Command Build(CommandContext context)
    {
        var run = new Argument<string>("run") { Description = "Folder or name of a run, or a policy file" };
        var output = new Option<string?>("--output", "-o") { Description = "Policy file to write (safetensors), for .NET", HelpName = "file" };
        var onnx = new Option<string?>("--onnx") { Description = "ONNX model to write, for other programs; its actions are compared with the policy's", HelpName = "file" };
        var value = new Option<bool>("--value") { Description = "With --onnx: also the value of the action, to choose among several samples" };
        var runs = CommonOptions.Runs();
        var json = CommonOptions.Json();
        var command = new Command("export", "Write a run's policy as one file: everything needed to act, nothing else.") { run, output, onnx, value, runs, json };
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) }, parsed.GetValue(run)!, new Files(parsed.GetValue(output), parsed.GetValue(onnx), parsed.GetValue(value)), parsed.GetValue(runs)!));
        return command.WithExamples(
            "ofql export maze2d-umaze-v1-ofql-seed0 -o policy.safetensors",
            "ofql export maze2d-umaze-v1-ofql-seed0 --onnx policy.onnx",
            "ofql export policy.safetensors --onnx policy.onnx --value");
    }

    private static int Run(CommandContext context, string name, Files files, string runs)
    {
        files.Check();
        var opened = new PolicySource(context.Catalog, runs).Open(name);
        files.RequireOthersThan(opened.Path);
        // The model first: it may be refused, and then nothing has been written.
        var model = files.Onnx is null ? null : OnnxPolicy.Save(opened.Policy, files.Onnx, files.WithValue, context.Catalog.Agents);
        long? bytes = null;
        if (files.Policy is not null)
        {
            PolicyFile.Save(opened.Policy, files.Policy);
            bytes = new FileInfo(files.Policy).Length;
        }

        if (context.Json)
            context.WriteJson(AsJson(opened, files, bytes, model));
        else
            Print(context.Out, opened, files, bytes, model);
        return 0;
    }

    private static void Print(TextWriter output, OpenedPolicy opened, Files files, long? bytes, OnnxExport? model)
    {
        if (bytes is not null)
            output.WriteLine(FormattableString.Invariant($"{files.Policy}: {opened.Policy.Tensors.Count} tensors, {bytes} bytes, from {opened.Path}"));
        if (model is null)
            return;
        var inputs = model.NoiseSize == 0 ? "input state" : "inputs state and noise";
        var outputs = model.HasValue ? "outputs action and value" : "output action";
        output.WriteLine(FormattableString.Invariant($"{files.Onnx}: ONNX, opset {OnnxPolicy.Opset}, {inputs}, {outputs}, {model.Bytes} bytes, from {opened.Path}"));
        output.WriteLine(FormattableString.Invariant(
            $"Largest difference from the policy's own actions in {model.Agreement.States} states: {model.Agreement.LargestDifference:E1} of their range"));
        if (model.Agreement.Beyond > 0)
        {
            output.WriteLine(FormattableString.Invariant(
                $"In {model.Agreement.Beyond} of them it is above {OnnxAgreement.Limit:E0}: the policy's actions jump where one plan is barely better than another, and rounding decides."));
        }
    }

    private static JsonObject AsJson(OpenedPolicy opened, Files files, long? bytes, OnnxExport? model)
    {
        var json = new JsonObject { ["policy"] = files.Policy, ["from"] = opened.Path, ["bytes"] = bytes };
        if (model is not null)
        {
            json["onnx"] = new JsonObject
            {
                ["file"] = files.Onnx,
                ["bytes"] = model.Bytes,
                ["opset"] = OnnxPolicy.Opset,
                ["noise_size"] = model.NoiseSize,
                ["value"] = model.HasValue,
                ["states_compared"] = model.Agreement.States,
                ["largest_difference"] = CommandContext.Number(model.Agreement.LargestDifference),
                ["states_beyond_limit"] = model.Agreement.Beyond,
                ["limit"] = OnnxAgreement.Limit,
            };
        }

        json["metadata"] = new JsonObject(opened.Policy.Metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        return json;
    }

    /// <summary>What to write.</summary>
    private sealed record Files(string? Policy, string? Onnx, bool WithValue)
    {
        /// <exception cref="UsageException">Nothing, one file for both, or a value without a model.</exception>
        public void Check()
        {
            if (Policy is null && Onnx is null)
                throw new UsageException("Say what to write: --output <file> for a policy file (.NET), --onnx <file> for an ONNX model, or both. See: ofql export --help");
            if (WithValue && Onnx is null)
                throw new UsageException("--value adds an output to an ONNX model, so it needs --onnx <file>; a policy file always holds what its value is made of.");
            if (Policy is not null && Onnx is not null && Path.GetFullPath(Policy) == Path.GetFullPath(Onnx))
                throw new UsageException($"--output and --onnx both name '{Policy}'; expected two files.");
            CommonOptions.RequireEnding("--output", Policy, ".safetensors");
            CommonOptions.RequireEnding("--onnx", Onnx, ".onnx");
        }

        /// <summary>What is read must not be written over, nor what belongs to a run.</summary>
        /// <exception cref="UsageException">It would be.</exception>
        public void RequireOthersThan(string source)
        {
            foreach (var (option, path) in ((string, string?)[])[("--output", Policy), ("--onnx", Onnx)])
            {
                if (path is null)
                    continue;
                if (RealPath.AreOne(path, source))
                    throw new UsageException($"{option} '{path}' is the policy that is exported; it would be written over. Give another name.");
                CommonOptions.RequireNoRunsFile(option, path);
            }
        }
    }
}
