using System.Runtime.CompilerServices;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>The loops over rows, and over the panels of a row: whole ones without a mask.</summary>
public static unsafe partial class RowNorm
{
    private const int GroupRows = 16;

    // Sixteen rows at a time, step by step: a row's quotient or root waits for its sum, and the next rows' sums do not wait for that.
    private static void Forward<T>(
        float* x, in PanelLayout layout, float* weight, float* bias, NormForm form, float* y, float* xhat, float* inverse, int firstRow, int endRow)
        where T : unmanaged, ILanes<T>
    {
        float* means = stackalloc float[GroupRows], squares = stackalloc float[GroupRows];
        new Span<float>(means, GroupRows).Clear();
        var panels = RowPanels.Of(layout);
        for (var first = firstRow; first < endRow; first += GroupRows)
        {
            var rows = Math.Min(GroupRows, endRow - first);
            var from = x + ((nint)first * PanelLayout.PanelWidth);
            for (var i = 0; i < rows && form.Centered; i++)
                means[i] = Sum<T>(from + (i * PanelLayout.PanelWidth), panels) / layout.Columns;
            for (var i = 0; i < rows; i++)
                squares[i] = SumOfSquares<T>(from + (i * PanelLayout.PanelWidth), means[i], panels);
            for (var i = 0; i < rows; i++)
                inverse[first + i] = 1f / MathF.Sqrt((squares[i] / layout.Columns) + form.Epsilon);
            for (var i = 0; i < rows; i++)
            {
                var at = ((nint)first + i) * PanelLayout.PanelWidth;
                Normalize<T>(x + at, weight, bias, means[i], inverse[first + i] * form.Scale, y + at, xhat + at, panels);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum<T>(float* x, in RowPanels panels)
        where T : unmanaged, ILanes<T>
    {
        T even = T.Create(0f), odd = even;
        for (var panel = 0; panel < panels.Whole; panel++, x += panels.Stride)
            Add<Whole>(x, null, ref even, ref odd);
        if (panels.Mask != null)
            Add<Part>(x, panels.Mask, ref even, ref odd);
        return T.Sum(even + odd);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Add<TPanel>(float* x, float* mask, ref T even, ref T odd)
            where TPanel : IPanel
        {
            for (var i = 0; i < PanelLayout.PanelWidth; i += 2 * T.Count)
            {
                even = even + TPanel.Cut(T.Load(x + i), mask, i);
                odd = odd + TPanel.Cut(T.Load(x + i + T.Count), mask, i + T.Count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfSquares<T>(float* x, float mean, in RowPanels panels)
        where T : unmanaged, ILanes<T>
    {
        T shift = T.Create(mean), even = T.Create(0f), odd = even;
        for (var panel = 0; panel < panels.Whole; panel++, x += panels.Stride)
            Add<Whole>(x, shift, null, ref even, ref odd);
        if (panels.Mask != null)
            Add<Part>(x, shift, panels.Mask, ref even, ref odd);
        return T.Sum(even + odd);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Add<TPanel>(float* x, T shift, float* mask, ref T even, ref T odd)
            where TPanel : IPanel
        {
            for (var i = 0; i < PanelLayout.PanelWidth; i += 2 * T.Count)
            {
                T a = TPanel.Cut(T.Load(x + i) - shift, mask, i), b = TPanel.Cut(T.Load(x + i + T.Count) - shift, mask, i + T.Count);
                even = T.MultiplyAdd(a, a, even);
                odd = T.MultiplyAdd(b, b, odd);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Normalize<T>(float* x, float* weight, float* bias, float mean, float scale, float* y, float* xhat, in RowPanels panels)
        where T : unmanaged, ILanes<T>
    {
        T shift = T.Create(mean), factor = T.Create(scale);
        nint at = 0;
        for (var panel = 0; panel < panels.Whole; panel++, at += panels.Stride)
            Write<Whole>(x + at, weight + (panel * PanelLayout.PanelWidth), FactorOf(bias, panel), shift, factor, y + at, xhat + at, null);
        if (panels.Mask != null)
            Write<Part>(x + at, weight + (panels.Whole * PanelLayout.PanelWidth), FactorOf(bias, panels.Whole), shift, factor, y + at, xhat + at, panels.Mask);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Write<TPanel>(float* x, float* weight, float* bias, T shift, T factor, float* y, float* xhat, float* mask)
            where TPanel : IPanel
        {
            for (var i = 0; i < PanelLayout.PanelWidth; i += T.Count)
            {
                var normalised = TPanel.Cut((T.Load(x + i) - shift) * factor, mask, i);
                normalised.Store(xhat + i);
                var weighted = bias == null ? normalised * T.Load(weight + i) : T.MultiplyAdd(normalised, T.Load(weight + i), T.Load(bias + i));
                TPanel.Cut(weighted, mask, i).Store(y + i);
            }
        }
    }

    /// <summary>out (+)= after * J (before * v); null factors are 1. Padding columns of v and xhat are zero and enter no sum.</summary>
    private static void Project<T>(
        float* v, in PanelLayout layout, float* before, float* after, NormForm form, float* xhat, float* inverse, float* result, bool accumulate, int firstRow, int endRow)
        where T : unmanaged, ILanes<T>
    {
        float* means = stackalloc float[GroupRows], projections = stackalloc float[GroupRows];
        var squares = layout.Columns * form.Scale * form.Scale;
        var panels = RowPanels.Of(layout);
        for (var first = firstRow; first < endRow; first += GroupRows)
        {
            var rows = Math.Min(GroupRows, endRow - first);
            for (var i = 0; i < rows; i++)
            {
                var at = ((nint)first + i) * PanelLayout.PanelWidth;
                Sums<T>(v + at, before, xhat + at, panels, out var sum, out var product);
                means[i] = form.Centered ? sum / layout.Columns : 0f;
                projections[i] = product / squares;
            }

            for (var i = 0; i < rows; i++)
            {
                var at = ((nint)first + i) * PanelLayout.PanelWidth;
                ProjectRow<T>(v + at, before, after, xhat + at, means[i], projections[i], inverse[first + i] * form.Scale, result + at, accumulate, panels);
            }
        }
    }

    /// <summary>Sums over a row of h = before * v and of h xhat.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sums<T>(float* v, float* before, float* xhat, in RowPanels panels, out float sum, out float product)
        where T : unmanaged, ILanes<T>
    {
        T sums = T.Create(0f), products = sums;
        nint at = 0;
        for (var panel = 0; panel < panels.Whole; panel++, at += panels.Stride)
            Add<Whole>(v + at, FactorOf(before, panel), xhat + at, null, ref sums, ref products);
        if (panels.Mask != null)
            Add<Part>(v + at, FactorOf(before, panels.Whole), xhat + at, panels.Mask, ref sums, ref products);
        (sum, product) = (T.Sum(sums), T.Sum(products));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Add<TPanel>(float* v, float* factor, float* xhat, float* mask, ref T sums, ref T products)
            where TPanel : IPanel
        {
            for (var i = 0; i < PanelLayout.PanelWidth; i += T.Count)
            {
                var h = TPanel.Cut(Scaled<T>(v, factor, i), mask, i);
                sums = sums + h;
                products = T.MultiplyAdd(h, T.Load(xhat + i), products);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectRow<T>(
        float* v, float* before, float* after, float* xhat, float mean, float projection, float scale, float* result, bool accumulate, in RowPanels panels)
        where T : unmanaged, ILanes<T>
    {
        T shift = T.Create(mean), share = T.Create(projection), factor = T.Create(scale);
        nint at = 0;
        for (var panel = 0; panel < panels.Whole; panel++, at += panels.Stride)
            Write<Whole>(v + at, FactorOf(before, panel), FactorOf(after, panel), xhat + at, shift, share, factor, result + at, accumulate, null);
        if (panels.Mask != null)
            Write<Part>(v + at, FactorOf(before, panels.Whole), FactorOf(after, panels.Whole), xhat + at, shift, share, factor, result + at, accumulate, panels.Mask);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Write<TPanel>(float* v, float* before, float* after, float* xhat, T shift, T share, T factor, float* result, bool accumulate, float* mask)
            where TPanel : IPanel
        {
            for (var i = 0; i < PanelLayout.PanelWidth; i += T.Count)
            {
                var d = (Scaled<T>(v, before, i) - shift - (T.Load(xhat + i) * share)) * factor;
                if (after != null)
                    d = d * T.Load(after + i);
                d = TPanel.Cut(d, mask, i);
                (accumulate ? T.Load(result + i) + d : d).Store(result + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* FactorOf(float* factors, int panel) => factors == null ? null : factors + (panel * PanelLayout.PanelWidth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Scaled<T>(float* v, float* factor, int i)
        where T : unmanaged, ILanes<T> => factor == null ? T.Load(v + i) : T.Load(v + i) * T.Load(factor + i);

    /// <summary>A panel, in sums and results: whole, or with columns of padding that are left out.</summary>
    private interface IPanel
    {
        static abstract T Cut<T>(T value, float* mask, int i)
            where T : unmanaged, ILanes<T>;
    }

    private readonly struct Whole : IPanel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Cut<T>(T value, float* mask, int i)
            where T : unmanaged, ILanes<T> => value;
    }

    private readonly struct Part : IPanel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Cut<T>(T value, float* mask, int i)
            where T : unmanaged, ILanes<T> => value & T.Load(mask + i);
    }

    /// <summary>The panels of a row: so many whole ones, so far apart, and the mask of one more that has padding, or null.</summary>
    private readonly struct RowPanels
    {
        public int Whole { get; private init; }

        public nint Stride { get; private init; }

        public float* Mask { get; private init; }

        public static RowPanels Of(in PanelLayout layout)
        {
            var (whole, rest) = Math.DivRem(layout.Columns, PanelLayout.PanelWidth);
            return new RowPanels { Whole = whole, Stride = layout.PanelStride, Mask = rest == 0 ? null : ColumnMask.For(rest) };
        }
    }
}
