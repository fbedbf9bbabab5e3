using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>Operands of Y = f(X W + start), all in panel layout. Shapes: X [R, K], W [K, N], Y [R, N].</summary>
public unsafe struct ProductOperands
{
    /// <summary>X [R, K].</summary>
    public float* X;

    /// <summary>Floats between panels of X.</summary>
    public nint XPanelStride;

    /// <summary>Length of the sum K.</summary>
    public int K;

    /// <summary>W [K, N].</summary>
    public float* W;

    /// <summary>Floats between panels of W.</summary>
    public nint WPanelStride;

    /// <summary>Y [R, N].</summary>
    public float* Y;

    /// <summary>Floats between panels of Y (and of <see cref="Derivative"/>).</summary>
    public nint YPanelStride;

    /// <summary>Panels of Y.</summary>
    public int Panels;

    /// <summary>
    /// Columns of the last panel of Y: the rest of it is padding, and may be left out by halves and quarters. Bias and W are zero there. 0 counts as all of them.
    /// </summary>
    public int LastPanelColumns;

    /// <summary>Row vector the sums start from (a bias [N]); null starts from zero.</summary>
    public float* Bias;

    /// <summary>Start from what Y holds; <see cref="Bias"/> must be null.</summary>
    public bool Accumulate;

    /// <summary>f'(.) [R, N], written or read by the epilogue; null where it needs none.</summary>
    public float* Derivative;
}

/// <summary>What a product does with its result.</summary>
public enum ProductEpilogue
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>y = f(y).</summary>
    Activate,

    /// <summary>derivative = f'(y), y = f(y).</summary>
    ActivateAndDifferentiate,

    /// <summary>y = y * derivative.</summary>
    MultiplyByDerivative,
}

/// <summary>
/// Y = f(X W + b) for rows of a batch: serves the forward pass, the tangent pass (no bias) and, given W^T, the input
/// gradient. <see cref="Select"/> once, then call the pointer: a static program picks its kernels when it is built.
/// </summary>
public static unsafe partial class MatrixProduct
{
    /// <summary>Floats of a tile.</summary>
    private const int TileLength = RegisterTile.Rows * PanelLayout.PanelWidth;

    /// <summary>
    /// How far ahead results and stored derivatives are fetched: four tiles. On a quiet machine this changes nothing; where neighbours use
    /// the third-level cache it is worth 1 to 2 % of an update.
    /// </summary>
    private const int AheadLength = 4 * TileLength;

    // The row of zeros that bias-free sums start from.
    private static readonly NativeBuffer<float> _zeroRow = new(PanelLayout.PanelWidth);
    private static readonly float* _zeros = _zeroRow.Pointer;

    /// <summary>The kernel for an activation and epilogue. Arguments of the kernel: operands, first row, end row (multiples of 8).</summary>
    public static delegate*<in ProductOperands, int, int, void> Select(ProductEpilogue epilogue, Activation activation) => epilogue switch
    {
        ProductEpilogue.None => &Rows<PlainEpilogue>,
        ProductEpilogue.MultiplyByDerivative => &Rows<ScaleEpilogue>,
        ProductEpilogue.Activate => activation switch
        {
            Activation.Identity => &Rows<PlainEpilogue>,
            Activation.Mish => &Rows<ActivateEpilogue<MishActivation>>,
            Activation.Relu => &Rows<ActivateEpilogue<ReluActivation>>,
            Activation.Gelu => &Rows<ActivateEpilogue<GeluActivation>>,
            Activation.Tanh => &Rows<ActivateEpilogue<TanhActivation>>,
            Activation.Silu => &Rows<ActivateEpilogue<SiluActivation>>,
            Activation.Sigmoid => &Rows<ActivateEpilogue<SigmoidActivation>>,
            Activation.Softplus => &Rows<ActivateEpilogue<SoftplusActivation>>,
            Activation.Elu => &Rows<ActivateEpilogue<EluActivation>>,
            _ => throw new ArgumentOutOfRangeException(nameof(activation)),
        },
        ProductEpilogue.ActivateAndDifferentiate => activation switch
        {
            Activation.Identity => &Rows<DifferentiateEpilogue<IdentityActivation>>,
            Activation.Mish => &Rows<DifferentiateEpilogue<MishActivation>>,
            Activation.Relu => &Rows<DifferentiateEpilogue<ReluActivation>>,
            Activation.Gelu => &Rows<DifferentiateEpilogue<GeluActivation>>,
            Activation.Tanh => &Rows<DifferentiateEpilogue<TanhActivation>>,
            Activation.Silu => &Rows<DifferentiateEpilogue<SiluActivation>>,
            Activation.Sigmoid => &Rows<DifferentiateEpilogue<SigmoidActivation>>,
            Activation.Softplus => &Rows<DifferentiateEpilogue<SoftplusActivation>>,
            Activation.Elu => &Rows<DifferentiateEpilogue<EluActivation>>,
            _ => throw new ArgumentOutOfRangeException(nameof(activation)),
        },
        _ => throw new ArgumentOutOfRangeException(nameof(epilogue)),
    };

    /// <summary>Rows rounded up to whole tiles, the last one perhaps half as high.</summary>
    public static int WholeTiles(int rows) => (rows + RegisterTile.LastRows - 1) / RegisterTile.LastRows * RegisterTile.LastRows;

