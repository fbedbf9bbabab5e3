using Ofql.Kernels.Matrices;
using Xunit;

namespace Ofql.Kernels.Tests.Support;

/// <summary>
/// A matrix in panel layout between guard zones. Guards and padding rows hold a NaN of a known bit pattern, so that a kernel
/// that uses them shows it in its results and a kernel that writes the guards is caught; padding columns are zero, as the
/// layout promises.
/// </summary>
internal sealed unsafe class Matrix : IDisposable
{
    private const int GuardLength = 512;

    // A quiet NaN that no arithmetic produces by itself.
    private const int Sentinel = 0x7FC5A5A4;

    private readonly NativeBuffer<float> _buffer;

    public Matrix(PanelLayout layout)
    {
        Layout = layout;
        _buffer = new NativeBuffer<float>(layout.Length + (2 * GuardLength));
        _buffer.Span.Fill(BitConverter.Int32BitsToSingle(Sentinel));
        for (var row = 0; row < layout.Rows; row++)
        {
            for (var column = 0; column < layout.Panels * layout.Width; column++)
                Pointer[layout.Offset(row, column)] = 0f;
        }
    }

    public Matrix(int rows, int columns)
        : this(new PanelLayout(rows, columns))
    {
    }

    public PanelLayout Layout { get; }

    public float* Pointer => _buffer.Pointer + GuardLength;

    public int Rows => Layout.Rows;

    public int Columns => Layout.Columns;

    public float this[int row, int column]
    {
        get => Pointer[Layout.Offset(row, column)];
        set => Pointer[Layout.Offset(row, column)] = value;
    }

    /// <summary>Numbers in [low, high), the same for the same seed.</summary>
    public static Matrix Random(PanelLayout layout, int seed, double low = -1, double high = 1)
    {
        var random = new Random(seed);
        return Of(layout, (_, _) => low + ((high - low) * random.NextDouble()));
    }

    public static Matrix Random(int rows, int columns, int seed, double low = -1, double high = 1) =>
        Random(new PanelLayout(rows, columns), seed, low, high);

    public static Matrix Of(PanelLayout layout, Func<int, int, double> value)
    {
        var matrix = new Matrix(layout);
        for (var row = 0; row < layout.Rows; row++)
        {
            for (var column = 0; column < layout.Columns; column++)
                matrix[row, column] = (float)value(row, column);
        }

        return matrix;
    }

    public Matrix Copy()
    {
        var copy = new Matrix(Layout);
        _buffer.Span.CopyTo(copy._buffer.Span);
        return copy;
    }

    /// <summary>Fails where anything outside the matrix was written.</summary>
    public void AssertGuards()
    {
        var bits = new ReadOnlySpan<int>(_buffer.Pointer, GuardLength);
        Assert.Equal(-1, bits.IndexOfAnyExcept(Sentinel));
        bits = new ReadOnlySpan<int>(Pointer + Layout.Length, GuardLength);
        Assert.Equal(-1, bits.IndexOfAnyExcept(Sentinel));
    }

    /// <summary>Fails where anything outside the matrix was written, or a padding column of a true row is not zero.</summary>
    public void AssertGuardsAndPadding()
    {
        AssertGuards();
        for (var row = 0; row < Rows; row++)
        {
            for (var column = Columns; column < Layout.Panels * Layout.Width; column++)
                Assert.True(this[row, column] == 0f, $"Padding column {column} of row {row} holds {this[row, column]}.");
        }
    }

    /// <summary>Fails unless each element is within its own bound of its own value.</summary>
    public void AssertEach(string what, Func<int, int, (double Value, double Bound)> expected)
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                var (value, bound) = expected(row, column);
                var found = this[row, column];
                if (!(Math.Abs(found - value) <= bound))
                    Assert.Fail($"{what} {Rows}x{Columns}, element [{row}, {column}]: expected {value:g9} within {bound:g3}, found {found:g9}.");
            }
        }
    }

    /// <summary>Fails unless each element of the true rows and columns has the same bits.</summary>
    public void AssertSameBits(string what, Matrix other)
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                if (BitConverter.SingleToInt32Bits(this[row, column]) != BitConverter.SingleToInt32Bits(other[row, column]))
                    Assert.Fail($"{what} {Rows}x{Columns}, element [{row}, {column}]: {this[row, column]:g9} and {other[row, column]:g9} differ.");
            }
        }
    }

    public void Dispose() => _buffer.Dispose();
}
