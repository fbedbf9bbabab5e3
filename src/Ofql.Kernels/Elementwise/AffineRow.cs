using System.Runtime.Intrinsics;

namespace Ofql.Kernels.Elementwise;

/// <summary>A normaliser's kernel, for single rows in ordinary order.</summary>
public static class AffineRow
{
    /// <summary>destination[i] = (source[i] - shift[i]) * scale[i]; rounded twice in every width, so the same bits.</summary>
    /// <exception cref="ArgumentException">Another row is shorter than <paramref name="destination"/>.</exception>
    public static void ShiftAndScale(ReadOnlySpan<float> source, ReadOnlySpan<float> shift, ReadOnlySpan<float> scale, Span<float> destination)
    {
        var count = destination.Length;
        if (source.Length < count || shift.Length < count || scale.Length < count)
            throw new ArgumentException($"{count} numbers cannot be made of {source.Length}, shifts {shift.Length} and scales {scale.Length}.");
        var i = 0;
        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count)
            ((Vector256.Create(source[i..]) - Vector256.Create(shift[i..])) * Vector256.Create(scale[i..])).CopyTo(destination[i..]);
        for (; i < count; i++)
            destination[i] = (source[i] - shift[i]) * scale[i];
    }
}
