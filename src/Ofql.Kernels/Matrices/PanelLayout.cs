using System.Diagnostics;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// How a matrix lies in memory: column panels of 32, [C/32][R][32], so that a tile of 8 rows of one panel is 1 KB without
/// gaps, a panel of weights stays in the first-level cache, and X^T Y comes out in the same layout with no packing. A single
/// column is stored as R consecutive floats (width 1). Padding rows and columns exist only to keep vectors whole; padding
/// columns are zero, padding rows are undefined, and every reduction honours the true sizes.
/// </summary>
public readonly record struct PanelLayout
{
    /// <summary>Columns per panel.</summary>
    public const int PanelWidth = 32;

    /// <summary>Rows are stored in multiples of this, so that row ranges are whole vectors in every width.</summary>
    public const int RowAlignment = 16;

    private const int SpreadRows = 8;

    /// <summary>The layout of a <paramref name="rows"/> x <paramref name="columns"/> matrix.</summary>
    /// <param name="rows">Number of rows R, at least 1.</param>
    /// <param name="columns">Number of columns C, at least 1.</param>
    /// <param name="forcePanels">Store even a single column as a panel (input of a matrix product).</param>
    /// <exception cref="InsufficientMemoryException">More numbers than one matrix can hold.</exception>
    public PanelLayout(int rows, int columns, bool forcePanels = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        Rows = rows;
        Columns = columns;
        Width = columns == 1 && !forcePanels ? 1 : PanelWidth;
        StoredRows = rows == 1 ? 1 : RoundUp(rows, Width == 1 ? 32 : RowAlignment);
        Panels = Width == 1 ? 1 : RoundUp(columns, PanelWidth) / PanelWidth;
        // Offsets within a matrix are ints; one beyond that would write outside its memory.
        if (Panels * ((long)StoredRows + SpreadRows) * Width > int.MaxValue)
            throw new InsufficientMemoryException($"A matrix of {rows} x {columns} numbers was asked for; the largest has about 2 billion.");
    }

    /// <summary>Rows R.</summary>
    public int Rows { get; }

    /// <summary>Columns C.</summary>
    public int Columns { get; }

    /// <summary>Floats per stored row of a panel: 32, or 1 for a single column.</summary>
    public int Width { get; }

    /// <summary>Rows stored per panel.</summary>
    public int StoredRows { get; }

    /// <summary>Number of panels.</summary>
    public int Panels { get; }

    /// <summary>Columns of the last panel; the others are padding.</summary>
    public int LastPanelColumns => Columns - ((Panels - 1) * PanelWidth);

    /// <summary>
    /// Floats from one panel to the next. Panels of a power of two of rows would start on the same sets of the first-level cache
    /// and push each other out; 8 rows in between spread them.
    /// </summary>
    public int PanelStride => Panels == 1 || StoredRows == 1 ? StoredRows * Width : (StoredRows + SpreadRows) * Width;

    /// <summary>Floats in all; a multiple of 16.</summary>
    public int Length => Math.Max(16, Panels * PanelStride);

    /// <summary>Where an element lies.</summary>
    public int Offset(int row, int column)
    {
        Debug.Assert((uint)row < (uint)StoredRows && (uint)column < (uint)(Panels * Width), "Element outside the matrix.");
        return Width == 1 ? row : ((column / PanelWidth) * PanelStride) + (row * PanelWidth) + (column % PanelWidth);
    }

    /// <summary>Copies a row-major matrix into this layout. Padding is left alone.</summary>
    /// <exception cref="ArgumentException"><paramref name="rowMajor"/> is not R x C long.</exception>
    public unsafe void Pack(ReadOnlySpan<float> rowMajor, float* destination)
    {
        CheckLength(rowMajor.Length);
        for (var row = 0; row < Rows; row++)
            PackRow(row, rowMajor.Slice(row * Columns, Columns), destination);
    }

    /// <summary>Copies one row-major row into this layout.</summary>
    public unsafe void PackRow(int row, ReadOnlySpan<float> values, float* destination)
    {
        if (Width == 1)
        {
            destination[row] = values[0];
            return;
        }

        for (var first = 0; first < values.Length; first += PanelWidth)
        {
            var count = Math.Min(PanelWidth, values.Length - first);
            values.Slice(first, count).CopyTo(new Span<float>(destination + Offset(row, first), count));
        }
    }

    /// <summary>Copies this layout out to a row-major matrix.</summary>
    /// <exception cref="ArgumentException"><paramref name="rowMajor"/> is not R x C long.</exception>
    public unsafe void Unpack(float* source, Span<float> rowMajor)
    {
        CheckLength(rowMajor.Length);
        for (var row = 0; row < Rows; row++)
        {
            for (var first = 0; first < Columns; first += PanelWidth)
            {
                var count = Math.Min(PanelWidth, Columns - first);
                new ReadOnlySpan<float>(source + Offset(row, first), count).CopyTo(rowMajor.Slice((row * Columns) + first, count));
            }
        }
    }

    // Beyond the largest int it stays there, which the constructor refuses.
    private static int RoundUp(int value, int multiple) => (int)Math.Min(int.MaxValue, ((long)value + multiple - 1) / multiple * multiple);

    private void CheckLength(int length)
    {
        if (length != Rows * Columns)
            throw new ArgumentException($"Expected {Rows} x {Columns} = {Rows * Columns} values, found {length}.");
    }
}
