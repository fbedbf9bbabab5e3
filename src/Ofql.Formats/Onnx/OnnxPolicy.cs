using System.Reflection;
using Ofql.Agents;
using Ofql.Formats.Files;

namespace Ofql.Formats.Onnx;

/// <summary>What was written, and how well it agrees.</summary>
/// <param name="Bytes">Size of the file.</param>
/// <param name="NoiseSize">Columns of the input <c>noise</c>; 0 where there is none.</param>
/// <param name="HasValue">Whether there is an output <c>value</c>.</param>
/// <param name="Agreement">The comparison with the policy's own actions.</param>
public sealed record OnnxExport(long Bytes, int NoiseSize, bool HasValue, OnnxAgreement Agreement);

/// <summary>
/// A policy as an ONNX model for programs outside of .NET. The model holds everything between a state in the task's units and an action within
/// its bounds; one sample per state, whose noise is an input.
/// </summary>
public static class OnnxPolicy
{
    /// <summary>Version of ONNX's operators that models are written in.</summary>
    public const int Opset = 18;

    // The version of the format that came with opset 18 (ONNX 1.13).
    private const int IrVersion = 8;

    /// <summary>
    /// Writes a policy, after its bytes have been read back and carried out by an interpreter of their own, and have given the actions of the
    /// policy itself.
    /// </summary>
    /// <param name="policy">The policy.</param>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="withValue">Also the value of the action as the output <c>value</c>, by which several samples can be compared; it costs the critics' time.</param>
    /// <param name="algorithms">Those that the policy's kind may name; null for <see cref="AgentCatalog.All"/>.</param>
    /// <exception cref="OfqlException">
    /// The policy is damaged or is made of no networks, has no value where one is asked for, the file cannot be written, or its actions differ.
    /// </exception>
    public static OnnxExport Save(PolicyArtefact policy, string path, bool withValue = false, IReadOnlyList<IAgentFactory>? algorithms = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        algorithms ??= AgentCatalog.All;
        var outline = AgentCatalog.Outline(algorithms, policy, withValue);
        var bytes = OnnxWriter.Bytes(Model(policy, outline));
        var agreement = OnnxAgreement.Of(bytes, outline, (options, capacity) => AgentCatalog.CreateActor(algorithms, policy, options, capacity));
        AtomicFile.Write(path, stream => stream.Write(bytes));
        return new OnnxExport(bytes.Length, outline.NoiseSize, outline.HasValue, agreement);
    }

    /// <summary>The model of a policy.</summary>
    internal static OnnxModel Model(PolicyArtefact policy, PolicyOutline outline)
    {
        var version = typeof(OnnxPolicy).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        var metadata = policy.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        return new OnnxModel(IrVersion, Opset, "Ofql", version, metadata, OnnxLowering.Graph(policy.Metadata["kind"], outline.Network));
    }
}
