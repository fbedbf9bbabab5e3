using Ofql.Kernels;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Randomness;

namespace Ofql.Benchmarks;

/// <summary>A matrix in the kernels' layout, filled with normal numbers of a size that keeps activations in their curved part.</summary>
internal sealed unsafe class PanelMatrix : IDisposable
{
    private readonly NativeBuffer<float> _buffer;

    public PanelMatrix(int rows, int columns)
    {
        Layout = new PanelLayout(rows, columns);
        _buffer = new NativeBuffer<float>(Layout.Length);
        var values = new float[rows * columns];
        Noise.FillNormal(new RandomStream(0, $"matrix {rows} x {columns}"), values);
        for (var i = 0; i < values.Length; i++)
            values[i] *= 0.1f;
        Layout.Pack(values, _buffer.Pointer);
    }

    public PanelLayout Layout { get; }

    public float* Pointer => _buffer.Pointer;

    public void Dispose() => _buffer.Dispose();
}
