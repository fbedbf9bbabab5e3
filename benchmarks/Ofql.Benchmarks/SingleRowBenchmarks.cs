using BenchmarkDotNet.Attributes;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Matrices;

namespace Ofql.Benchmarks;

/// <summary>y = x W + b for one row: a hidden layer and the actor's output, from weights of four and of two bytes.</summary>
public unsafe class SingleRowBenchmarks
{
    private PanelMatrix _x = null!;
    private PanelMatrix _w = null!;
    private PanelMatrix _bias = null!;
    private PanelMatrix _y = null!;
    private PanelMatrix _words = null!;
    private delegate*<float*, int, float*, nint, int, float*, float*, void> _kernel;

    /// <summary>Rows x K x N.</summary>
    [Params("1x256x256", "1x256x6")]
    public string Shape { get; set; } = "";

    /// <summary>Makes the operands.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var (rows, k, n) = Shapes.Parse(Shape);
        (_x, _w, _bias, _y) = (new(rows, k), new(k, n), new(1, n), new(rows, n));
        _kernel = SingleRow.Select(Activation.Identity);
        _words = Words(_w);
    }

    /// <summary>Weights as float32.</summary>
    [Benchmark]
    public void Row() => _kernel(_x.Pointer, _w.Layout.Rows, _w.Pointer, _w.Layout.PanelStride, _y.Layout.Columns, _bias.Pointer, _y.Pointer);

    /// <summary>Weights as whole numbers of two bytes.</summary>
    [Benchmark]
    public void HalfRow() => HalfWeightRow.Forward(_x.Pointer, _w.Layout.Rows, _words.Pointer, _w.Layout.Panels, _bias.Pointer, _y.Pointer);

    /// <summary>Frees the operands.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (var matrix in (PanelMatrix[])[_x, _w, _bias, _y, _words])
            matrix.Dispose();
    }

    private static PanelMatrix Words(PanelMatrix w)
    {
        var words = new PanelMatrix(1, HalfWeights.Length(w.Layout));
        HalfWeights.Pack(w.Pointer, w.Layout, words.Pointer, 0, w.Layout.Panels);
        return words;
    }
}
