using BenchmarkDotNet.Attributes;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Matrices;

namespace Ofql.Benchmarks;

/// <summary>What happens to a tile of a product.</summary>
public enum Epilogue
{
    /// <summary>The bare product: target of an input gradient without activation, output layers.</summary>
    Plain,

    /// <summary>Bias and Mish: forward passes that nobody differentiates (targets, acting).</summary>
    BiasMish,

    /// <summary>Bias, Mish and its stored derivative: forward passes of what is learned.</summary>
    BiasMishDerivative,

    /// <summary>Times a stored derivative: input gradients and tangents.</summary>
    TimesDerivative,
}

/// <summary>Y = f(X W + b): the hidden layers (K 256), the actor's first (55), the critics' first (23) and the actor's output (N 6).</summary>
public unsafe class ProductBenchmarks
{
    private PanelMatrix _x = null!;
    private PanelMatrix _w = null!;
    private PanelMatrix _bias = null!;
    private PanelMatrix _y = null!;
    private PanelMatrix _derivative = null!;
    private ProductOperands _operands;
    private delegate*<in ProductOperands, int, int, void> _kernel;

    /// <summary>Rows x K x N.</summary>
    [Params("256x256x256", "256x55x256", "256x23x256", "256x256x6")]
    public string Shape { get; set; } = "";

    /// <summary>Work on the finished tile.</summary>
    [ParamsAllValues]
    public Epilogue Epilogue { get; set; }

    /// <summary>Makes the operands.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var (rows, k, n) = Shapes.Parse(Shape);
        (_x, _w, _bias, _y, _derivative) = (new(rows, k), new(k, n), new(1, n), new(rows, n), new(rows, n));
        _kernel = MatrixProduct.Select(
            Epilogue switch
            {
                Epilogue.Plain => ProductEpilogue.None,
                Epilogue.BiasMish => ProductEpilogue.Activate,
                Epilogue.BiasMishDerivative => ProductEpilogue.ActivateAndDifferentiate,
                _ => ProductEpilogue.MultiplyByDerivative,
            },
            Activation.Mish);
        _operands = new ProductOperands
        {
            X = _x.Pointer, XPanelStride = _x.Layout.PanelStride, K = k,
            W = _w.Pointer, WPanelStride = _w.Layout.PanelStride,
            Y = _y.Pointer, YPanelStride = _y.Layout.PanelStride, Panels = _y.Layout.Panels, LastPanelColumns = _y.Layout.LastPanelColumns,
            Bias = Epilogue is Epilogue.BiasMish or Epilogue.BiasMishDerivative ? _bias.Pointer : null,
            Derivative = _derivative.Pointer,
        };
    }

    /// <summary>All rows.</summary>
    [Benchmark]
    public void Product() => _kernel(_operands, 0, _y.Layout.StoredRows);

    /// <summary>Frees the operands.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (var matrix in (PanelMatrix[])[_x, _w, _bias, _y, _derivative])
            matrix.Dispose();
    }
}

/// <summary>dW = X^T dY, and W^T, which input gradients read.</summary>
public unsafe class WeightBenchmarks
{
    private PanelMatrix _x = null!;
    private PanelMatrix _dy = null!;
    private PanelMatrix _dw = null!;
    private PanelMatrix _transposed = null!;
    private ProductOperands _operands;
    private int _tilesPerPanel;

    /// <summary>Rows x K x N: dW is K x N.</summary>
    [Params("256x256x256", "256x55x256", "256x23x256", "256x256x6")]
    public string Shape { get; set; } = "";

    /// <summary>Makes the operands.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var (rows, k, n) = Shapes.Parse(Shape);
        (_x, _dy, _dw, _transposed) = (new(rows, k), new(rows, n), new(k, n), new(n, k));
        _tilesPerPanel = (k + 7) / 8;
        _operands = new ProductOperands
        {
            X = _x.Pointer, XPanelStride = _x.Layout.PanelStride, K = rows,
            W = _dy.Pointer, WPanelStride = _dy.Layout.PanelStride,
            Y = _dw.Pointer, YPanelStride = _dw.Layout.PanelStride, Panels = _dw.Layout.Panels, LastPanelColumns = _dw.Layout.LastPanelColumns,
        };
    }

    /// <summary>All tiles.</summary>
    [Benchmark]
    public void WeightGradient() => MatrixProduct.WeightGradient(_operands, _tilesPerPanel, 0, _tilesPerPanel * _dw.Layout.Panels);

    /// <summary>All panels.</summary>
    [Benchmark]
    public void Transpose() => MatrixProduct.Transpose(_dw.Pointer, _dw.Layout, _transposed.Pointer, _transposed.Layout, 0, _transposed.Layout.Panels);

    /// <summary>Frees the operands.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (var matrix in (PanelMatrix[])[_x, _dy, _dw, _transposed])
            matrix.Dispose();
    }
}

/// <summary>Shapes as text, so that result tables name them.</summary>
internal static class Shapes
{
    public static (int Rows, int K, int N) Parse(string shape)
    {
        var sizes = Array.ConvertAll(shape.Split('x'), size => int.Parse(size, System.Globalization.CultureInfo.InvariantCulture));
        return (sizes[0], sizes[1], sizes[2]);
    }
}
