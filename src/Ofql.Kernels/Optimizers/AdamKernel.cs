using System.Runtime.CompilerServices;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Optimizers;

/// <summary>Constants of one Adam step.</summary>
public struct AdamStep
{
    /// <summary>Factor on the gradient: the global-norm clip, 1 when inactive.</summary>
    public float GradientScale;

    /// <summary>Decay of the first moment.</summary>
    public float Beta1;

    /// <summary>Decay of the second moment.</summary>
    public float Beta2;

    /// <summary>1 - beta1, rounded once: 1f - (float)0.999 is off by 1.3e-5.</summary>
    public float Rate1;

    /// <summary>1 - beta2, rounded once.</summary>
    public float Rate2;

    /// <summary>lr / (1 - beta1^k).</summary>
    public float StepSize;

    /// <summary>1 / sqrt(1 - beta2^k).</summary>
    public float SecondMomentScale;

    /// <summary>Added to the denominator.</summary>
    public float Epsilon;

    /// <summary>1 - lr * weight decay (decoupled, AdamW); 1 for Adam.</summary>
    public float Shrink;

    /// <summary>The constants of step <paramref name="k"/> (from 1).</summary>
    public static AdamStep At(long k, double learningRate, double beta1, double beta2, double epsilon, double weightDecay, double gradientScale) => new()
    {
        GradientScale = (float)gradientScale,
        Beta1 = (float)beta1,
        Beta2 = (float)beta2,
        Rate1 = (float)(1 - beta1),
        Rate2 = (float)(1 - beta2),
        StepSize = (float)(learningRate / (1 - Math.Pow(beta1, k))),
        SecondMomentScale = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, k))),
        Epsilon = (float)epsilon,
        Shrink = (float)(1 - (learningRate * weightDecay)),
    };
}

/// <summary>Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019) and moving averages over flat blocks.</summary>
public static unsafe class AdamKernel
{
    /// <summary>
    /// m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2; p = shrink p - stepSize m / (sqrt(v) secondMomentScale + eps), with g scaled.
    /// Counts are multiples of 16.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(in AdamStep step, float* parameters, float* gradient, float* first, float* second, nint count)
    {
        var body = new AdamRun { Step = step, P = parameters, G = gradient, M = first, V = second };
        Run.Over(ref body, count);
    }

    /// <summary>target = weight * source + (1 - weight) * target. Counts are multiples of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Average(float* source, float* target, float weight, nint count)
    {
        var body = new AverageRun { Source = source, Target = target, Weight = weight };
        Run.Over(ref body, count);
    }

    /// <summary>Factor of global-norm clipping: min(1, bound / (norm + 1e-6)); 1 where the bound is 0 (no clipping).</summary>
    public static double ClipScale(double norm, double bound) => bound <= 0 ? 1 : Math.Min(1, bound / (norm + 1e-6));

    private struct AdamRun : IRun
    {
        /// <summary>
        /// The moments of a parameter that no gradient reaches any more (a dead unit) fall by a factor each step, leave the normal numbers and would
        /// stay there, which is slow on Intel's processors for as long as the training lasts. What is so small moves no parameter: it is taken for 0.
        /// </summary>
        private const float SmallestMoment = 1e-36f;

        /// <summary>Its square times 1 - beta2 is still a normal number.</summary>
        private const float SmallestGradient = 1e-16f;

        public AdamStep Step;
        public float* P;
        public float* G;
        public float* M;
        public float* V;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<T>(nint index)
            where T : unmanaged, ILanes<T>
        {
            var g = ZeroBelow(T.Load(G + index) * T.Create(Step.GradientScale), SmallestGradient);
            var m = ZeroBelow(T.MultiplyAdd(T.Create(Step.Beta1), T.Load(M + index), T.Create(Step.Rate1) * g), SmallestMoment);
            var v = ZeroBelow(T.MultiplyAdd(T.Create(Step.Beta2), T.Load(V + index), T.Create(Step.Rate2) * g * g), SmallestMoment);
            m.Store(M + index);
            v.Store(V + index);
            var denominator = T.MultiplyAdd(T.Sqrt(v), T.Create(Step.SecondMomentScale), T.Create(Step.Epsilon));
            var p = T.Create(Step.Shrink) * T.Load(P + index);
            (p - (T.Create(Step.StepSize) * m / denominator)).Store(P + index);
        }

        /// <summary>x, or 0 where its size is below the bound. NaN stays: it is not below.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T ZeroBelow<T>(T x, float bound)
            where T : unmanaged, ILanes<T> => T.Select(T.LessThan(T.Abs(x), T.Create(bound)), T.Create(0f), x);
    }

    private struct AverageRun : IRun
    {
        public float* Source;
        public float* Target;
        public float Weight;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<T>(nint index)
            where T : unmanaged, ILanes<T>
        {
            var target = T.Load(Target + index);
            T.MultiplyAdd(T.Create(Weight), T.Load(Source + index), T.Create(1f - Weight) * target).Store(Target + index);
        }
    }
}
