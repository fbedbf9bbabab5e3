using Ofql.Graph.Execution;
using Ofql.Graph.Outlines;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Matrices;
using Ofql.Kernels.Reductions;

namespace Ofql.Graph.Nodes;

/// <summary>Frequencies of a sinusoidal embedding of even size E, and which columns are sines.</summary>
public sealed class SinusoidFrequencies
{
    private SinusoidFrequencies(int size, bool sineFirst, Func<int, double> frequency)
    {
        if (size < 2 || size % 2 != 0)
            throw new GraphException($"The size of a sinusoidal embedding is even and at least 2; found {size}.");
        Size = size;
        Frequency = new float[size];
        IsSine = new bool[size];
        for (var column = 0; column < size; column++)
        {
            Frequency[column] = (float)frequency(column % (size / 2));
            IsSine[column] = column < size / 2 == sineFirst;
        }

        Half = Frequency[..(size / 2)];
    }

    /// <summary>Size E.</summary>
    public int Size { get; }

    internal float[] Frequency { get; }

    internal bool[] IsSine { get; }

    /// <summary>The frequencies of the sines, which are those of the cosines too.</summary>
    internal float[] Half { get; }

    /// <summary>[sin, cos] with frequencies exp(-ln(10000) k / (E/2 - 1)): Diffusion-QL's (arXiv 2208.06193, authors' code).</summary>
    public static SinusoidFrequencies DiffusionQl(int size) =>
        new(size, sineFirst: true, k => Math.Exp(-Math.Log(10000) * k / Math.Max(1, (size / 2) - 1)));

    /// <summary>[cos, sin] with frequencies 10000^(-k / (E/2)): CleanDiffuser's and MeanFlow's code.</summary>
    public static SinusoidFrequencies MeanFlow(int size) =>
        new(size, sineFirst: false, k => Math.Pow(10000, -(double)k / (size / 2)));
}

/// <summary>y[r, c] = sin or cos of t[r] f[c].</summary>
internal sealed unsafe class SinusoidNode : Node
{
    private readonly SinusoidFrequencies _frequencies;

    public SinusoidNode(Node t, SinusoidFrequencies frequencies)
        : base(t.Graph, $"sinusoid({t.Name})", t.Rows, frequencies.Size, t)
    {
        if (t.Columns != 1)
            throw new GraphException($"A time embedding takes one time per row; {t} has {t.Columns} columns.");
        _frequencies = frequencies;
        var padded = new PanelLayout(1, frequencies.Size).Length;
        Frequency = t.Graph.Allocate(padded).Pointer;
        Mask = t.Graph.Allocate(padded).Pointer;
        for (var column = 0; column < padded; column++)
        {
            Frequency[column] = column < frequencies.Size ? frequencies.Frequency[column] : 0f;
            ((uint*)Mask)[column] = column >= frequencies.Size || frequencies.IsSine[column] ? uint.MaxValue : 0u;
        }
    }

    /// <summary>f [E], padded with zeros.</summary>
    public float* Frequency { get; }

    /// <summary>All ones where the column is a sine.</summary>
    public float* Mask { get; }

    internal override void EmitForward(Emitter emitter)
    {
        Storage t = emitter.Value(Inputs[0]), y = emitter.Value(this);
        emitter.Add(new RowInstruction(emitter, Layout, [t], [y], (first, end) => SinusoidalEmbedding.Forward(
            t.Pointer, Frequency, Mask, y.Pointer, y.Layout, first, end), exact: true));
    }

    internal override Node? Tangent(Node?[] tangents) => new SinusoidTangentNode(this, tangents[0]!);

    // Both halves have the same frequencies.
    internal override int Describe(OutlineBuilder outline)
    {
        var half = Columns / 2;
        var row = outline.Row("frequencies", _frequencies.Half);
        var angles = outline.Add(new BinaryStep(BinaryOperation.Multiply, outline[Inputs[0]], row), Rows, half);
        var sine = outline.Add(new UnaryStep(UnaryOperation.Sine, 0f, 0f, angles), Rows, half);
        var cosine = outline.Add(new UnaryStep(UnaryOperation.Cosine, 0f, 0f, angles), Rows, half);
        return outline.Add(new JoinStep(_frequencies.IsSine[0] ? [sine, cosine] : [cosine, sine]), this);
    }

    internal override void EmitBackward(Emitter emitter, GradientSlot gradient)
    {
        if (emitter.ContributionTo(Inputs[0]) is not { } target)
            return;
        // dt[r] = sum over columns of g times the slope, which is the tangent along 1.
        Storage t = emitter.Value(Inputs[0]), dy = gradient.Storage, dt = target.Storage;
        Storage one = emitter.Auxiliary(this, "one", Inputs[0].Layout), slope = emitter.Auxiliary(this, "slope", Layout);
        emitter.Add(new RowInstruction(emitter, Layout, [t], [one, slope], (first, end) =>
        {
            Moves.SpreadNumber(1f, one.Pointer, one.Layout, accumulate: false, first, end);
            SinusoidalEmbedding.Tangent(t.Pointer, one.Pointer, Frequency, Mask, slope.Pointer, slope.Layout, first, end);
        }, exact: true));
        ElementwiseInstructions.Binary(emitter, BinaryOperation.Multiply, slope, dy, slope);
        emitter.Add(new RowInstruction(emitter, Layout, [slope], [dt], (first, end) => RowReductions.Sum(
            slope.Pointer, slope.Layout, dt.Pointer, target.Accumulate, first, end), exact: true));
    }
}

/// <summary>ydot[r, c] = tdot[r] times the slope of the feature.</summary>
internal sealed unsafe class SinusoidTangentNode(SinusoidNode primal, Node along) : TangentNode(primal, primal.Inputs[0], along)
{
    internal override void EmitForward(Emitter emitter)
    {
        Storage t = emitter.Value(primal.Inputs[0]), tdot = emitter.Value(along), y = emitter.Value(this);
        emitter.Add(new RowInstruction(emitter, Layout, [t, tdot], [y], (first, end) => SinusoidalEmbedding.Tangent(
            t.Pointer, tdot.Pointer, primal.Frequency, primal.Mask, y.Pointer, y.Layout, first, end), exact: true));
    }
}
