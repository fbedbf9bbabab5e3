using Ofql.Kernels.Elementwise;

namespace Ofql.Graph.Outlines;

/// <summary>Shape of a value of an outline: the batch is of any size N.</summary>
/// <param name="RowsPerElement">Rows per element of the batch, so N times that; 0 for a single row that is the same for all.</param>
/// <param name="Columns">Columns.</param>
public readonly record struct OutlineShape(int RowsPerElement, int Columns);

/// <summary>One operation of an <see cref="Outline"/>. Its operands are the places of earlier steps.</summary>
public abstract record OutlineStep
{
    /// <summary>Shape of the result.</summary>
    public OutlineShape Shape { get; init; }

    /// <summary>Places of the steps whose results it reads.</summary>
    public abstract IReadOnlyList<int> Operands { get; }

    /// <summary>The same step with its operands at other places.</summary>
    internal abstract OutlineStep At(Func<int, int> place);
}

/// <summary>A value from outside.</summary>
/// <param name="Name">Its name.</param>
public sealed record InputStep(string Name) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [];

    internal override OutlineStep At(Func<int, int> place) => this;
}

/// <summary>One number in every column of a single row.</summary>
/// <param name="Value">The number.</param>
public sealed record ConstantStep(float Value) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [];

    internal override OutlineStep At(Func<int, int> place) => this;
}

/// <summary>Learned or otherwise fixed numbers: the weight of a layer, whose shape is [outputs, inputs], or a single row.</summary>
/// <param name="Name">Its name, different for each.</param>
/// <param name="Rows">Outputs of a weight; 1 for a row.</param>
/// <param name="Columns">Inputs of a weight; entries of a row.</param>
/// <param name="Values">Row-major.</param>
public sealed record ParameterStep(string Name, int Rows, int Columns, float[] Values) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [];

    internal override OutlineStep At(Func<int, int> place) => this;
}

/// <summary>x W^T + b.</summary>
/// <param name="X">[R, K].</param>
/// <param name="Weight">The <see cref="ParameterStep"/> [C, K].</param>
/// <param name="Bias">A single row [1, C]; null for none.</param>
public sealed record ProductStep(int X, int Weight, int? Bias) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => Bias is { } bias ? [X, Weight, bias] : [X, Weight];

    internal override OutlineStep At(Func<int, int> place) => this with { X = place(X), Weight = place(Weight), Bias = Bias is { } bias ? place(bias) : null };
}

/// <summary>f(x), element by element.</summary>
/// <param name="Operation">f.</param>
/// <param name="C0">First constant of f.</param>
/// <param name="C1">Second constant of f.</param>
/// <param name="X">x.</param>
public sealed record UnaryStep(UnaryOperation Operation, float C0, float C1, int X) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [X];

    internal override OutlineStep At(Func<int, int> place) => this with { X = place(X) };
}

/// <summary>f(a, b), element by element; a single row, a column or a number is spread over the shape of the result.</summary>
/// <param name="Operation">f.</param>
/// <param name="A">a.</param>
/// <param name="B">b.</param>
public sealed record BinaryStep(BinaryOperation Operation, int A, int B) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [A, B];

    internal override OutlineStep At(Func<int, int> place) => this with { A = place(A), B = place(B) };
}

/// <summary>Columns side by side; all parts have the same rows.</summary>
/// <param name="Parts">The parts.</param>
public sealed record JoinStep(IReadOnlyList<int> Parts) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => Parts;

    internal override OutlineStep At(Func<int, int> place) => this with { Parts = [.. Parts.Select(place)] };
}

/// <summary>A run of columns, as many as the result has.</summary>
/// <param name="X">x.</param>
/// <param name="First">The first of them.</param>
public sealed record ColumnsStep(int X, int First) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [X];

    internal override OutlineStep At(Func<int, int> place) => this with { X = place(X) };
}

/// <summary>A single row, a column or a number, spread over the shape of the result.</summary>
/// <param name="X">x.</param>
public sealed record SpreadStep(int X) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [X];

    internal override OutlineStep At(Func<int, int> place) => this with { X = place(X) };
}

/// <summary>(x - mean) / sqrt(variance + epsilon) scale + shift over the columns of each row.</summary>
/// <param name="X">x [R, C].</param>
/// <param name="Scale">The <see cref="ParameterStep"/> [1, C].</param>
/// <param name="Shift">The <see cref="ParameterStep"/> [1, C].</param>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record NormalizeStep(int X, int Scale, int Shift, float Epsilon) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [X, Scale, Shift];

    internal override OutlineStep At(Func<int, int> place) => this with { X = place(X), Scale = place(Scale), Shift = place(Shift) };
}

/// <summary>What is made of the columns of a row.</summary>
public enum RowReduction
{
    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>The largest, or the rank-th largest.</summary>
    Largest,

    /// <summary>ln sum e^x.</summary>
    LogSumExp,
}

/// <summary>One number of each row: [R, 1].</summary>
/// <param name="Reduction">Which.</param>
/// <param name="X">x [R, C].</param>
/// <param name="Rank">1 for the largest, 2 for the second largest.</param>
public sealed record ReduceStep(RowReduction Reduction, int X, int Rank = 1) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [X];

    internal override OutlineStep At(Func<int, int> place) => this with { X = place(X) };
}

/// <summary>Each row several times in a row.</summary>
/// <param name="X">x [R, C].</param>
/// <param name="Times">How often.</param>
public sealed record RepeatStep(int X, int Times) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [X];

    internal override OutlineStep At(Func<int, int> place) => this with { X = place(X) };
}

/// <summary>The same numbers in row-major order, read as rows of another length: that of the result.</summary>
/// <param name="X">x.</param>
public sealed record ReshapeStep(int X) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [X];

    internal override OutlineStep At(Func<int, int> place) => this with { X = place(X) };
}

/// <summary>The sum of each group of rows: [R n, C] to [R, C].</summary>
/// <param name="X">x.</param>
/// <param name="Size">n.</param>
public sealed record SumRowsStep(int X, int Size) : OutlineStep
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> Operands => [X];

    internal override OutlineStep At(Func<int, int> place) => this with { X = place(X) };
}
