using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ofql.Agents;
using Ofql.Formats.Safetensors;
using Ofql.Training;

namespace Ofql.Formats.Runs;

/// <summary>What a checkpoint says of itself.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Fingerprint">Digest of all it holds: two checkpoints of one fingerprint are the same state.</param>
public sealed record CheckpointFacts(long Step, string Fingerprint);

/// <summary>One checkpoint: every state tensor in F32, every state integer as an I64 scalar, and a digest of both.</summary>
public static class CheckpointFile
{
    /// <summary>The facts of a checkpoint.</summary>
    /// <exception cref="OfqlException">It is missing or not a checkpoint.</exception>
    public static CheckpointFacts Facts(string path)
    {
        using var file = Open(path);
        return file.Metadata.TryGetValue("digest", out var digest) && long.TryParse(file.Metadata.GetValueOrDefault("step"), NumberStyles.None, CultureInfo.InvariantCulture, out var step)
            ? new CheckpointFacts(step, digest)
            : throw new OfqlException($"'{path}' is a checkpoint without step or digest: it is damaged.");
    }

    /// <summary>
    /// Puts the agent of a checkpoint into <paramref name="agent"/>: networks, optimisers, step and random streams. What the run
    /// around that agent had besides (its log window, what it collected) is left alone.
    /// </summary>
    /// <exception cref="OfqlException">It is missing, damaged, or belongs to another agent or one of other sizes; the agent is as it was.</exception>
    public static void RestoreAgent(string path, IAgent agent)
    {
        ArgumentNullException.ThrowIfNull(agent);
        using var file = Open(path);
        // What a training loop and an online learner add to the state of their agent.
        Restore(file, agent.StateTensors, agent.StateIntegers, isForeign: name =>
            !name.StartsWith("training/", StringComparison.Ordinal) && !name.StartsWith("online/", StringComparison.Ordinal));
    }

    internal static void Write(string path, TrainingState state)
    {
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
    }

    internal static void Restore(string path, TrainingState state)
    {
        using var file = Open(path);
        Restore(file, state.Tensors, state.Integers, isForeign: _ => true);
    }

    // Everything is read and checked before anything is written into the state, so that a refusal leaves it as it was.
    private static void Restore(SafetensorsFile file, IReadOnlyList<StateTensor> tensors, IReadOnlyList<StateInteger> integers, Predicate<string> isForeign)
    {
        var values = tensors.ToDictionary(tensor => tensor.Name, tensor => ReadTensor(file, tensor));
        var numbers = integers.ToDictionary(integer => integer.Name, integer => ReadInteger(file, integer.Name));
        var others = file.Names.Where(name => !values.ContainsKey(name) && !numbers.ContainsKey(name)).ToList();
        if (others.Find(isForeign) is { } foreign)
            throw new OfqlException($"'{file.FilePath}' holds '{foreign}', which the agent does not have. It belongs to another agent or version.");
        var isTensor = others.ToLookup(name => file.Type(name) == SafetensorsType.Float32);
        var digest = Digest(
            values.Select(pair => (pair.Key, pair.Value)).Concat(isTensor[true].Select(name => (name, file.ReadSingles(name)))),
            numbers.Select(pair => (pair.Key, pair.Value)).Concat(isTensor[false].Select(name => (name, ReadInteger(file, name)))));
        if (file.Metadata.GetValueOrDefault("digest") != digest)
            throw new OfqlException($"'{file.FilePath}' is damaged: its content does not agree with its digest.");
        foreach (var tensor in tensors)
            tensor.Write(values[tensor.Name]);
        foreach (var integer in integers)
            integer.Write(numbers[integer.Name]);
    }

    private static SafetensorsFile Open(string path)
    {
        var file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault("ofql_format") == "checkpoint")
            return file;
        file.Dispose();
        throw new OfqlException($"'{path}' is not a checkpoint of a run.");
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
}
