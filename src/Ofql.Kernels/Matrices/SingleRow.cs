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
    /// <summary>Kernel for an activation: (x, K, W, floats between panels of W, panels, bias or null, y).</summary>
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
    private static void Forward<TActivation>(float* x, int k, float* w, nint panelStride, int panels, float* bias, float* y)
        where TActivation : struct, IActivation
    {
        if (Vector512.IsHardwareAccelerated)
            Forward<TActivation, Lanes512>(x, k, w, panelStride, panels, bias, y);
        else if (Vector256.IsHardwareAccelerated)
            Forward<TActivation, Lanes256>(x, k, w, panelStride, panels, bias, y);
        else
            Forward<TActivation, Lanes128>(x, k, w, panelStride, panels, bias, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TActivation, T>(float* x, int k, float* w, nint panelStride, int panels, float* bias, float* y)
        where TActivation : struct, IActivation
        where T : unmanaged, ILanes<T>
    {
        var columns = panels * PanelLayout.PanelWidth;
        var column = 0;
        for (; column + (8 * T.Count) <= columns; column += 8 * T.Count)
            EightVectors<TActivation, T>(x, k, w, panelStride, bias, y, column);
        for (; column < columns; column += T.Count)
            OneVector<TActivation, T>(x, k, w, panelStride, bias, y, column);
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
