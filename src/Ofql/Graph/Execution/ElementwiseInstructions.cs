using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;

namespace Ofql.Graph.Execution;

/// <summary>Elementwise kernels over the stored rows of values of one shape; padding columns come out zero.</summary>
internal static unsafe class ElementwiseInstructions
{
    public static void Unary(Emitter emitter, UnaryOperation operation, float c0, float c1, Storage x, Storage y)
    {
        var kernel = UnaryKernels.Forward(operation);
        var clear = !UnaryKernels.PreservesZero(operation, c0, c1);
        emitter.Add(new RowInstruction(emitter, y.Layout, [x], [y], (first, end) =>
        {
            for (var panel = 0; panel < y.Layout.Panels; panel++)
                kernel(x.Pointer + Start(y.Layout, panel, first), y.Pointer + Start(y.Layout, panel, first), c0, c1, Count(y.Layout, first, end));
            if (clear)
                Moves.ClearPadding(y.Pointer, y.Layout, first, end);
        }));
    }

    /// <summary>result (+)= g f'(x).</summary>
    public static void UnaryDerivative(
        Emitter emitter, UnaryOperation operation, float c0, float c1, Storage x, Storage y, Storage g, Storage result, bool accumulate)
    {
        var kernel = UnaryKernels.Derivative(operation);
        // What a derivative does not look at must not delay it: a linear term needs no forward value.
        Storage[] reads = operation is UnaryOperation.Scale or UnaryOperation.Offset ? [g] : [x, y, g];
        emitter.Add(new RowInstruction(emitter, y.Layout, reads, [result], (first, end) =>
        {
            for (var panel = 0; panel < y.Layout.Panels; panel++)
            {
                var at = Start(y.Layout, panel, first);
                kernel(x.Pointer + at, y.Pointer + at, g.Pointer + at, result.Pointer + at, c0, c1, Count(y.Layout, first, end), accumulate);
            }

            // f'(0) may be infinite, and 0 times infinity is not 0.
            Moves.ClearPadding(result.Pointer, result.Layout, first, end);
        }));
    }

    public static void Binary(Emitter emitter, BinaryOperation operation, Storage a, Storage b, Storage y)
    {
        var kernel = BinaryKernels.Forward(operation);
        emitter.Add(new RowInstruction(emitter, y.Layout, [a, b], [y], (first, end) =>
        {
            for (var panel = 0; panel < y.Layout.Panels; panel++)
            {
                var at = Start(y.Layout, panel, first);
                kernel(a.Pointer + at, b.Pointer + at, y.Pointer + at, Count(y.Layout, first, end));
            }

            if (operation == BinaryOperation.Divide)
                Moves.ClearPadding(y.Pointer, y.Layout, first, end);
        }));
    }

    /// <summary>result (+)= g df/da, or g df/db.</summary>
    public static void BinaryDerivative(
        Emitter emitter, BinaryOperation operation, bool second, Storage a, Storage b, Storage y, Storage g, Storage result, bool accumulate)
    {
        var kernel = BinaryKernels.Derivative(operation, second);
        Storage[] reads = operation switch
        {
            BinaryOperation.Add or BinaryOperation.Subtract => [g],
            BinaryOperation.Multiply => [second ? a : b, g],
            _ => [a, b, y, g],
        };
        emitter.Add(new RowInstruction(emitter, y.Layout, reads, [result], (first, end) =>
        {
            for (var panel = 0; panel < y.Layout.Panels; panel++)
            {
                var at = Start(y.Layout, panel, first);
                kernel(a.Pointer + at, b.Pointer + at, y.Pointer + at, g.Pointer + at, result.Pointer + at, Count(y.Layout, first, end), accumulate);
            }

            if (operation == BinaryOperation.Divide)
                Moves.ClearPadding(result.Pointer, result.Layout, first, end);
        }));
    }

    private static nint Start(in PanelLayout layout, int panel, int row) => (panel * layout.PanelStride) + (row * layout.Width);

    /// <summary>Floats of the rows within one panel, in whole vectors of 16.</summary>
    private static nint Count(in PanelLayout layout, int first, int end) => ((((nint)end - first) * layout.Width) + 15) / 16 * 16;
}
