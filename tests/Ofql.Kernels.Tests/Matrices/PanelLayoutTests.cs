using FsCheck;
using FsCheck.Fluent;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Tests.Support;
using Xunit;

namespace Ofql.Kernels.Tests.Matrices;

public sealed unsafe class PanelLayoutTests
{
    private static readonly Arbitrary<(int Rows, int Columns, bool Panels)> Shapes = Arb.From(
        from rows in Gen.Choose(1, 90)
        from columns in Gen.OneOf(Gen.Choose(1, 3), Gen.Choose(1, 130))
        from panels in Gen.Elements(false, true)
        select (rows, columns, panels));

    [Fact]
    public void Every_element_has_a_place_of_its_own_inside() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Shapes, shape =>
    {
        var layout = new PanelLayout(shape.Rows, shape.Columns, shape.Panels);
        var taken = new HashSet<int>();
        for (var row = 0; row < shape.Rows; row++)
        {
            for (var column = 0; column < shape.Columns; column++)
            {
                var offset = layout.Offset(row, column);
                if (offset < 0 || offset >= layout.Length || !taken.Add(offset))
                    return false;
            }
        }

        return layout.Length % 16 == 0 && layout.StoredRows >= shape.Rows && layout.Panels * layout.Width >= shape.Columns;
    }));

    [Fact]
    public void Unpacking_gives_back_what_was_packed() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Shapes, shape =>
    {
        var layout = new PanelLayout(shape.Rows, shape.Columns, shape.Panels);
        using Matrix packed = new(layout), byRows = new(layout);
        var values = Enumerable.Range(1, shape.Rows * shape.Columns).Select(i => (float)i).ToArray();
        layout.Pack(values, packed.Pointer);
        packed.AssertGuardsAndPadding();
        packed.AssertEach("packed", (r, c) => (1 + (r * shape.Columns) + c, 0));
        for (var row = 0; row < shape.Rows; row++)
            layout.PackRow(row, values.AsSpan(row * shape.Columns, shape.Columns), byRows.Pointer);
        byRows.AssertSameBits("row by row", packed);
        var unpacked = new float[values.Length];
        layout.Unpack(packed.Pointer, unpacked);
        return values.AsSpan().SequenceEqual(unpacked);
    }));

    [Fact]
    public void A_wrong_length_is_refused_with_both_numbers()
    {
        var layout = new PanelLayout(3, 5);
        using var matrix = new Matrix(layout);
        var failure = Assert.Throws<ArgumentException>(() => layout.Pack(new float[14], matrix.Pointer));
        Assert.Contains("3 x 5 = 15", failure.Message, StringComparison.Ordinal);
        Assert.Contains("14", failure.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => layout.Unpack(matrix.Pointer, new float[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PanelLayout(0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PanelLayout(5, -1));
    }

    [Fact]
    public void A_native_buffer_is_aligned_zeroed_and_spanned()
    {
        using var buffer = new NativeBuffer<float>(1000);
        Assert.Equal(0, (nint)buffer.Pointer % 64);
        Assert.Equal(-1, buffer.Span.IndexOfAnyExcept(0f));
        Assert.Equal(1000, buffer.Span.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeBuffer<float>(-1));
        buffer.Dispose();
        Assert.True(buffer.Pointer == null);
    }
}
