using System.Runtime.CompilerServices;
using Ofql.Kernels.Simd;

namespace Ofql.Kernels.Elementwise;

/// <summary>Kernels of functions of two numbers. Counts are multiples of 16; in-place is allowed.</summary>
public static unsafe class BinaryKernels
{
    /// <summary>Whether f(0, 0) = 0, so that zero padding stays zero.</summary>
    public static bool PreservesZero(BinaryOperation operation) => operation != BinaryOperation.Divide;

    /// <summary>y = f(a, b): (a, b, y, count).</summary>
    public static delegate*<float*, float*, float*, nint, void> Forward(BinaryOperation operation) => operation switch
    {
        BinaryOperation.Add => &Forward<BinaryFunctions.Add>,
        BinaryOperation.Subtract => &Forward<BinaryFunctions.Subtract>,
        BinaryOperation.Multiply => &Forward<BinaryFunctions.Multiply>,
        BinaryOperation.Divide => &Forward<BinaryFunctions.Divide>,
        BinaryOperation.Minimum => &Forward<BinaryFunctions.Minimum>,
        BinaryOperation.Maximum => &Forward<BinaryFunctions.Maximum>,
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    /// <summary>
    /// out (+)= g df/da (or df/db): (a, b, y, g, out, count, accumulate). Serves the backward pass and, summed over both
    /// arguments, the tangent pass.
    /// </summary>
    public static delegate*<float*, float*, float*, float*, float*, nint, bool, void> Derivative(BinaryOperation operation, bool second) =>
        (operation, second) switch
        {
            (BinaryOperation.Add, false) => &Derivative<BinaryFunctions.Add, FirstArgument>,
            (BinaryOperation.Add, true) => &Derivative<BinaryFunctions.Add, SecondArgument>,
            (BinaryOperation.Subtract, false) => &Derivative<BinaryFunctions.Subtract, FirstArgument>,
            (BinaryOperation.Subtract, true) => &Derivative<BinaryFunctions.Subtract, SecondArgument>,
            (BinaryOperation.Multiply, false) => &Derivative<BinaryFunctions.Multiply, FirstArgument>,
            (BinaryOperation.Multiply, true) => &Derivative<BinaryFunctions.Multiply, SecondArgument>,
            (BinaryOperation.Divide, false) => &Derivative<BinaryFunctions.Divide, FirstArgument>,
            (BinaryOperation.Divide, true) => &Derivative<BinaryFunctions.Divide, SecondArgument>,
            (BinaryOperation.Minimum, false) => &Derivative<BinaryFunctions.Minimum, FirstArgument>,
            (BinaryOperation.Minimum, true) => &Derivative<BinaryFunctions.Minimum, SecondArgument>,
            (BinaryOperation.Maximum, false) => &Derivative<BinaryFunctions.Maximum, FirstArgument>,
            (BinaryOperation.Maximum, true) => &Derivative<BinaryFunctions.Maximum, SecondArgument>,
            _ => throw new ArgumentOutOfRangeException(nameof(operation)),
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TFunction>(float* a, float* b, float* y, nint count)
        where TFunction : struct, IBinary
    {
        var body = new ForwardRun<TFunction> { A = a, B = b, Y = y };
        Run.Over(ref body, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Derivative<TFunction, TArgument>(float* a, float* b, float* y, float* g, float* result, nint count, bool accumulate)
        where TFunction : struct, IBinary
        where TArgument : struct, IArgument
    {
        var body = new DerivativeRun<TFunction, TArgument> { A = a, B = b, Y = y, G = g, Result = result, Accumulate = accumulate };
        Run.Over(ref body, count);
    }

    private interface IArgument
    {
        static abstract bool IsSecond { get; }
    }

    private readonly struct FirstArgument : IArgument
    {
        public static bool IsSecond => false;
    }

    private readonly struct SecondArgument : IArgument
    {
        public static bool IsSecond => true;
    }

    private struct ForwardRun<TFunction> : IRun
        where TFunction : struct, IBinary
    {
        public float* A;
        public float* B;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<T>(nint index)
            where T : unmanaged, ILanes<T> => TFunction.Value(T.Load(A + index), T.Load(B + index)).Store(Y + index);
    }

    private struct DerivativeRun<TFunction, TArgument> : IRun
        where TFunction : struct, IBinary
        where TArgument : struct, IArgument
    {
        public float* A;
        public float* B;
        public float* Y;
        public float* G;
        public float* Result;
        public bool Accumulate;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<T>(nint index)
            where T : unmanaged, ILanes<T>
        {
            T a = T.Load(A + index), b = T.Load(B + index), y = T.Load(Y + index), g = T.Load(G + index);
            var partial = TArgument.IsSecond ? TFunction.Second(a, b, y) : TFunction.First(a, b, y);
            // 0 times an infinite or undefined slope is 0: padding, where everything is 0, stays 0.
            var product = T.Select(T.Equal(g, T.Create(0f)), g, g * partial);
            (Accumulate ? T.Load(Result + index) + product : product).Store(Result + index);
        }
    }
}
