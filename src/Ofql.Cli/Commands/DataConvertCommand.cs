using System.CommandLine;
using System.Text.Json.Nodes;
using Ofql.Data;
using Ofql.Formats.Datasets;
using Ofql.Formats.Files;

namespace Ofql.Cli.Commands;

/// <summary><c>ofql data convert</c>.</summary>
internal static class DataConvertCommand
{
    public static Command Build(CommandContext context)
    {
        var input = new Argument<string>("in") { Description = "Dataset: D4RL or Minari (HDF5), OGBench or NumPy (NPZ), CSV, native (safetensors)" };
        var output = new Argument<string>("out") { Description = "File to write; its ending chooses: .safetensors, .hdf5 (D4RL), .npz, .csv" };
        var reader = new ReaderOptionSet();
        var notFinite = new Option<bool>("--allow-not-finite") { Description = "Convert NaN and infinity too, instead of refusing them" };
        var json = CommonOptions.Json();
        var command = new Command("convert", "Write a dataset in another format, and read it back to be sure.") { input, output, notFinite, json };
        reader.AddTo(command);
        command.SetAction(parsed => Run(
            context with { Json = parsed.GetValue(json) }, parsed.GetValue(input)!, parsed.GetValue(output)!, reader.Read(parsed, parsed.GetValue(notFinite))));
        return command.WithExamples(
            "ofql data convert hopper_medium-v2.hdf5 hopper.safetensors", "ofql data convert logs.csv logs.safetensors --map columns.yaml",
            "ofql data convert cube-single-play-v0.npz cube.safetensors --task cube-single-play-singletask-v0");
    }

    private static int Run(CommandContext context, string input, string output, DatasetReaderOptions options)
    {
        _ = DatasetWriter.KindOf(output);
        if (RealPath.AreOne(input, output))
            throw new UsageException($"'{input}' would be written over itself. Give another name.");
        AtomicFile.RequireWritable(output);
        ReaderOptionSet.RequireFit(options, input);
        using var data = DatasetReader.Open(input, options);
        context.Cancellation.ThrowIfCancellationRequested();
        DatasetWriter.Save(data, output);
        if (context.Cancellation.IsCancellationRequested)
        {
            context.Messages.WriteLine($"{output} is written, but was not read back.");
            throw new OperationCanceledException();
        }

        using var back = DatasetReader.Open(output, new DatasetReaderOptions { AllowNonFinite = true });
        var (before, after) = (DatasetFingerprint.Of(data), DatasetFingerprint.Of(back));
        var changed = before == after ? null : Changes(data, back, output);
        if (context.Json)
        {
            context.WriteJson(new JsonObject
            {
                ["file"] = output, ["transitions"] = data.Count, ["state_size"] = data.StateSize, ["action_size"] = data.ActionSize,
                ["fingerprint"] = after, ["source_fingerprint"] = before, ["changes"] = changed,
            });
            return 0;
        }

        context.Out.WriteLine(FormattableString.Invariant($"{output}: {data.Count} transitions, state {data.StateSize}, action {data.ActionSize}, fingerprint {after}"));
        context.Out.WriteLine(changed is null ? "Read back: the same transitions, bit for bit." : $"Read back: {changed}");
        return 0;
    }

    // Only D4RL's layout loses anything; what is lost is counted rather than described.
    private static string Changes(TransitionDataset data, TransitionDataset back, string output)
    {
        if (back.Count != data.Count)
            throw new OfqlException($"'{output}' reads back with {back.Count} transitions instead of {data.Count}. Please report this.");
        long successors = 0, flags = 0;
        for (var row = 0L; row < data.Count; row++)
        {
            if (!back.Observations[row].SequenceEqual(data.Observations[row]) || !back.Actions[row].SequenceEqual(data.Actions[row])
                || back.Rewards[row][0].CompareTo(data.Rewards[row][0]) != 0 || back.Terminated[row][0] != data.Terminated[row][0]
                || (data.Terminated[row][0] == 0 && !back.NextObservations[row].SequenceEqual(data.NextObservations[row])))
            {
                throw new OfqlException(FormattableString.Invariant($"'{output}' reads back with another transition {row}. Please report this."));
            }

            successors += back.NextObservations[row].SequenceEqual(data.NextObservations[row]) ? 0 : 1;
            flags += back.Truncated[row][0] == data.Truncated[row][0] ? 0 : 1;
        }

        return FormattableString.Invariant(
            $"the same transitions, except that this layout has no room for the successors of terminal rows ({successors} differ; they are never valued) ")
            + FormattableString.Invariant($"and marks breaks in the recording as truncated ({flags} differ).");
    }
}
