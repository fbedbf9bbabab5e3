using BenchmarkDotNet.Attributes;
using Ofql.Kernels;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;

namespace Ofql.Benchmarks;

/// <summary>What is done to whole rows beside the products: norms, the critics' output of one column, moving the rows where r and t differ. 256 rows of 256.</summary>
public unsafe class RowBenchmarks
{
    private const int Rows = 256;
    private const int Columns = 256;

    private static readonly NormForm _layer = NormForm.Layer(1e-5f);
    private static readonly NormForm _rootMeanSquare = NormForm.RootMeanSquare(1e-5f);

    private PanelMatrix _x = null!;
    private PanelMatrix _y = null!;
    private PanelMatrix _normalized = null!;
    private PanelMatrix _weights = null!;
    private NativeBuffer<float>[] _columns = [];

    /// <summary>Makes the matrices.</summary>
    [GlobalSetup]
    public void Setup()
    {
        (_x, _y, _normalized, _weights) = (new PanelMatrix(Rows, Columns), new PanelMatrix(Rows, Columns), new PanelMatrix(Rows, Columns), new PanelMatrix(1, Columns));
        _columns = [new NativeBuffer<float>(Rows), new NativeBuffer<float>(Rows)];
        // Every other row: what a flow ratio of one half leaves.
        for (var row = 0; row < Rows; row++)
            _columns[1].Span[row] = row % 2;
    }

    /// <summary>y = w (x - mean) / deviation + b.</summary>
    [Benchmark]
    public void LayerNorm() => RowNorm.Forward(_x.Pointer, _x.Layout, _weights.Pointer, _weights.Pointer, _layer, _y.Pointer, _normalized.Pointer, _columns[0].Pointer, 0, Rows);

    /// <summary>y = w x / root mean square.</summary>
    [Benchmark]
    public void RootMeanSquareNorm() => RowNorm.Forward(_x.Pointer, _x.Layout, _weights.Pointer, null, _rootMeanSquare, _y.Pointer, _normalized.Pointer, _columns[0].Pointer, 0, Rows);

    /// <summary>dx of a layer norm.</summary>
    [Benchmark]
    public void LayerNormInputGradient() => RowNorm.InputGradient(_x.Pointer, _x.Layout, _weights.Pointer, _layer, _normalized.Pointer, _columns[0].Pointer, _y.Pointer, false, 0, Rows);

    /// <summary>Q = h . w + b of all rows.</summary>
    [Benchmark]
    public void OneColumn() => SingleColumn.Forward(_x.Pointer, _x.Layout.PanelStride, _x.Layout.Panels, _weights.Pointer, null, _columns[0].Pointer, false, 0, Rows);

    /// <summary>dh = dQ w' times a stored derivative.</summary>
    [Benchmark]
    public void OneColumnInputGradient() => SingleColumn.InputGradient(_columns[0].Pointer, _weights.Pointer, _y.Pointer, _normalized.Pointer, _x.Layout.PanelStride, _x.Layout.Panels, false, 0, Rows);

    /// <summary>Half of the rows gathered, and put back with 0 between them.</summary>
    [Benchmark]
    public void MoveRows()
    {
        Moves.PickRows(_x.Pointer, _columns[1].Pointer, _y.Pointer, _x.Layout, 0, Rows);
        Moves.PlaceRows(_y.Pointer, _columns[1].Pointer, null, _normalized.Pointer, _x.Layout, 0, Rows);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (var matrix in (IDisposable[])[_x, _y, _normalized, _weights, .. _columns])
            matrix.Dispose();
    }
}
