namespace Ofql.Kernels.Matrices;

/// <summary>Masks of the true columns of a panel, for sums that padding must not enter and results whose padding must stay zero.</summary>
internal static unsafe class ColumnMask
{
    // A panel of ones (all bits), then a panel of zeros: a mask of n columns begins n floats before the zeros.
    private static readonly NativeBuffer<float> _table = Build();
    private static readonly float* _zeros = _table.Pointer + PanelLayout.PanelWidth;

    /// <summary>32 lanes, the first <paramref name="columns"/> of them set; 32 or more sets all.</summary>
    public static float* For(int columns) => _zeros - Math.Min(columns, PanelLayout.PanelWidth);

    private static NativeBuffer<float> Build()
    {
        var table = new NativeBuffer<float>(2 * PanelLayout.PanelWidth);
        table.Span[..PanelLayout.PanelWidth].Fill(BitConverter.Int32BitsToSingle(-1));
        return table;
    }
}