    /// <summary>Wt [N, K] = W^T, both in panel layout, for panels <paramref name="first"/> .. <paramref name="end"/> - 1 of Wt.</summary>
    /// <param name="w">W [K, N].</param>
    /// <param name="source">Layout of W.</param>
    /// <param name="transposed">Wt [N, K].</param>
    /// <param name="target">Layout of Wt.</param>
    /// <param name="first">First panel (block of 32 columns) of Wt.</param>
    /// <param name="end">End panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* w, in PanelLayout source, float* transposed, in PanelLayout target, int first, int end)
    {
        for (var panel = first; panel < end; panel++)
        {
            var columns = Math.Min(PanelLayout.PanelWidth, target.Columns - (panel * PanelLayout.PanelWidth));
            for (var row = 0; row < target.Rows; row += BlockTranspose.Size)
            {
                // The part of W for the next 32 rows of Wt lies a panel further on.
                if (row % PanelLayout.PanelWidth == 0 && row + PanelLayout.PanelWidth < target.Rows)
                    Prefetch.Near(w + source.Offset(panel * PanelLayout.PanelWidth, row + PanelLayout.PanelWidth), columns * PanelLayout.PanelWidth * sizeof(float));
                var rows = Math.Min(BlockTranspose.Size, target.Rows - row);
                var from = w + source.Offset(panel * PanelLayout.PanelWidth, row);
                var to = transposed + target.Offset(row, panel * PanelLayout.PanelWidth);
                for (var column = 0; column < columns; column += BlockTranspose.Size)
                {
                    var block = from + (column * PanelLayout.PanelWidth);
                    if (rows == BlockTranspose.Size && columns - column >= BlockTranspose.Size)
                        BlockTranspose.Turn(block, to + column);
                    else
                        BlockTranspose.TurnPart(block, to + column, Math.Min(BlockTranspose.Size, columns - column), rows);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<TEpilogue>(in ProductOperands o, int firstRow, int endRow)
        where TEpilogue : struct, ITileEpilogue
    {
        Debug.Assert(firstRow % RegisterTile.Rows == 0 && endRow % RegisterTile.LastRows == 0, "Row ranges are whole tiles, the last one perhaps half as high.");
        // While one panel of W serves its tiles, the next one comes up from the third-level cache, a slice with each tile.
        var tiles = Tiles(endRow - firstRow);
        var slice = ((o.K + tiles - 1) / Math.Max(1, tiles)) * PanelLayout.PanelWidth;
        for (var panel = 0; panel < o.Panels; panel++)
        {
            var w = o.W + (panel * o.WPanelStride);
            var bias = o.Bias == null ? _zeros : o.Bias + (panel * PanelLayout.PanelWidth);
            var ahead = panel + 1 < o.Panels ? w + o.WPanelStride : null;
            var columns = ColumnsOf(o, panel);
            for (var row = firstRow; row < endRow;)
            {
                var rows = RowsAtOnce(endRow - row, columns);
                var x = o.X + (row * PanelLayout.PanelWidth);
                var offset = (panel * o.YPanelStride) + (row * PanelLayout.PanelWidth);
                var y = o.Y + offset;
                if (ahead != null)
                {
                    var part = slice * Tiles(rows);
                    Prefetch.Near(ahead, part * sizeof(float));
                    ahead += part;
                }

                Prefetch.Near(y + AheadLength, rows * PanelLayout.PanelWidth * sizeof(float));
                if (o.Derivative != null)
                    Prefetch.Near(o.Derivative + offset + AheadLength, rows * PanelLayout.PanelWidth * sizeof(float));
                var start = o.Accumulate ? y : bias;
                var startStride = o.Accumulate ? PanelLayout.PanelWidth : 0;
                if (columns < PanelLayout.PanelWidth)
                    RegisterTile.ComputePart<RowWalk>(columns, x, o.XPanelStride, o.K, w, y, start, startStride);
                else
                    RegisterTile.Compute<RowWalk>(x, o.XPanelStride, o.K, w, y, start, startStride, rows);
                Finish<TEpilogue>(y, o.Derivative + offset, rows * PanelLayout.PanelWidth);
                row += rows;
            }
        }
    }

    /// <summary>How many columns of a panel are computed: all, or those that <see cref="RegisterTile.ComputePart"/> takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ColumnsOf(in ProductOperands o, int panel) =>
        panel == o.Panels - 1 && o.LastPanelColumns is > 0 and <= RegisterTile.MostPartColumns ? o.LastPanelColumns : PanelLayout.PanelWidth;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Tiles(int rows) => (rows + RegisterTile.Rows - 1) / RegisterTile.Rows;

    /// <summary>
    /// How many of so many rows the next step takes: one tile, or three where they are better computed together (four strips of six rows), or the half of one
    /// that is left. Part of a panel takes whole tiles always: there is room for their rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RowsAtOnce(int remaining, int columns)
    {
        if (columns < PanelLayout.PanelWidth)
            return RegisterTile.Rows;
        if (RegisterTile.TakesGroups && remaining >= 3 * RegisterTile.Rows)
            return 3 * RegisterTile.Rows;
        return remaining == RegisterTile.LastRows ? RegisterTile.LastRows : RegisterTile.Rows;
    }

    /// <summary>A method of its own, so that all of the epilogue's steps are inlined into it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Finish<TEpilogue>(float* y, float* derivative, int count)
        where TEpilogue : struct, ITileEpilogue
    {
        if (Vector512.IsHardwareAccelerated)
            TEpilogue.Apply<LaneQuad<Lanes512>>(y, derivative, count);
        else if (Vector256.IsHardwareAccelerated)
            TEpilogue.Apply<Lanes256>(y, derivative, count);
        else
            TEpilogue.Apply<Lanes128>(y, derivative, count);
    }
}
