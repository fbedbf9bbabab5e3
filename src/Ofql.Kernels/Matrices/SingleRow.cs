using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Matrices;

/// <summary>
/// y = f(x W + b) for one row: acting on one state. Bound by the bandwidth of the second-level cache, through which the
/// weights stream once. x [K], y [N] and bias [N] consecutive, padded to whole panels; W [K, N] in panels.
/// </summary>
public static unsafe class SingleRow
{
    /// <summary>Steps of the sum on one panel before the next has its turn: a kilobyte of W in one piece, which streams better than rows of all panels in turns.</summary>
    private const int StepsInTurn = 8;

    /// <summary>Kernel for an activation: (x, K, W, floats between panels of W, N, bias or null, y). Padding of y comes out zero where a whole vector is padding.</summary>
    public static delegate*<float*, int, float*, nint, int, float*, float*, void> Select(Activation activation) => activation switch
    {
        Activation.Identity => &Forward<IdentityActivation>,
        Activation.Mish => &Forward<MishActivation>,
        Activation.Relu => &Forward<ReluActivation>,
        Activation.Gelu => &Forward<GeluActivation>,
        Activation.Tanh => &Forward<TanhActivation>,
        Activation.Silu => &Forward<SiluActivation>,
        Activation.Sigmoid => &Forward<SigmoidActivation>,
        Activation.Softplus => &Forward<SoftplusActivation>,
        Activation.Elu => &Forward<EluActivation>,
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TActivation>(float* x, int k, float* w, nint panelStride, int columns, float* bias, float* y)
        where TActivation : struct, IActivation
    {
        if (Vector512.IsHardwareAccelerated)
            Forward512<TActivation>(x, k, w, panelStride, columns, bias, y);
        else if (Vector256.IsHardwareAccelerated)
            Forward<TActivation, Lanes256>(x, k, w, panelStride, columns, bias, y, 0);
        else
            Forward<TActivation, Lanes128>(x, k, w, panelStride, columns, bias, y, 0);
    }

    private static void Forward512<TActivation>(float* x, int k, float* w, nint panelStride, int columns, float* bias, float* y)
        where TActivation : struct, IActivation
    {
        const int Columns = 8 * PanelLayout.PanelWidth;
        var column = 0;
        for (; column + Columns <= WholeVectors<Lanes512>(columns); column += Columns)
        {
            EightPanels(x, k, At(w, panelStride, column), panelStride, bias == null ? null : bias + column, y + column);
            Activate<TActivation>(y + column, Columns);
        }

        if (column < columns)
            Forward<TActivation, Lanes512>(x, k, w, panelStride, columns, bias, y, column);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TActivation, T>(float* x, int k, float* w, nint panelStride, int columns, float* bias, float* y, int column)
        where TActivation : struct, IActivation
        where T : unmanaged, ILanes<T>
    {
        for (; column + (8 * T.Count) <= WholeVectors<T>(columns); column += 8 * T.Count)
            EightVectors<TActivation, T>(x, k, w, panelStride, bias, y, column);
        for (; column < columns; column += T.Count)
            OneVector<TActivation, T>(x, k, w, panelStride, bias, y, column);
        // A vector of padding alone would take as long as one of sums.
        for (; column % PanelLayout.PanelWidth != 0; column += T.Count)
            T.Create(0f).Store(y + column);
    }

    private static int WholeVectors<T>(int columns)
        where T : unmanaged, ILanes<T> => (columns + T.Count - 1) / T.Count * T.Count;

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Activate<TActivation>(float* y, int count)
        where TActivation : struct, IActivation
    {
        if (typeof(TActivation) != typeof(IdentityActivation))
            ActivateEpilogue<TActivation>.Apply<LaneQuad<Lanes512>>(y, null, count);
    }

    /// <summary>256 outputs at once, in sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightPanels(float* x, int k, float* w, nint panelStride, float* bias, float* y)
    {
        Vector512<float> a0 = default, b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0, a3 = a0, b3 = a0, a4 = a0, b4 = a0, a5 = a0, b5 = a0, a6 = a0, b6 = a0, a7 = a0, b7 = a0;
        if (bias != null)
        {
            (a0, b0) = (Vector512.Load(bias), Vector512.Load(bias + 16));
            (a1, b1) = (Vector512.Load(bias + 32), Vector512.Load(bias + 48));
            (a2, b2) = (Vector512.Load(bias + 64), Vector512.Load(bias + 80));
            (a3, b3) = (Vector512.Load(bias + 96), Vector512.Load(bias + 112));
            (a4, b4) = (Vector512.Load(bias + 128), Vector512.Load(bias + 144));
            (a5, b5) = (Vector512.Load(bias + 160), Vector512.Load(bias + 176));
            (a6, b6) = (Vector512.Load(bias + 192), Vector512.Load(bias + 208));
            (a7, b7) = (Vector512.Load(bias + 224), Vector512.Load(bias + 240));
        }

        var end = x + k;
        while (x < end)
        {
            var steps = (int)Math.Min(StepsInTurn, end - x);
            Steps(x, steps, w, ref a0, ref b0);
            Steps(x, steps, w + panelStride, ref a1, ref b1);
            Steps(x, steps, w + (2 * panelStride), ref a2, ref b2);
            Steps(x, steps, w + (3 * panelStride), ref a3, ref b3);
            Steps(x, steps, w + (4 * panelStride), ref a4, ref b4);
            Steps(x, steps, w + (5 * panelStride), ref a5, ref b5);
            Steps(x, steps, w + (6 * panelStride), ref a6, ref b6);
            Steps(x, steps, w + (7 * panelStride), ref a7, ref b7);
            x += steps;
            w += steps * PanelLayout.PanelWidth;
        }

        Store(y, a0, b0);
        Store(y + 32, a1, b1);
        Store(y + 64, a2, b2);
        Store(y + 96, a3, b3);
        Store(y + 128, a4, b4);
        Store(y + 160, a5, b5);
        Store(y + 192, a6, b6);
        Store(y + 224, a7, b7);
    }

    /// <summary>Some steps of the sums of one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Steps(float* x, int steps, float* w, ref Vector512<float> a, ref Vector512<float> b)
    {
        Vector512<float> first = a, second = b;
        for (var i = 0; i < steps; i++)
        {
            var v = Vector512.Create(x[i]);
            first = Vector512.MultiplyAddEstimate(v, Vector512.Load(w), first);
            second = Vector512.MultiplyAddEstimate(v, Vector512.Load(w + 16), second);
            w += PanelLayout.PanelWidth;
        }

        (a, b) = (first, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, Vector512<float> a, Vector512<float> b)
    {
        a.Store(y);
        b.Store(y + 16);
    }

    /// <summary>Start of the column of W that begins at a multiple of the vector length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* At(float* w, nint panelStride, int column) =>
        w + (column / PanelLayout.PanelWidth * panelStride) + (column % PanelLayout.PanelWidth);

    /// <summary>Eight independent chains hide the latency of the multiply-add.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EightVectors<TActivation, T>(float* x, int k, float* w, nint panelStride, float* bias, float* y, int column)
        where TActivation : struct, IActivation
        where T : unmanaged, ILanes<T>
    {
        var n = T.Count;
        float* w0 = At(w, panelStride, column), w1 = At(w, panelStride, column + n);
        float* w2 = At(w, panelStride, column + (2 * n)), w3 = At(w, panelStride, column + (3 * n));
        float* w4 = At(w, panelStride, column + (4 * n)), w5 = At(w, panelStride, column + (5 * n));
        float* w6 = At(w, panelStride, column + (6 * n)), w7 = At(w, panelStride, column + (7 * n));
        T s0 = T.Create(0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        if (bias != null)
        {
            s0 = T.Load(bias + column);
            s1 = T.Load(bias + column + n);
            s2 = T.Load(bias + column + (2 * n));
            s3 = T.Load(bias + column + (3 * n));
            s4 = T.Load(bias + column + (4 * n));
            s5 = T.Load(bias + column + (5 * n));
            s6 = T.Load(bias + column + (6 * n));
            s7 = T.Load(bias + column + (7 * n));
        }

        nint offset = 0;
        for (var i = 0; i < k; i++)
        {
            var v = T.Create(x[i]);
            s0 = T.MultiplyAdd(v, T.Load(w0 + offset), s0);
            s1 = T.MultiplyAdd(v, T.Load(w1 + offset), s1);
            s2 = T.MultiplyAdd(v, T.Load(w2 + offset), s2);
            s3 = T.MultiplyAdd(v, T.Load(w3 + offset), s3);
            s4 = T.MultiplyAdd(v, T.Load(w4 + offset), s4);
            s5 = T.MultiplyAdd(v, T.Load(w5 + offset), s5);
            s6 = T.MultiplyAdd(v, T.Load(w6 + offset), s6);
            s7 = T.MultiplyAdd(v, T.Load(w7 + offset), s7);
            offset += PanelLayout.PanelWidth;
        }

        TActivation.Value(s0).Store(y + column);
        TActivation.Value(s1).Store(y + column + n);
        TActivation.Value(s2).Store(y + column + (2 * n));
        TActivation.Value(s3).Store(y + column + (3 * n));
        TActivation.Value(s4).Store(y + column + (4 * n));
        TActivation.Value(s5).Store(y + column + (5 * n));
        TActivation.Value(s6).Store(y + column + (6 * n));
        TActivation.Value(s7).Store(y + column + (7 * n));
    }

    /// <summary>One vector of outputs, summed in the order of the tiles so that the bits match theirs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OneVector<TActivation, T>(float* x, int k, float* w, nint panelStride, float* bias, float* y, int column)
        where TActivation : struct, IActivation
        where T : unmanaged, ILanes<T>
    {
        var p = At(w, panelStride, column);
        var sum = bias == null ? T.Create(0f) : T.Load(bias + column);
        for (var i = 0; i < k; i++)
        {
            sum = T.MultiplyAdd(T.Create(x[i]), T.Load(p), sum);
            p += PanelLayout.PanelWidth;
        }

        TActivation.Value(sum).Store(y + column);
    }
}
