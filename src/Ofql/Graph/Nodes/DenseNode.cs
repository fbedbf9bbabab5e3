using Ofql.Graph.Execution;
using Ofql.Graph.Outlines;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Reductions;

namespace Ofql.Graph.Nodes;

/// <summary>
/// y = f(x W + b): x [R, K], W [K, N], y [R, N]. One fused kernel; the activation's derivative is stored beside y where a
/// backward or tangent pass will need it, so that both are a product and a multiplication. Inputs that all rows share go into the
/// bias (<see cref="DenseInputs"/>).
/// </summary>
internal sealed unsafe class DenseNode : Node
{
    private readonly ParameterBlock _block;
    private readonly ParameterTensor _weight;
    private readonly ParameterTensor? _bias;
    private readonly DenseInputs _inputs;

    public DenseNode(Node x, ParameterBlock block, ParameterTensor weight, ParameterTensor? bias, Activation activation)
        : this(x, DenseInputs.Of(x, weight.Outputs), block, weight, bias, activation)
    {
    }

    // What the inputs are cut into comes before this node in the graph, and so is computed before it.
    private DenseNode(Node x, DenseInputs inputs, ParameterBlock block, ParameterTensor weight, ParameterTensor? bias, Activation activation)
        : base(x.Graph, $"{block.Name}.{weight.Name}", x.Rows, weight.Outputs, x)
    {
        if (x.Columns != weight.Inputs)
            throw new GraphException($"Layer '{block.Name}.{weight.Name}' takes {weight.Inputs} inputs; {x} has {x.Columns} columns.");
        if (x.Layout.Width == 1)
            throw new GraphException($"Layer '{block.Name}.{weight.Name}' takes a single column, which is not supported: join a constant column to it.");
        if (activation != Activation.Identity && weight.Outputs == 1)
            throw new GraphException($"Layer '{block.Name}.{weight.Name}' has one output and an activation: apply Activate to its result instead.");
        _block = block;
        _weight = weight;
        _bias = bias;
        _inputs = inputs;
        Operands = [_inputs.Varying, .. _inputs.Shared.Select(part => part.Row)];
        Activation = activation;
    }

    public Activation Activation { get; }

    internal override ParameterBlock Block => _block;

    internal override Node[] Operands { get; } = [];

    private bool IsRow => Rows == 1;

    private bool IsColumn => _weight.Outputs == 1;

    // They go with inputs that are rounded to parts of the largest one: numbers of one kind, as the layer before makes them. What comes from outside
    // may be of any size beside another, and is little; what stands still is computed once.
    private bool TakesHalfWeights => _inputs.Varying is not (InputNode or ConcatenateNode) && !_inputs.Varying.IsStill;

    private long ColumnWork => (long)Rows * _weight.Inputs;

    internal override void EmitForward(Emitter emitter)
    {
        Storage x = emitter.Value(_inputs.Varying), w = emitter.Rows(_block, _weight, _inputs.Rows), y = emitter.Value(this);
        var bias = EmitBias(emitter);
        Storage[] reads = bias is null ? [x, w] : [x, w, bias];
        var derivative = Activation != Activation.Identity && emitter.NeedsDerivative(this) ? emitter.Derivative(this) : null;
        if (IsColumn)
        {
            emitter.Add(new RowInstruction(emitter, Layout, reads, [y], (first, end) => SingleColumn.Forward(
                x.Pointer, x.Layout.PanelStride, x.Layout.Panels, w.Pointer, bias == null ? null : bias.Pointer, y.Pointer, false, first, end), exact: true) { MultiplyAdds = ColumnWork });
        }
        else if (IsRow && emitter.HalvesWeights && TakesHalfWeights)
        {
            EmitHalfWeightRow(emitter, x, w, bias, y);
        }
        else if (IsRow)
        {
            EmitSingleRow(emitter, reads, x, w, bias, y, derivative);
        }
        else
        {
            emitter.Add(new ProductInstruction(emitter, x, w, bias, y, accumulate: false,
                derivative is null ? ProductEpilogue.Activate : ProductEpilogue.ActivateAndDifferentiate, Activation, derivative));
            if (Activation is Activation.Sigmoid or Activation.Softplus && Columns % PanelLayout.PanelWidth != 0)
                emitter.Add(new RowInstruction(emitter, Layout, [], [y], (first, end) => Moves.ClearPadding(y.Pointer, y.Layout, first, end)));
        }
    }

