using Ofql.Kernels.Activations;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;

namespace Ofql.Graph.Execution;

/// <summary>
/// Y = (X W) d in the rows in which a column is not 0, and 0 in the others: those rows of X are gathered, multiplied as a smaller matrix and put back.
/// Every row is the same chain of multiply-adds as in a product over all rows.
/// </summary>
internal sealed unsafe class MovingProductInstruction : Instruction
{
    // Below, moving the rows costs what the product does.
    private const int LeastColumns = 64;

    private readonly Storage _x;
    private readonly Storage _w;
    private readonly Storage? _derivative;
    private readonly Storage _where;
    private readonly Storage _y;
    private readonly Storage _picked;
    private readonly Storage _product;
    private readonly int _batch;
    private readonly delegate*<in ProductOperands, int, int, void> _kernel;
    private ProductOperands _operands;
    private long _rows;

    /// <param name="emitter">The program being built.</param>
    /// <param name="x">[B, K].</param>
    /// <param name="w">[K, N].</param>
    /// <param name="derivative">d [B, N]; null for ones.</param>
    /// <param name="where">[B, 1].</param>
    /// <param name="y">[B, N].</param>
    public MovingProductInstruction(Emitter emitter, Storage x, Storage w, Storage? derivative, Storage where, Storage y)
        : this(x, w, derivative, where, y, emitter.New(y.Name + " rows in", x.Layout), emitter.New(y.Name + " rows out", y.Layout), emitter.Batch)
    {
    }

    private MovingProductInstruction(Storage x, Storage w, Storage? derivative, Storage where, Storage y, Storage picked, Storage product, int batch)
        : base(WorkKind.Rows, derivative is null ? [x, w, where] : [x, w, where, derivative], [y, picked, product])
    {
        _x = x;
        _w = w;
        _derivative = derivative;
        _where = where;
        _y = y;
        _picked = picked;
        _product = product;
        _batch = batch;
        _kernel = MatrixProduct.Select(ProductEpilogue.None, Activation.Identity);
    }

    /// <summary>Whether leaving rows out pays for moving the others.</summary>
    public static bool Pays(Storage x, Storage y, Storage where, int batch) =>
        x.Layout.Columns >= LeastColumns && y.Layout.Columns >= LeastColumns && y.Layout.Rows == batch && where.Layout.Rows == batch;

    public override void Bind() => _operands = Operands.Of(_picked, _x.Layout.Columns, _w, _product);

    public override void Execute(int first, int end)
    {
        end = Math.Min(end, _batch);
        var count = Moves.PickRows(_x.Pointer, _where.Pointer, _picked.Pointer, _picked.Layout, first, end);
        if (count > 0)
            _kernel(_operands, first, first + MatrixProduct.WholeTiles(count));
        Moves.PlaceRows(_product.Pointer, _where.Pointer, _derivative == null ? null : _derivative.Pointer, _y.Pointer, _y.Layout, first, end);
        Interlocked.Add(ref _rows, count);
    }

    public override bool CountsAsItRuns => true;

    public override long TakeMultiplyAdds() => Interlocked.Exchange(ref _rows, 0) * _x.Layout.Columns * _y.Layout.Columns;
}
