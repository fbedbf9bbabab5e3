using System.Runtime.CompilerServices;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>Gradients of weights, dW = X^T dY: the rows of a product are summed over.</summary>
public static unsafe partial class MatrixProduct
{
    /// <summary>Rows of a block of a weight gradient.</summary>
    private const int GradientBlockRows = 128;

    /// <summary>Tiles of a weight gradient that read the same panel of X.</summary>
    private const int TilesPerPanelRow = PanelLayout.PanelWidth / RegisterTile.Rows;

    /// <summary>
    /// dW (+)= X^T dY for tiles <paramref name="first"/> .. <paramref name="end"/> - 1 of <see cref="WeightGradientTiles"/>:
    /// X [R, K], dY [R, N], dW [K, N] in the layout of W. <see cref="ProductOperands.K"/> holds R here, W holds dY, Y holds dW.
    /// </summary>
    /// <param name="o">X = X, W = dY, Y = dW, K = R, Accumulate adds to dW.</param>
    /// <param name="tilesPerPanel">Tiles of 8 rows of dW: (K + 7) / 8.</param>
    /// <param name="first">First tile.</param>
    /// <param name="end">End of the tiles.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WeightGradient(in ProductOperands o, int tilesPerPanel, int first, int end)
    {
        for (var tile = first; tile < end;)
        {
            var panel = tile / tilesPerPanel;
            var inPanel = tile - (panel * tilesPerPanel);
            var count = Math.Min(end - tile, tilesPerPanel - inPanel);
            PanelOfGradient(o, panel, inPanel, count);
            tile += count;
        }
    }

    /// <summary>
    /// Tiles of one panel of dW, over blocks of rows: a block of dY (16 KB) stays in the first-level cache while all tiles pass, and
    /// so does a block of X while its four tiles pass. A tile waits in dW between blocks, which changes no bit.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PanelOfGradient(in ProductOperands o, int panel, int firstTile, int count)
    {
        var columns = ColumnsOf(o, panel);
        if (columns <= RegisterTile.Rows && o.YPanelStride != PanelLayout.PanelWidth)
        {
            FewColumnsOfGradient(o, panel, columns, firstTile, count);
            return;
        }

        for (var block = 0; block < o.K; block += GradientBlockRows)
        {
            var rows = Math.Min(GradientBlockRows, o.K - block);
            var dy = o.W + (panel * o.WPanelStride) + (block * PanelLayout.PanelWidth);
            var accumulate = o.Accumulate || block > 0;
            var startStride = accumulate ? PanelLayout.PanelWidth : 0;
            for (var i = 0; i < count;)
            {
                var tiles = GradientTilesAtOnce(o, columns, firstTile + i, count - i);
                var row = (firstTile + i) * RegisterTile.Rows;
                var x = o.X + ((row / PanelLayout.PanelWidth) * o.XPanelStride) + (row % PanelLayout.PanelWidth) + (block * PanelLayout.PanelWidth);
                var y = o.Y + (panel * o.YPanelStride) + (row * PanelLayout.PanelWidth);
                var start = accumulate ? y : _zeros;
                FetchAhead(o, panel, block, rows, firstTile + i, tiles);
                if (o.YPanelStride == PanelLayout.PanelWidth)
                    OneRowOfGradient(x, rows, dy, y, accumulate);
                else if (columns < PanelLayout.PanelWidth)
                    RegisterTile.ComputePart<ColumnWalk>(columns, x, 0, rows, dy, y, start, startStride);
                else
                    RegisterTile.Compute<ColumnWalk>(x, 0, rows, dy, y, start, startStride, tiles * RegisterTile.Rows);
                i += tiles;
            }
        }
    }

    /// <summary>
    /// A panel of no more than 8 columns is computed transposed, dW^T = dY^T X: its columns are the rows of a tile, 32 columns of X its columns, and every row of X is read once
    /// instead of once for each tile. Each element is the same chain.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FewColumnsOfGradient(in ProductOperands o, int panel, int columns, int firstTile, int count)
    {
        var tile = stackalloc float[TileLength];
        var dy = o.W + (panel * o.WPanelStride);
        var dw = o.Y + (panel * o.YPanelStride);
        int row = firstTile * RegisterTile.Rows, end = row + (count * RegisterTile.Rows);
        while (row < end)
        {
            // Rows of dW that one panel of X gives.
            var first = row / PanelLayout.PanelWidth * PanelLayout.PanelWidth;
            var last = Math.Min(end, first + PanelLayout.PanelWidth);
            for (var i = row; o.Accumulate && i < last; i++)
            {
                for (var column = 0; column < columns; column++)
                    tile[(column * PanelLayout.PanelWidth) + i - first] = dw[(i * PanelLayout.PanelWidth) + column];
            }

            RegisterTile.Compute<ColumnWalk>(dy, 0, o.K, o.X + (first / PanelLayout.PanelWidth * o.XPanelStride), tile, o.Accumulate ? tile : _zeros, o.Accumulate ? PanelLayout.PanelWidth : 0);
            for (; row < last; row++)
            {
                for (var column = 0; column < columns; column++)
                    dw[(row * PanelLayout.PanelWidth) + column] = tile[(column * PanelLayout.PanelWidth) + row - first];
                if (!o.Accumulate)
                    new Span<float>(dw + (row * PanelLayout.PanelWidth) + columns, PanelLayout.PanelWidth - columns).Clear();
            }
        }
    }

    /// <summary>How many tiles of a weight gradient the next step takes: one, or all that read one panel of X where they are better computed together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int GradientTilesAtOnce(in ProductOperands o, int columns, int tile, int remaining) =>
        RegisterTile.TakesGroups && columns == PanelLayout.PanelWidth && remaining >= TilesPerPanelRow && tile % TilesPerPanelRow == 0 && o.YPanelStride != PanelLayout.PanelWidth
            ? TilesPerPanelRow : 1;

    /// <summary>While the first panel of dY passes, the next columns of X; with each tile a slice of the next panel of dY.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchAhead(in ProductOperands o, int panel, int block, int rows, int tile, int tiles)
    {
        var first = block * PanelLayout.PanelWidth;
        if (panel == 0 && tile % TilesPerPanelRow == 0)
            Prefetch.Near(o.X + (((tile / TilesPerPanelRow) + 1) * o.XPanelStride) + first, rows * PanelLayout.PanelWidth * sizeof(float));
        if (panel + 1 < o.Panels && tile < PanelLayout.PanelWidth)
            Prefetch.Near(o.W + ((panel + 1) * o.WPanelStride) + first + (tile * rows), tiles * rows * sizeof(float));
    }

    /// <summary>Number of tiles of a weight gradient [<paramref name="k"/>, panels].</summary>
    public static int WeightGradientTiles(int k, int panels) => Tiles(k) * panels;

    /// <summary>
    /// A weight matrix of one row has no padding rows, so that a whole tile would run into the next panels: the tile is
    /// computed aside and its first row copied.
    /// </summary>
    private static void OneRowOfGradient(float* x, int rows, float* dy, float* dw, bool accumulate)
    {
        var tile = stackalloc float[RegisterTile.Rows * PanelLayout.PanelWidth];
        var row = new Span<float>(dw, PanelLayout.PanelWidth);
        if (accumulate)
            row.CopyTo(new Span<float>(tile, PanelLayout.PanelWidth));
        RegisterTile.Compute<ColumnWalk>(x, 0, rows, dy, tile, accumulate ? tile : _zeros, accumulate ? PanelLayout.PanelWidth : 0);
        new Span<float>(tile, PanelLayout.PanelWidth).CopyTo(row);
    }
}
