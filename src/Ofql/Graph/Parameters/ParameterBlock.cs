using Ofql.Kernels;
using Ofql.Kernels.Randomness;

namespace Ofql.Graph.Parameters;

/// <summary>
/// The parameters of one network in one flat, aligned block, and their gradient in another of the same shape: clipping, Adam
/// and averaging are single passes, a copy is one copy.
/// </summary>
public sealed unsafe class ParameterBlock : IDisposable
{
    private readonly NativeBuffer<float> _values;
    private readonly NativeBuffer<float> _gradient;

    /// <summary>A block of zeros, but for what begins otherwise (<see cref="ParameterTensor.FirstValue"/>).</summary>
    public ParameterBlock(string name, ParameterLayout layout)
    {
        Name = name;
        Layout = layout;
        _values = new NativeBuffer<float>(layout.Length);
        _gradient = new NativeBuffer<float>(layout.Length);
        foreach (var tensor in layout.Tensors.Where(tensor => tensor.FirstValue is not null))
            Write(tensor, Enumerable.Repeat(tensor.FirstValue!.Value, tensor.Count).ToArray());
    }

    /// <summary>Name, the prefix of its tensors in checkpoints.</summary>
    public string Name { get; }

    /// <summary>Where each tensor lies.</summary>
    public ParameterLayout Layout { get; }

    internal float* Values => _values.Pointer;

    /// <summary>Grows with every change of the values: what was computed from them before holds while this stands still.</summary>
    internal long Version { get; private set; }

    internal float* GradientValues => _gradient.Pointer;

    /// <summary>
    /// Draws every weight and bias uniform in +-1 / sqrt(fan_in), PyTorch's default for linear layers; a vector without a
    /// weight before it, or with a first value of its own, is left as it is.
    /// </summary>
    public void Initialize(RandomStream random)
    {
        var fanIn = 0;
        foreach (var tensor in Layout.Tensors)
        {
            fanIn = tensor.IsMatrix ? tensor.Inputs : fanIn;
            if (fanIn == 0 || tensor.FirstValue is not null)
                continue;
            var bound = 1.0 / Math.Sqrt(fanIn);
            var values = new float[tensor.Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)random.NextUniform(-bound, bound);
            Write(tensor, values);
        }
    }

    /// <summary>Takes over the values of another block of the same layout.</summary>
    public void CopyFrom(ParameterBlock source)
    {
        if (source.Layout.Length != Layout.Length)
            throw new GraphException($"Cannot copy block '{source.Name}' into '{Name}': their layouts differ.");
        source._values.Span.CopyTo(_values.Span);
        Changed();
    }

    /// <summary>Reads a tensor in file order: row-major [out, in] or [n].</summary>
    public void Read(ParameterTensor tensor, Span<float> destination) => Unpack(tensor, Values, destination);

    /// <summary>Reads a tensor's gradient in file order.</summary>
    public void ReadGradient(ParameterTensor tensor, Span<float> destination) => Unpack(tensor, GradientValues, destination);

    /// <summary>Writes a tensor in file order.</summary>
    /// <exception cref="GraphException">The number of values is wrong.</exception>
    public void Write(ParameterTensor tensor, ReadOnlySpan<float> source)
    {
        Pack(tensor, source, Values);
        Changed();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _values.Dispose();
        _gradient.Dispose();
    }

    /// <summary>To be called by whoever writes to <see cref="Values"/>.</summary>
    internal void Changed() => Version++;

    /// <summary>Copies a tensor of any flat block of this layout out in file order.</summary>
    internal static void Unpack(ParameterTensor tensor, float* block, Span<float> destination)
    {
        CheckLength(tensor, destination.Length);
        var source = block + tensor.Offset;
        for (var output = 0; output < tensor.Outputs; output++)
        {
            for (var input = 0; input < tensor.Inputs; input++)
                destination[(output * tensor.Inputs) + input] = source[tensor.Layout.Offset(input, output)];
        }
    }

    /// <summary>Copies a tensor in file order into any flat block of this layout.</summary>
    internal static void Pack(ParameterTensor tensor, ReadOnlySpan<float> source, float* block)
    {
        CheckLength(tensor, source.Length);
        var destination = block + tensor.Offset;
        // Numbers that are none may have got into the padding, and would outlast those that replace them.
        new Span<float>(destination, tensor.Layout.Length).Clear();
        for (var output = 0; output < tensor.Outputs; output++)
        {
            for (var input = 0; input < tensor.Inputs; input++)
                destination[tensor.Layout.Offset(input, output)] = source[(output * tensor.Inputs) + input];
        }
    }

    private static void CheckLength(ParameterTensor tensor, int length)
    {
        if (length != tensor.Count)
            throw new GraphException($"Parameter '{tensor.Name}' has {tensor.Count} values, found {length}.");
    }
}
