using System.Runtime.InteropServices;

namespace Ofql.Formats.Onnx;

/// <summary>
/// Computes what follows from constants alone, once and for all: embeddings of fixed times, and what they add to the bias of a layer. Some
/// runtimes would do it at every call.
/// </summary>
internal static class OnnxFolding
{
    /// <summary>The same graph without operations on constants, and without constants that nothing reads.</summary>
    public static OnnxGraph Fold(OnnxGraph graph)
    {
        var values = graph.Constants.ToDictionary(constant => constant.Name, OnnxValue.Of);
        var results = graph.Outputs.Select(port => port.Name).ToHashSet();
        var kept = new List<OnnxNode>();
        foreach (var node in graph.Nodes)
        {
            if (!node.Inputs.All(values.ContainsKey) || node.Outputs.Any(results.Contains))
            {
                kept.Add(node);
                continue;
            }

            var computed = OnnxOperators.Run(node, [.. node.Inputs.Select(input => values[input])]);
            for (var i = 0; i < computed.Length; i++)
                values[node.Outputs[i]] = computed[i];
        }

        var written = graph.Constants.ToDictionary(constant => constant.Name);
        var read = kept.SelectMany(node => node.Inputs).Distinct().Where(values.ContainsKey);
        return graph with { Nodes = kept, Constants = [.. read.Select(name => written.TryGetValue(name, out var constant) ? constant : Tensor(name, values[name]))] };
    }

    private static OnnxTensor Tensor(string name, OnnxValue value)
    {
        var bytes = value.Type switch
        {
            OnnxType.Float => MemoryMarshal.AsBytes<float>(Array.ConvertAll(value.Values, number => (float)number)).ToArray(),
            OnnxType.Integer => MemoryMarshal.AsBytes<long>(Array.ConvertAll(value.Values, number => (long)number)).ToArray(),
            _ => Array.ConvertAll(value.Values, number => (byte)number),
        };
        return new OnnxTensor(name, value.Type, Array.ConvertAll(value.Shape, size => (long)size), bytes);
    }
}