    internal override Node? Tangent(Node?[] tangents) => Tangent(tangents, where: null);

    internal override Node? Tangent(Node?[] tangents, Node? where)
    {
        if (tangents[0] is not { } along)
            return null;
        var (moving, rows) = IsColumn ? (along, null) : DenseInputs.Moving(Inputs[0], along);
        return new DenseTangentNode(this, moving, rows, where);
    }

    /// <summary>xdot W into <paramref name="y"/>, times f' where there is an activation; xdot over some rows of W.</summary>
    internal void EmitTangent(Emitter emitter, Storage x, RowSelection? rows, Storage? where, Storage y)
    {
        var w = emitter.Rows(_block, _weight, rows);
        var derivative = Activation == Activation.Identity ? null : emitter.Derivative(this);
        Storage[] reads = derivative is null ? [x, w] : [x, w, derivative];
        if (IsColumn)
        {
            emitter.Add(new RowInstruction(emitter, Layout, reads, [y], (first, end) => SingleColumn.Forward(
                x.Pointer, x.Layout.PanelStride, x.Layout.Panels, w.Pointer, null, y.Pointer, false, first, end), exact: true) { MultiplyAdds = ColumnWork });
        }
        else if (IsRow)
        {
            EmitRowProduct(emitter, reads, x, w, null, y, Activation.Identity);
            if (derivative is not null)
                ElementwiseInstructions.Binary(emitter, BinaryOperation.Multiply, y, derivative, y);
        }
        else if (emitter.LeavesRowsOut && where is not null && MovingProductInstruction.Pays(x, y, where, emitter.Batch))
        {
            emitter.Add(new MovingProductInstruction(emitter, x, w, derivative, where, y));
        }
        else
        {
            emitter.Add(new ProductInstruction(emitter, x, w, null, y, accumulate: false,
                derivative is null ? ProductEpilogue.None : ProductEpilogue.MultiplyByDerivative, Activation.Identity, derivative));
        }
    }

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        var dy = gradient.Storage;
        if (!gradient.PreActivation && Activation != Activation.Identity)
            ElementwiseInstructions.Binary(emitter, BinaryOperation.Multiply, dy, emitter.Derivative(this), dy);
        var sums = _inputs.Shared.Length == 0 ? null : EmitColumnSums(emitter, dy);
        if (emitter.IsDifferentiated(_block))
            EmitParameterGradients(emitter, dy, sums);
        if (emitter.ContributionTo(_inputs.Varying, canFuse: true) is { } target)
            EmitInputGradient(emitter, dy, _inputs.Rows, target);
        foreach (var (row, run) in _inputs.Shared)
        {
            if (emitter.ContributionTo(row) is { } shared)
                EmitRowGradient(emitter, sums!, emitter.Transposed(_block, _weight, RowSelection.Of([run], _weight.Inputs)), shared);
        }
    }

    // Shared inputs go into the bias here too: whoever carries the outline out can compute that once.
    internal override int Describe(OutlineBuilder outline)
    {
        int? bias = _bias is null ? null : outline.Parameter(_block, _bias);
        foreach (var (row, run) in _inputs.Shared)
            bias = outline.Add(new ProductStep(outline[row], outline.Parameter(_block, _weight, RowSelection.Of([run], _weight.Inputs)), bias), 1, Columns);
        var y = outline.Add(new ProductStep(outline[_inputs.Varying], outline.Parameter(_block, _weight, _inputs.Rows), bias), this);
        return Activation == Activation.Identity ? y : outline.Add(new UnaryStep(UnaryNode.OperationOf(Activation), 0f, 0f, y), this);
    }

    /// <summary>b, and what the shared inputs add to it.</summary>
    private Storage? EmitBias(Emitter emitter)
    {
        var bias = _bias is null ? null : emitter.Parameter(_block, _bias);
        var w = emitter.Parameter(_block, _weight);
        foreach (var (row, run) in _inputs.Shared)
        {
            Storage x = emitter.Value(row), before = bias!, sum = emitter.New($"{Name} bias", new PanelLayout(1, Columns));
            var kernel = SingleRow.Select(Activation.Identity);
            emitter.Add(new SingleInstruction(before is null ? [x, w] : [x, w, before], [sum], () => kernel(
                x.Pointer, run.Count, w.Pointer + (run.First * PanelLayout.PanelWidth), w.Layout.PanelStride, Columns, before == null ? null : before.Pointer, sum.Pointer)) { MultiplyAdds = (long)run.Count * Columns });
            bias = sum;
        }

        return bias;
    }

    private static Storage EmitColumnSums(Emitter emitter, Storage dy)
    {
        var sums = emitter.New(dy.Name + " sums", new PanelLayout(1, dy.Layout.Columns));
        emitter.Add(new TaskInstruction(dy.Layout.Panels, [dy], [sums], (first, end) => RowReductions.ColumnSums(
            dy.Pointer, dy.Layout, sums.Pointer, accumulate: false, first, end)));
        return sums;
    }

    private void EmitSingleRow(Emitter emitter, Storage[] reads, Storage x, Storage w, Storage? bias, Storage y, Storage? derivative)
    {
        if (derivative is null)
        {
            EmitRowProduct(emitter, reads, x, w, bias, y, Activation);
            return;
        }

        var before = emitter.Auxiliary(this, "preactivation", Layout);
        EmitRowProduct(emitter, reads, x, w, bias, before, Activation.Identity);
        var one = emitter.Auxiliary(this, "one", Layout);
        emitter.Add(new FillInstruction(one, 1f));
        ElementwiseInstructions.Unary(emitter, UnaryNode.OperationOf(Activation), 0, 0, before, y);
        ElementwiseInstructions.UnaryDerivative(emitter, UnaryNode.OperationOf(Activation), 0, 0, before, y, one, derivative, accumulate: false);
    }

    private void EmitHalfWeightRow(Emitter emitter, Storage x, Storage w, Storage? bias, Storage y)
    {
        var words = emitter.Halved(w);
        var activate = UnaryKernels.Forward(Activation == Activation.Identity ? UnaryOperation.Offset : UnaryNode.OperationOf(Activation));
        int k = x.Layout.Columns, count = y.Layout.Panels * PanelLayout.PanelWidth;
        var activates = Activation != Activation.Identity;
        emitter.Add(new SingleInstruction(bias is null ? [x, words] : [x, words, bias], [y], () =>
        {
            HalfWeightRow.Forward(x.Pointer, k, words.Pointer, y.Layout.Panels, bias == null ? null : bias.Pointer, y.Pointer);
            if (activates)
                activate(y.Pointer, y.Pointer, 0, 0, count);
            Moves.ClearPadding(y.Pointer, y.Layout, 0, 1);
        }) { MultiplyAdds = (long)k * y.Layout.Columns });
    }

    private static void EmitRowProduct(Emitter emitter, Storage[] reads, Storage x, Storage w, Storage? bias, Storage y, Activation activation)
    {
        var kernel = SingleRow.Select(activation);
        int k = x.Layout.Columns, columns = y.Layout.Columns;
        // Those of 0 are not 0, and stand in the padding of the last vector.
        var clears = activation is Activation.Sigmoid or Activation.Softplus;
        emitter.Add(new SingleInstruction(reads, [y], () =>
        {
            kernel(x.Pointer, k, w.Pointer, w.Layout.PanelStride, columns, bias == null ? null : bias.Pointer, y.Pointer);
            if (clears)
                Moves.ClearPadding(y.Pointer, y.Layout, 0, 1);
        }) { MultiplyAdds = (long)k * y.Layout.Columns });
    }

    private void EmitParameterGradients(Emitter emitter, Storage dy, Storage? sums)
    {
        var x = emitter.Value(_inputs.Varying);
        var (dw, accumulate) = emitter.ParameterContribution(_block, _weight);
        if (IsColumn)
        {
            emitter.Add(new TaskInstruction(x.Layout.Panels, [x, dy], [dw], (first, end) => SingleColumn.WeightGradient(
                x.Pointer, x.Layout.PanelStride, dy.Pointer, Rows, dw.Pointer, accumulate, first, end)) { MultiplyAdds = ColumnWork });
        }
        else if (sums is null)
        {
            emitter.Add(new WeightGradientInstruction(x, dy, dw, accumulate));
        }
        else
        {
            EmitCutWeightGradient(emitter, x, dy, sums, dw, accumulate);
        }

        if (_bias is null)
            return;
        var (db, accumulateBias) = emitter.ParameterContribution(_block, _bias);
        emitter.Add(new TaskInstruction(dy.Layout.Panels, [sums ?? dy], [db], (first, end) => RowReductions.ColumnSums(
            (sums ?? dy).Pointer, (sums ?? dy).Layout, db.Pointer, accumulateBias, first, end)));
    }

    /// <summary>Rows of dW that meet varying inputs are X^T dY; those of a shared row x are x^T times the sum of dY over the batch.</summary>
    private void EmitCutWeightGradient(Emitter emitter, Storage x, Storage dy, Storage sums, Storage dw, bool accumulate)
    {
        var layout = new PanelLayout(_inputs.Rows!.Count, Columns, forcePanels: true);
        var product = emitter.New(dw.Name + " rows", layout, layout.Length, whole: true);
        emitter.Add(new WeightGradientInstruction(x, dy, product, accumulate: false));
        var shared = Array.ConvertAll(_inputs.Shared, part => (Row: emitter.Value(part.Row), part.Run));
        emitter.Add(new TaskInstruction(dw.Layout.Panels, [product, sums, .. shared.Select(part => part.Row)], [dw], (first, end) =>
        {
            foreach (var (run, at) in _inputs.Rows.Places)
                WeightRows.Move(product.Pointer, product.Layout, at, dw.Pointer, dw.Layout, run.First, run.Count, accumulate, first, end);
            foreach (var (row, run) in shared)
                WeightRows.OuterProduct(row.Pointer, sums.Pointer, dw.Pointer, dw.Layout, run.First, run.Count, accumulate, first, end);
        })
        {
            MultiplyAdds = (long)shared.Sum(part => part.Run.Count) * Columns,
        });
    }

    private void EmitInputGradient(Emitter emitter, Storage dy, RowSelection? rows, Contribution target)
    {
        var dx = target.Storage;
        var derivative = target.FusedDerivative;
        if (IsColumn)
        {
            var w = emitter.Parameter(_block, _weight);
            emitter.Add(new RowInstruction(emitter, Layout, derivative is null ? [dy, w] : [dy, w, derivative], [dx], (first, end) => SingleColumn.InputGradient(
                dy.Pointer, w.Pointer, derivative == null ? null : derivative.Pointer, dx.Pointer, dx.Layout.PanelStride, dx.Layout.Panels, target.Accumulate, first, end), exact: true) { MultiplyAdds = ColumnWork });
            return;
        }

        var transposed = emitter.Transposed(_block, _weight, rows);
        if (IsRow)
        {
            EmitRowGradient(emitter, dy, transposed, target);
            return;
        }

        emitter.Add(new ProductInstruction(emitter, dy, transposed, null, dx, target.Accumulate,
            derivative is null ? ProductEpilogue.None : ProductEpilogue.MultiplyByDerivative, Activation.Identity, derivative));
    }

    /// <summary>dx (+)= dy W^T for one row.</summary>
    private static void EmitRowGradient(Emitter emitter, Storage dy, Storage transposed, Contribution target)
    {
        var dx = target.Storage;
        var product = target.Accumulate ? emitter.New(dx.Name + " part", dx.Layout) : dx;
        EmitRowProduct(emitter, [dy, transposed], dy, transposed, null, product, Activation.Identity);
        if (target.Accumulate)
            ElementwiseInstructions.Binary(emitter, BinaryOperation.Add, dx, product, dx);
        if (target.FusedDerivative is { } derivative)
            ElementwiseInstructions.Binary(emitter, BinaryOperation.Multiply, dx, derivative, dx);
    }
}

/// <summary>ydot = (xdot W) f'(x W + b): the tangent of a dense layer for fixed parameters.</summary>
internal sealed class DenseTangentNode(DenseNode primal, Node along, RowSelection? rows, Node? where) : TangentNode(primal, where is null ? [along] : [along, where])
{
    /// <summary>Tells the forward pass of the layer to store its derivative.</summary>
    public void RequireDerivative(Emitter emitter)
    {
        if (primal.Activation != Activation.Identity)
            emitter.RequireDerivative(primal);
    }

    internal override void EmitForward(Emitter emitter) =>
        primal.EmitTangent(emitter, emitter.Value(along), rows, where is null ? null : emitter.Value(where), emitter.Value(this));
}
