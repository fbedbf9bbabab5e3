using Ofql.Graph.Execution;
using Ofql.Graph.Outlines;
using Ofql.Graph.Parameters;
using Ofql.Kernels;
using Ofql.Kernels.Elementwise;

namespace Ofql.Graph.Nodes;

/// <summary>A value written from outside before a run. Its memory belongs to the graph: all programs of the graph see it.</summary>
public sealed unsafe class InputNode : Node, IOwnedValue
{
    private readonly NativeBuffer<float> _buffer;

    internal InputNode(Graph graph, string name, int rows, int columns)
        : base(graph, name, rows, columns) => _buffer = graph.Allocate(Layout.Length);

    float* IOwnedValue.Pointer => _buffer.Pointer;

    /// <summary>Writes all values, row-major [R, C].</summary>
    /// <exception cref="ArgumentException">The number of values is wrong.</exception>
    public void Write(ReadOnlySpan<float> rowMajor) => Layout.Pack(rowMajor, _buffer.Pointer);

    /// <summary>Writes one row [C].</summary>
    /// <exception cref="ArgumentException">There is no such row, or the number of values is wrong.</exception>
    public void WriteRow(int row, ReadOnlySpan<float> values)
    {
        Check(row, values.Length);
        Layout.PackRow(row, values, _buffer.Pointer);
    }

    /// <summary>One row [C] to be written in place; empty where the row lies in several pieces (more columns than a panel has), for <see cref="WriteRow"/>.</summary>
    /// <exception cref="ArgumentException">There is no such row.</exception>
    internal Span<float> RowInPlace(int row)
    {
        Check(row, Columns);
        return Layout.Panels == 1 ? new Span<float>(_buffer.Pointer + (row * Layout.Width), Columns) : [];
    }

    /// <summary>Writes one number of a column input.</summary>
    /// <exception cref="ArgumentException">There is no such row, or the input has more than one column.</exception>
    public void WriteNumber(int row, float value)
    {
        Check(row, 1);
        _buffer.Pointer[row] = value;
    }

    /// <summary>Reads all values back, row-major [R, C].</summary>
    public void Read(Span<float> rowMajor) => Layout.Unpack(_buffer.Pointer, rowMajor);

    internal override void EmitForward(Emitter emitter)
    {
    }

    internal override Node? Tangent(Node?[] tangents) => null;

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
    }

    internal override int Describe(OutlineBuilder outline) => outline.Add(new InputStep(Name), this);

    /// <summary>The memory is native: a wrong place would be overwritten without a word.</summary>
    private void Check(int row, int count)
    {
        if ((uint)row >= (uint)Rows || count != Columns)
            throw new ArgumentException($"Input {this} cannot take {count} values at row {row}.");
    }
}

/// <summary>A fixed number in every entry.</summary>
internal sealed unsafe class ConstantNode : Node, IOwnedValue
{
    private readonly NativeBuffer<float> _buffer;

    public ConstantNode(Graph graph, float value, int rows, int columns)
        : base(graph, $"constant {value}", rows, columns)
    {
        _buffer = graph.Allocate(Layout.Length);
        Value = value;
        Moves.SpreadNumber(value, _buffer.Pointer, Layout, accumulate: false, 0, Layout.StoredRows);
    }

    public float Value { get; }

    float* IOwnedValue.Pointer => _buffer.Pointer;

    internal override void EmitForward(Emitter emitter)
    {
    }

    internal override Node? Tangent(Node?[] tangents) => null;

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
    }

    internal override int Describe(OutlineBuilder outline) => outline.Spread(outline.Add(new ConstantStep(Value), 1, Columns), Rows, Columns);
}

/// <summary>A parameter vector as the row [1, N].</summary>
internal sealed unsafe class ParameterNode(Graph graph, ParameterBlock block, ParameterTensor tensor)
    : Node(graph, $"{block.Name}.{tensor.Name}", tensor.Inputs, tensor.Outputs), IOwnedValue
{
    internal override ParameterBlock? Block => block;

    float* IOwnedValue.Pointer => block.Values + tensor.Offset;

    internal override void EmitForward(Emitter emitter)
    {
        // The optimiser of the same program must see this value as the parameter it is.
        emitter.Alias(this, emitter.Parameter(block, tensor));
    }

    internal override Node? Tangent(Node?[] tangents) => null;

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (!emitter.IsDifferentiated(block))
            return;
        var (target, accumulate) = emitter.ParameterContribution(block, tensor);
        var source = gradient.Storage;
        emitter.Add(new SingleInstruction([source], [target], () =>
        {
            for (var i = 0; i < tensor.Count; i++)
                target.Pointer[i] = accumulate ? target.Pointer[i] + source.Pointer[i] : source.Pointer[i];
        }));
    }

    internal override int Describe(OutlineBuilder outline) => outline.Parameter(block, tensor);
}

/// <summary>The same value, a constant to reverse and to forward mode.</summary>
internal sealed class StopGradientNode(Node input) : Node(input.Graph, $"stop({input.Name})", input.Rows, input.Columns, input)
{
    internal override bool PassesGradient => false;

    internal override void EmitForward(Emitter emitter) => emitter.Alias(this, emitter.Value(Inputs[0]));

    internal override Node? Tangent(Node?[] tangents) => null;

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
    }

    internal override int Describe(OutlineBuilder outline) => outline[Inputs[0]];
}
