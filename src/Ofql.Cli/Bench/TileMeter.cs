using System.Diagnostics;
using Ofql.Kernels;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Matrices;

namespace Ofql.Cli.Bench;

/// <summary>
/// Rates of the two products that nearly all work of an update is done in, with operands in the caches: Y = X W and dW = X^T dY,
/// all three sizes 256. What the innermost tiles can do, beside what an update makes of them.
/// </summary>
internal sealed unsafe class TileMeter : IDisposable
{
    private const int Size = 256;
    private const int Repeats = 20;
    private static readonly PanelLayout _layout = new(Size, Size);
    private readonly NativeBuffer<float>[] _buffers = [.. Enumerable.Range(0, 3).Select(_ => new NativeBuffer<float>(_layout.Length))];
    private readonly delegate*<in ProductOperands, int, int, void> _product = MatrixProduct.Select(ProductEpilogue.None, Activation.Identity);

    public TileMeter()
    {
        // Any numbers of ordinary size: time does not depend on them.
        foreach (var buffer in _buffers[..2])
            buffer.Span.Fill(0.05f);
        Measure(0.1);
    }

    /// <summary>GFLOP/s of a product and of a weight gradient: the best of many short measurements, as the peak is.</summary>
    public (double Product, double Gradient) Measure(double seconds) => (Best(Product, seconds / 2), Best(Gradient, seconds / 2));

    public void Dispose()
    {
        foreach (var buffer in _buffers)
            buffer.Dispose();
    }

    private static double Best(Action once, double seconds)
    {
        var best = double.PositiveInfinity;
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < Repeats; i++)
                once();
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalSeconds / Repeats);
        }

        return 2e-9 * Size * Size * Size / best;
    }

    private void Product() => _product(Operands(), 0, Size);

    private void Gradient() => MatrixProduct.WeightGradient(Operands(), MatrixProduct.WeightGradientTiles(Size, 1), 0, MatrixProduct.WeightGradientTiles(Size, _layout.Panels));

    private ProductOperands Operands() => new()
    {
        X = _buffers[0].Pointer,
        XPanelStride = _layout.PanelStride,
        K = Size,
        W = _buffers[1].Pointer,
        WPanelStride = _layout.PanelStride,
        Y = _buffers[2].Pointer,
        YPanelStride = _layout.PanelStride,
        Panels = _layout.Panels,
    };
}
