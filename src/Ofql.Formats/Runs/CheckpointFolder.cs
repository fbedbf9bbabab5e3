using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ofql.Agents;
using Ofql.Formats.Files;
using Ofql.Formats.Safetensors;
using Ofql.Training;

namespace Ofql.Formats.Runs;

/// <summary>
/// Checkpoints as <c>step-000020000.safetensors</c>: every state tensor in F32, every state integer as an I64 scalar, and a digest
/// of both. The bytes are a function of the state alone. There is no pointer file to go stale: the newest is found by looking.
/// </summary>
public sealed class CheckpointFolder : ICheckpointStore
{
    private const string Ending = ".safetensors";
    private readonly string _folder;
    private readonly int _keep;
    private readonly Action<string> _warn;

    /// <summary>Uses a folder that exists.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="keep">Checkpoints kept besides the final one, 1 or more.</param>
    /// <param name="warn">Told about checkpoints that are skipped because they are damaged.</param>
    public CheckpointFolder(string folder, int keep, Action<string> warn)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        _folder = folder;
        _keep = keep;
        _warn = warn;
    }

    /// <summary>Steps that have a checkpoint file, newest first, damaged ones included.</summary>
    public IReadOnlyList<long> Steps()
    {
        if (!Directory.Exists(_folder))
            return [];
        return Directory.EnumerateFiles(_folder, "step-*" + Ending)
            .Select(path => Path.GetFileName(path)["step-".Length..^Ending.Length])
            .Where(text => text.All(char.IsAsciiDigit) && text.Length is > 0 and < 19)
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture))
            .OrderDescending()
            .ToList();
    }

    /// <summary>Path of the checkpoint of a step.</summary>
    public string PathOf(long step) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"step-{step:D9}{Ending}"));

    /// <inheritdoc/>
    public void Save(TrainingState state, bool final)
    {
        ArgumentNullException.ThrowIfNull(state);
        var path = PathOf(state.Step);
        var tensors = state.Tensors.Select(tensor =>
        {
            var values = new float[tensor.Length];
            tensor.Read(values);
            return (tensor.Name, tensor.Shape, Values: values);
        }).ToList();
        var integers = state.Integers.Select(integer => (integer.Name, Value: integer.Read())).ToList();
        var metadata = new Dictionary<string, string>
        {
            ["ofql_format"] = "checkpoint",
            ["step"] = state.Step.ToString(CultureInfo.InvariantCulture),
            ["digest"] = Digest(tensors.Select(tensor => (tensor.Name, tensor.Values)), integers),
        };
        SafetensorsWriter.Write(path, metadata,
        [
            .. tensors.Select(tensor => SafetensorsEntry.Of(tensor.Name, tensor.Shape, tensor.Values)),
            .. integers.Select(integer => SafetensorsEntry.Of(integer.Name, [], new[] { integer.Value })),
        ]);
        ClearAway(state.Step, final ? _keep + 1 : _keep);
    }

    /// <inheritdoc/>
    /// <exception cref="OfqlException">There are checkpoints, but none can be used.</exception>
    public long? RestoreLatest(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var steps = Steps();
        OfqlException? first = null;
        foreach (var step in steps)
        {
            try
            {
                Restore(state, PathOf(step));
                return step;
            }
            catch (OfqlException error)
            {
                first ??= error;
                _warn($"Skipped the checkpoint of step {step.ToString(CultureInfo.InvariantCulture)}: {error.Message}");
            }
        }

        return first is null ? null : throw new OfqlException(
            $"None of the {steps.Count} checkpoints in '{_folder}' can be used. The newest: {first.Message} Start a new run under "
            + "another name.", first);
    }

    // Everything is read and checked before anything is written into the state, so that a refusal leaves it as it was.
    private static void Restore(TrainingState state, string path)
    {
        using var file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault("ofql_format") != "checkpoint")
            throw new OfqlException($"'{path}' is not a checkpoint of a run.");
        var tensors = state.Tensors.Select(tensor => (Target: tensor, Values: ReadTensor(file, tensor))).ToList();
        var integers = state.Integers.Select(integer => (Target: integer, Value: ReadInteger(file, integer.Name))).ToList();
        var digest = Digest(
            tensors.Select(tensor => (tensor.Target.Name, tensor.Values)), integers.Select(integer => (integer.Target.Name, integer.Value)));
        if (file.Names.Count != tensors.Count + integers.Count)
        {
            throw new OfqlException(
                $"'{path}' holds {file.Names.Count} entries, but the agent has {tensors.Count + integers.Count}. "
                + "It belongs to another agent or version.");
        }

        if (file.Metadata.GetValueOrDefault("digest") != digest)
            throw new OfqlException($"'{path}' is damaged: its content does not agree with its digest.");
        foreach (var (target, values) in tensors)
            target.Write(values);
        foreach (var (target, value) in integers)
            target.Write(value);
    }

    private static float[] ReadTensor(SafetensorsFile file, StateTensor tensor)
    {
        var (name, expected) = (tensor.Name, tensor.Shape);
        Require(file, name);
        var found = file.Shape(name);
        // A tensor that grows may have had any number of rows.
        var fixedFrom = tensor.Rows is null ? 0 : 1;
        if (found.Length != expected.Length || !found.AsSpan(fixedFrom).SequenceEqual(expected.AsSpan(fixedFrom)) || file.Type(name) != SafetensorsType.Float32)
        {
            throw new OfqlException(
                $"'{file.FilePath}', tensor '{name}': expected F32 [{string.Join(", ", expected)}], found {file.Type(name)} "
                + $"[{string.Join(", ", found)}]. It belongs to an agent of other sizes.");
        }

        return file.ReadSingles(name);
    }

    private static long ReadInteger(SafetensorsFile file, string name)
    {
        Require(file, name);
        return file.ReadIntegers(name) is [var value]
            ? value
            : throw new OfqlException($"'{file.FilePath}', integer '{name}': expected one number.");
    }

    private static void Require(SafetensorsFile file, string name)
    {
        if (!file.Contains(name))
            throw new OfqlException($"'{file.FilePath}' has no entry '{name}'. It belongs to another agent or version.");
    }

    private static string Digest(IEnumerable<(string Name, float[] Values)> tensors, IEnumerable<(string Name, long Value)> integers)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, values) in tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name} {values.Length}\n"));
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        foreach (var (name, value) in integers.OrderBy(integer => integer.Name, StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name} {value}\n")));
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void ClearAway(long newest, int keep)
    {
        foreach (var step in Steps().Where(step => step <= newest).Skip(keep))
        {
            try
            {
                File.Delete(PathOf(step));
            }
            catch (Exception cause) when (FileErrors.IsFileError(cause))
            {
                _warn($"Cannot remove the old checkpoint '{PathOf(step)}': {cause.Message}");
            }
        }
    }
}
