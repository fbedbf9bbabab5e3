using Ofql.Graph.Execution;
using Ofql.Graph.Parameters;
using Ofql.Kernels;
using Ofql.Kernels.Optimizers;
using Ofql.Kernels.Reductions;

namespace Ofql.Graph.Optimization;

/// <summary>Settings of <see cref="Adam"/>.</summary>
/// <param name="LearningRate">Step size lr.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="WeightDecay">Decoupled weight decay (AdamW); 0 for Adam.</param>
/// <param name="MaximumNorm">Global-norm clip of the gradient; 0 for none.</param>
/// <param name="CosineSteps">Step at which the rate has fallen to its end as half a cosine, (1 + cos(pi k / steps)) / 2; 0 for a constant rate.</param>
/// <param name="CosineStart">Step from which it falls.</param>
/// <param name="WarmUpSteps">Steps over which the rate rises evenly from 0 before all that.</param>
/// <param name="FinalShare">Share of the rate at the end of the cosine.</param>
public sealed record AdamOptions(
    double LearningRate,
    double Beta1 = 0.9,
    double Beta2 = 0.999,
    double Epsilon = 1e-8,
    double WeightDecay = 0,
    double MaximumNorm = 0,
    long CosineSteps = 0,
    long CosineStart = 0,
    long WarmUpSteps = 0,
    double FinalShare = 0)
{
    /// <summary>Rate of the step that follows <paramref name="steps"/> steps.</summary>
    public double RateAfter(long steps)
    {
        if (steps < WarmUpSteps)
            return LearningRate * steps / WarmUpSteps;
        if (CosineSteps <= CosineStart || steps <= CosineStart)
            return LearningRate;
        var share = (double)(Math.Min(steps, CosineSteps) - CosineStart) / (CosineSteps - CosineStart);
        return LearningRate * (FinalShare + ((1 - FinalShare) / 2 * (1 + Math.Cos(Math.PI * share))));
    }
}

/// <summary>Adam (Kingma and Ba, 2015) or AdamW over one parameter block, with global-norm clipping.</summary>
public sealed unsafe class Adam : IDisposable
{
    private readonly NativeBuffer<float> _first;
    private readonly NativeBuffer<float> _second;
    private readonly NativeBuffer<double> _partial;
    private AdamStep _step;

    /// <summary>An optimiser with zero moments.</summary>
    public Adam(ParameterBlock block, AdamOptions options)
    {
        Block = block;
        Options = options;
        _first = new NativeBuffer<float>(block.Layout.Length);
        _second = new NativeBuffer<float>(block.Layout.Length);
        _partial = new NativeBuffer<double>(FlatReductions.Chunks(block.Layout.Length));
    }

    /// <summary>The block it moves.</summary>
    public ParameterBlock Block { get; }

    /// <summary>Its settings.</summary>
    public AdamOptions Options { get; }

    /// <summary>Steps taken.</summary>
    public long Steps { get; set; }

    /// <summary>Norm of the last gradient before clipping.</summary>
    public double GradientNorm => Math.Sqrt(FlatReductions.Total(_partial.Pointer, (int)_partial.Length));

    private bool Clips => Options.MaximumNorm > 0;

    /// <summary>Reads a moment (1 or 2) of a parameter in file order.</summary>
    public void ReadMoment(int moment, ParameterTensor tensor, Span<float> destination) =>
        ParameterBlock.Unpack(tensor, (moment == 1 ? _first : _second).Pointer, destination);

    /// <summary>Writes a moment (1 or 2) of a parameter in file order.</summary>
    public void WriteMoment(int moment, ParameterTensor tensor, ReadOnlySpan<float> source) =>
        ParameterBlock.Pack(tensor, source, (moment == 1 ? _first : _second).Pointer);

    /// <inheritdoc/>
    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _partial.Dispose();
    }

    internal void Emit(Emitter emitter)
    {
        var length = Block.Layout.Length;
        var chunks = FlatReductions.Chunks(length);
        var gradients = Block.Layout.Tensors.Select(tensor => emitter.Gradient(Block, tensor)).ToArray();
        var parameters = emitter.ParameterStorages(Block);
        var norm = new Storage("gradient norm", new Kernels.Matrices.PanelLayout(1, 1), 16, whole: true) { Pinned = true };
        var scale = new Storage("clip scale", new Kernels.Matrices.PanelLayout(1, 1), 16, whole: true) { Pinned = true };
        if (Clips)
            emitter.Add(new TaskInstruction(chunks, gradients, [norm], SumSquares));
        emitter.Add(new SingleInstruction(Clips ? [norm] : [], [scale], Prepare));
        emitter.Add(new TaskInstruction(chunks, [.. gradients, scale], [.. parameters, .. Clips ? Array.Empty<Storage>() : [norm]], Apply, Block.Layout));
    }

    private void SumSquares(int first, int end) => FlatReductions.SumsOfSquares(Block.GradientValues, Block.Layout.Length, _partial.Pointer, first, end);

    private void Prepare()
    {
        var rate = Options.RateAfter(Steps);
        Steps++;
        _step = AdamStep.At(
            Steps, rate, Options.Beta1, Options.Beta2, Options.Epsilon, Options.WeightDecay, Clips ? AdamKernel.ClipScale(GradientNorm, Options.MaximumNorm) : 1);
    }

    private void Apply(int first, int end)
    {
        // Without a clip nobody waits for the norm: it is summed while the gradient passes anyway.
        if (!Clips)
            SumSquares(first, end);
        var start = first * FlatReductions.ChunkLength;
        var count = Math.Min(Block.Layout.Length, end * FlatReductions.ChunkLength) - start;
        AdamKernel.Apply(_step, Block.Values + start, Block.GradientValues + start, _first.Pointer + start, _second.Pointer + start, count);
    }
}

/// <summary>target = weight * online + (1 - weight) * target, over all parameters: Polyak averaging.</summary>
/// <param name="online">The block that learns.</param>
/// <param name="target">The block that follows.</param>
/// <param name="weight">Weight of the online block: tau, or 1 - decay.</param>
public sealed unsafe class MovingAverage(ParameterBlock online, ParameterBlock target, double weight)
{
    /// <summary>The block that follows.</summary>
    public ParameterBlock Target => target;

    /// <summary>Whether the next run applies it; lets one program serve averages that happen only on some steps.</summary>
    public bool Enabled { get; set; } = true;

    internal void Emit(Emitter emitter)
    {
        var length = online.Layout.Length;
        if (length != target.Layout.Length)
            throw new GraphException($"Block '{target.Name}' cannot follow '{online.Name}': their layouts differ.");
        emitter.Add(new TaskInstruction(
            FlatReductions.Chunks(length), emitter.ParameterStorages(online), emitter.ParameterStorages(target), (first, end) =>
            {
                if (!Enabled)
                    return;
                var start = first * FlatReductions.ChunkLength;
                var count = Math.Min(length, end * FlatReductions.ChunkLength) - start;
                AdamKernel.Average(online.Values + start, target.Values + start, (float)weight, count);
            }, online.Layout));
    }
}
