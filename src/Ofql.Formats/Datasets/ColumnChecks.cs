using Ofql.Data;

namespace Ofql.Formats.Datasets;

/// <summary>Checks of values that no algorithm could learn from.</summary>
internal static unsafe class ColumnChecks
{
    private const uint ExponentBits = 0x7F80_0000;

    /// <summary>Refuses NaN and infinity, naming the column, the first row and the number of them.</summary>
    /// <exception cref="OfqlException">There is one.</exception>
    public static void RequireFinite(Column<float> column, string name, string path)
    {
        var values = column.Pointer;
        var length = column.Rows * column.Width;
        var (count, first) = (0L, -1L);
        for (var i = 0L; i < length; i++)
        {
            // All exponent bits set is what NaN and both infinities have in common.
            if ((BitConverter.SingleToUInt32Bits(values[i]) & ExponentBits) != ExponentBits)
                continue;
            first = count++ == 0 ? i : first;
        }

        if (count > 0)
        {
            throw new OfqlException(
                $"'{path}', column '{name}': {count} of {length} values are NaN or infinite, the first in row "
                + $"{first / column.Width}, entry {first % column.Width} (both from 0). Expected finite numbers. Correct the "
                + "recording, or drop these rows.");
        }
    }

    /// <summary>Refuses flags that are neither 0 nor 1.</summary>
    /// <exception cref="OfqlException">There is one.</exception>
    public static void RequireFlags(Column<byte> column, string name, string path)
    {
        for (var row = 0L; row < column.Rows; row++)
        {
            if (column.Pointer[row] > 1)
                throw NotAFlag(path, name, row, column.Pointer[row]);
        }
    }

    /// <summary>A flag column from numbers, which must be 0 or 1.</summary>
    /// <exception cref="OfqlException">One is neither.</exception>
    public static Column<byte> ToFlags(Column<float> column, string name, string path)
    {
        var flags = Column<byte>.Allocate(column.Rows, 1);
        for (var row = 0L; row < column.Rows; row++)
        {
            var value = column.Pointer[row];
            if (value != 0 && value != 1)
            {
                flags.Dispose();
                throw NotAFlag(path, name, row, value);
            }

            flags.Pointer[row] = (byte)value;
        }

        return flags;
    }

    private static OfqlException NotAFlag(string path, string name, long row, float value)
        => new(FormattableString.Invariant(
            $"'{path}', column '{name}', row {row}: expected 0 or 1, found {value}. Correct the flag."));
}
