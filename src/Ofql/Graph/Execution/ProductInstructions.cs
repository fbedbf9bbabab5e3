using Ofql.Kernels.Activations;
using Ofql.Kernels.Matrices;

namespace Ofql.Graph.Execution;

/// <summary>Operands of a product from their storages, once these have their places.</summary>
internal static unsafe class Operands
{
    /// <summary>Y = X W with sums of <paramref name="k"/> terms.</summary>
    public static ProductOperands Of(Storage x, int k, Storage w, Storage y) => new()
    {
        X = x.Pointer,
        XPanelStride = x.Layout.PanelStride,
        K = k,
        W = w.Pointer,
        WPanelStride = w.Layout.PanelStride,
        Y = y.Pointer,
        YPanelStride = y.Layout.PanelStride,
        Panels = y.Layout.Panels,
        LastPanelColumns = y.Layout.LastPanelColumns,
    };
}

/// <summary>Y = f(X W + b) by rows.</summary>
internal sealed unsafe class ProductInstruction : Instruction
{
    private readonly Storage _x;
    private readonly Storage _w;
    private readonly Storage? _bias;
    private readonly Storage _y;
    private readonly Storage? _derivative;
    private readonly bool _accumulate;
    private readonly RowMap _map;
    private readonly int _computedRows;
    private readonly delegate*<in ProductOperands, int, int, void> _kernel;
    private ProductOperands _operands;

    public ProductInstruction(
        Emitter emitter, Storage x, Storage w, Storage? bias, Storage y, bool accumulate, ProductEpilogue epilogue, Activation activation, Storage? derivative)
        : base(WorkKind.Rows, Read(x, w, bias, epilogue, derivative), epilogue == ProductEpilogue.ActivateAndDifferentiate ? [y, derivative!] : [y])
    {
        _x = x;
        _w = w;
        _bias = bias;
        _y = y;
        _derivative = derivative;
        _accumulate = accumulate;
        _map = RowMap.Of(emitter.Batch, y.Layout);
        _computedRows = MatrixProduct.WholeTiles(y.Layout.Rows);
        _kernel = MatrixProduct.Select(epilogue, activation);
        MultiplyAdds = (long)y.Layout.Rows * x.Layout.Columns * y.Layout.Columns;
    }

    public override bool CutsFinely => true;

    public override void Bind() => _operands = Operands.Of(_x, _x.Layout.Columns, _w, _y) with
    {
        Bias = _bias == null ? null : _bias.Pointer,
        Accumulate = _accumulate,
        Derivative = _derivative == null ? null : _derivative.Pointer,
    };

    // Whole tiles, but none of padding alone: 50 rows are stored as 64 and computed as 52.
    public override void Execute(int first, int end) => _kernel(_operands, _map.First(first), Math.Min(_map.End(end), _computedRows));

    private static Storage[] Read(Storage x, Storage w, Storage? bias, ProductEpilogue epilogue, Storage? derivative)
    {
        List<Storage> reads = [x, w];
        if (bias is not null)
            reads.Add(bias);
        if (epilogue == ProductEpilogue.MultiplyByDerivative)
            reads.Add(derivative!);
        return reads.ToArray();
    }
}

/// <summary>dW (+)= X^T dY by tiles of dW.</summary>
internal sealed unsafe class WeightGradientInstruction : Instruction
{
    private readonly Storage _x;
    private readonly Storage _dy;
    private readonly Storage _dw;
    private readonly bool _accumulate;
    private readonly int _tilesPerPanel;
    private ProductOperands _operands;

    public WeightGradientInstruction(Storage x, Storage dy, Storage dw, bool accumulate)
        : base(WorkKind.Tasks, [x, dy], [dw])
    {
        _x = x;
        _dy = dy;
        _dw = dw;
        _accumulate = accumulate;
        MultiplyAdds = (long)x.Layout.Rows * x.Layout.Columns * dy.Layout.Columns;
        TaskCount = MatrixProduct.WeightGradientTiles(x.Layout.Columns, dy.Layout.Panels);
        _tilesPerPanel = TaskCount / dy.Layout.Panels;
    }

    public override void Bind() => _operands = Operands.Of(_x, _x.Layout.Rows, _dy, _dw) with { Accumulate = _accumulate };

    public override void Execute(int first, int end) => MatrixProduct.WeightGradient(_operands, _tilesPerPanel, first, end);
}
