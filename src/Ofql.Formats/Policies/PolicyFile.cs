using Ofql.Agents;
using Ofql.Formats.Files;
using Ofql.Formats.Safetensors;

namespace Ofql.Formats.Policies;

/// <summary>A policy as one safetensors file: its tensors in F32 and its facts in the metadata.</summary>
public static class PolicyFile
{
    /// <summary>Writes a policy; equal policies give equal bytes.</summary>
    /// <exception cref="OfqlException">A tensor's shape and values disagree, or the file cannot be written.</exception>
    public static void Save(PolicyArtefact policy, string path)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var entries = policy.Tensors.Select(tensor =>
        {
            var (shape, values) = tensor.Value;
            return shape.Aggregate(1L, (product, size) => product * size) == values.LongLength
                ? SafetensorsEntry.Of(tensor.Key, shape, values)
                : throw new OfqlException(
                    $"Cannot write '{path}': tensor '{tensor.Key}' has {values.LongLength} values, its shape "
                    + $"[{string.Join(", ", shape)}] another number.");
        });
        SafetensorsWriter.Write(path, ArtefactKind.Policy.Stamp(policy.Metadata, path), entries.ToArray());
    }

    /// <summary>Reads a policy. Tensors of other number types are converted to float.</summary>
    /// <exception cref="OfqlException">The file cannot be read or holds something else.</exception>
    public static PolicyArtefact Open(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var metadata = ArtefactKind.Policy.Check(file.Metadata, path);
        if (file.Names.Count == 0)
            throw new OfqlException($"'{path}' holds no tensor, so it is no policy. Export the policy again.");
        return new PolicyArtefact(
            metadata, file.Names.ToDictionary(name => name, name => (file.Shape(name), file.ReadSingles(name)), StringComparer.Ordinal));
    }
}
