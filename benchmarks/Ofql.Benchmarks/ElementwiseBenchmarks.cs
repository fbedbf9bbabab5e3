using BenchmarkDotNet.Attributes;
using Ofql.Kernels;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Optimizers;
using Ofql.Kernels.Randomness;

namespace Ofql.Benchmarks;

/// <summary>Mish, Adam, moving average and noise over flat blocks; 65,536 numbers are one 256 x 256 layer, 146,688 the actor's trunk.</summary>
public unsafe class ElementwiseBenchmarks
{
    private NativeBuffer<float>[] _buffers = [];
    private delegate*<float*, float*, float, float, nint, void> _mish;
    private delegate*<float*, float*, float*, float*, float, float, nint, bool, void> _mishDerivative;
    private AdamStep _step;

    /// <summary>Numbers; a multiple of 32.</summary>
    [Params(1536, 65_536, 146_688)]
    public int Count { get; set; }

    /// <summary>Makes the blocks.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _buffers = Enumerable.Range(0, 4).Select(_ => new NativeBuffer<float>(Count)).ToArray();
        for (var i = 0; i < _buffers.Length; i++)
            Noise.Normal((ulong)i + 1, 0, _buffers[i].Pointer, Count / Noise.BlockValues);
        // Second moments are squares.
        foreach (ref var value in _buffers[3].Span)
            value *= value;
        _mish = UnaryKernels.Forward(UnaryOperation.Mish);
        _mishDerivative = UnaryKernels.Derivative(UnaryOperation.Mish);
        // A step of no length: the numbers stay what they are, however often it is taken.
        _step = AdamStep.At(1000, learningRate: 0, 0.9, 0.999, 1e-8, weightDecay: 0, gradientScale: 1);
    }

    /// <summary>y = mish(x).</summary>
    [Benchmark]
    public void Mish() => _mish(_buffers[0].Pointer, _buffers[1].Pointer, 0, 0, Count);

    /// <summary>dx = g mish'(x).</summary>
    [Benchmark]
    public void MishDerivative() =>
        _mishDerivative(_buffers[0].Pointer, _buffers[1].Pointer, _buffers[2].Pointer, _buffers[3].Pointer, 0, 0, Count, false);

    /// <summary>One step of Adam.</summary>
    [Benchmark]
    public void Adam() => AdamKernel.Apply(_step, _buffers[0].Pointer, _buffers[1].Pointer, _buffers[2].Pointer, _buffers[3].Pointer, Count);

    /// <summary>target = w p + (1 - w) target.</summary>
    [Benchmark]
    public void Average() => AdamKernel.Average(_buffers[0].Pointer, _buffers[1].Pointer, 0.005f, Count);

    /// <summary>Standard normal numbers from a counter.</summary>
    [Benchmark]
    public void NormalNoise() => Noise.Normal(7, 0, _buffers[1].Pointer, Count / Noise.BlockValues);

    /// <summary>Uniform numbers from a counter.</summary>
    [Benchmark]
    public void UniformNoise() => Noise.Uniform(7, 0, _buffers[1].Pointer, Count / Noise.BlockValues);

    /// <summary>Frees the blocks.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (var buffer in _buffers)
            buffer.Dispose();
    }
}
