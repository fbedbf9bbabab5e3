using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// y = x W + b for one row and weights of two bytes (<see cref="HalfWeights"/>): half of what <see cref="SingleRow"/> reads, which is what that one waits
/// for. The inputs become whole numbers too, parts of the largest of them, so that one instruction multiplies 32 pairs and no weight need be converted. Sums of
/// whole numbers are exact: every width of vectors computes the same bits.
/// </summary>
public static unsafe class HalfWeightRow
{
    // Added to a small number it leaves the nearest whole one in the lowest bits.
    private const float Rounding = 12582912f;

    /// <summary>y [N] from x [K], words of W [K, N] and a bias [N] or null; x, y and bias padded to whole panels, x by zeros. Padding of y is undefined.</summary>
    /// <param name="x">x [K].</param>
    /// <param name="k">K.</param>
    /// <param name="words">Words of W.</param>
    /// <param name="panels">Panels of W.</param>
    /// <param name="bias">b [N], or null.</param>
    /// <param name="y">y [N].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(float* x, int k, float* words, int panels, float* bias, float* y)
    {
        var stride = HalfWeights.PanelStride(k);
        var (worth, parts) = HalfWeights.Scale(Largest(x, k), HalfWeights.InputParts);
        var inputs = stackalloc short[HalfWeights.BlockInputs];
        for (var first = 0; first < k; first += HalfWeights.BlockInputs)
        {
            var count = Math.Min(HalfWeights.BlockInputs, k - first);
            ToParts(x + first, count, parts, inputs);
            var pairs = HalfWeights.Pairs(count);
            var w = (int*)words + (HalfWeights.Pairs(first) * PanelLayout.PanelWidth);
            for (var panel = 0; panel < panels; panel++)
            {
                if (Vector512.IsHardwareAccelerated)
                    Wide((int*)inputs, pairs, w, y + (panel * PanelLayout.PanelWidth), first > 0);
                else
                    Narrow((int*)inputs, pairs, w, y + (panel * PanelLayout.PanelWidth), first > 0);
                w += stride;
            }
        }

        for (var panel = 0; panel < panels; panel++)
        {
            var at = panel * PanelLayout.PanelWidth;
            Finish(y + at, worth, words + (panel * stride) + HalfWeights.WorthAt(k), bias == null ? null : bias + at);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(float* x, int k)
    {
        var largest = Vector256<float>.Zero;
        for (var i = 0; i < k; i += Vector256<float>.Count)
            largest = Vector256.Max(largest, Vector256.Abs(Vector256.Load(x + i)));
        var number = 0f;
        for (var i = 0; i < Vector256<float>.Count; i++)
            number = MathF.Max(number, largest[i]);
        return number;
    }

    /// <summary>Inputs as whole numbers of parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ToParts(float* x, int count, float parts, short* inputs)
    {
        var (factor, rounding) = (Vector256.Create(parts), Vector256.Create(Rounding));
        for (var i = 0; i < count; i += 2 * Vector256<float>.Count)
        {
            var lower = ((Vector256.Load(x + i) * factor) + rounding).AsInt32();
            var upper = ((Vector256.Load(x + i + Vector256<float>.Count) * factor) + rounding).AsInt32();
            Vector256.Narrow(lower, upper).Store(inputs + i);
        }
    }

    /// <summary>The sums of a panel over a block of inputs, in 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Wide(int* inputs, int pairs, int* w, float* y, bool accumulate)
    {
        Vector512<int> a = default, b = default;
        for (var i = 0; i < pairs; i++)
        {
            var v = Vector512.Create(inputs[i]);
            a += Multiply(v, Vector512.Load(w));
            b += Multiply(v, Vector512.Load(w + 16));
            w += PanelLayout.PanelWidth;
        }

        var (first, second) = (Vector512.ConvertToSingle(a), Vector512.ConvertToSingle(b));
        if (accumulate)
            (first, second) = (first + Vector512.Load(y), second + Vector512.Load(y + 16));
        first.Store(y);
        second.Store(y + 16);
    }

    /// <summary>The same in 256 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Narrow(int* inputs, int pairs, int* w, float* y, bool accumulate)
    {
        Vector256<int> a = default, b = default, c = default, d = default;
        for (var i = 0; i < pairs; i++)
        {
            var v = Vector256.Create(inputs[i]);
            a += Multiply(v, Vector256.Load(w));
            b += Multiply(v, Vector256.Load(w + 8));
            c += Multiply(v, Vector256.Load(w + 16));
            d += Multiply(v, Vector256.Load(w + 24));
            w += PanelLayout.PanelWidth;
        }

        Add(a, y, accumulate);
        Add(b, y + 8, accumulate);
        Add(c, y + 16, accumulate);
        Add(d, y + 24, accumulate);

        static void Add(Vector256<int> sums, float* y, bool accumulate)
        {
            var numbers = Vector256.ConvertToSingle(sums);
            (accumulate ? numbers + Vector256.Load(y) : numbers).Store(y);
        }
    }

    /// <summary>y = y worth + b, a column's parts and the inputs' parts taken together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(float* y, float worth, float* columns, float* bias)
    {
        for (var i = 0; i < PanelLayout.PanelWidth; i += Vector256<float>.Count)
        {
            var sum = Vector256.Load(y + i) * (Vector256.Create(worth) * Vector256.Load(columns + i));
            (bias == null ? sum : sum + Vector256.Load(bias + i)).Store(y + i);
        }
    }

    /// <summary>In each lane the product of the lower halves and that of the upper ones, added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Multiply(Vector512<int> a, Vector512<int> b) => Avx512BW.IsSupported
        ? Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16())
        : (((a << 16) >> 16) * ((b << 16) >> 16)) + ((a >> 16) * (b >> 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Multiply(Vector256<int> a, Vector256<int> b) => Avx2.IsSupported
        ? Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16())
        : (((a << 16) >> 16) * ((b << 16) >> 16)) + ((a >> 16) * (b >> 16));
}
