using Ofql.Agents;
using Ofql.Graph.Outlines;
using Ofql.Kernels.Elementwise;
using Ofql.Kernels.Randomness;

namespace Ofql.Formats.Onnx;

/// <summary>How the actions of a model differ from those of the policy that it was written from.</summary>
/// <param name="States">States compared, drawn around those of the data; every fourth batch without noise.</param>
/// <param name="LargestDifference">Of an entry of an action, as a share of the range between its bounds.</param>
/// <param name="Beyond">States with a difference above <see cref="Limit"/>: none, but for a policy whose actions jump.</param>
public sealed record OnnxAgreement(int States, double LargestDifference, int Beyond)
{
    /// <summary>Largest share of the range of an action that float32 and another order of summation may explain.</summary>
    public const double Limit = 1e-4;

    // Where actions jump (a plan's sequence that is just an elite or just not), rounding decides for few states.
    private const int StatesPerJump = 20;
    private const int MostStates = 256;
    private const int FewestStates = 8;
    private const int ValueStates = 16;
    private const int Candidates = 4;
    // Multiplications: about two seconds of the interpreter's time.
    private const long Work = 2_000_000_000;

    /// <summary>Compares the bytes of a model with a policy.</summary>
    /// <exception cref="OfqlException">The bytes cannot be carried out, or differ.</exception>
    internal static OnnxAgreement Of(byte[] bytes, PolicyOutline outline, Func<ActingOptions, int, IActor> actors)
    {
        var model = OnnxInterpreter.Of(bytes);
        var random = new RandomStream(0, "onnx verification");
        var agreement = new OnnxAgreement(0, 0, 0);
        foreach (var (size, scale) in Batches())
        {
            // A policy that plans takes as much work for one state as others for all.
            var perState = Math.Max(1, model.Multiplications / Math.Max(1, agreement.States));
            var batch = (int)Math.Clamp(Work / 8 / perState, 1, size);
            if (agreement.States >= FewestStates && (agreement.States >= MostStates || (agreement.States + batch) * perState > Work))
                break;
            using var actor = actors(new ActingOptions(), batch);
            var draws = Draws.Of(random, outline, batch, 1, scale);
            agreement = agreement.With(outline, draws.ActionsOf(actor), draws.ResultsOf(model)[PolicyOutline.Action].Values);
        }

        var allowed = Jumps(outline.Network) ? 1 + (agreement.States / StatesPerJump) : 0;
        if (agreement.Beyond > allowed || double.IsNaN(agreement.LargestDifference))
        {
            throw new OfqlException(
                $"The ONNX model's actions differ from the policy's by up to {agreement.LargestDifference:E1} of their range, in {agreement.Beyond} of {agreement.States} "
                + $"states by more than {Limit:E0}. No file was written. This is a defect of Ofql: please report it with the policy.");
        }

        if (outline.HasValue)
            CompareValues(model, outline, actors, random);
        return agreement;
    }

    private static IEnumerable<(int Batch, float NoiseScale)> Batches()
    {
        int[] sizes = [1, 7, 24];
        for (var i = 0; ; i++)
            yield return (sizes[i % sizes.Length], i % 4 == 3 ? 0f : 1f);
    }

    private static bool Jumps(Outline network) => network.Steps.Any(step => step is UnaryStep { Operation: UnaryOperation.Negative });

    private OnnxAgreement With(PolicyOutline outline, float[] expected, double[] found)
    {
        var size = outline.Transforms.ActionSize;
        var (largest, beyond) = (LargestDifference, Beyond);
        for (var state = 0; state < expected.Length / size; state++)
        {
            var difference = Difference(outline, expected.AsSpan(state * size, size), found.AsSpan(state * size, size));
            // NaN stays in a maximum, and no comparison with it is true.
            largest = Math.Max(largest, difference);
            beyond += difference <= Limit ? 0 : 1;
        }

        return new OnnxAgreement(States + (expected.Length / size), largest, beyond);
    }

    private static double Difference(PolicyOutline outline, ReadOnlySpan<float> expected, ReadOnlySpan<double> found)
    {
        var largest = 0.0;
        for (var i = 0; i < expected.Length; i++)
            largest = Math.Max(largest, Math.Abs(expected[i] - found[i]) / ((double)outline.Transforms.ActionHigh[i] - outline.Transforms.ActionLow[i]));
        return largest;
    }

    /// <summary>
    /// The candidate that the policy takes for its value has to be, within rounding, one of largest value by the model too.
    /// </summary>
    private static void CompareValues(OnnxInterpreter model, PolicyOutline outline, Func<ActingOptions, int, IActor> actors, RandomStream random)
    {
        using var actor = actors(new ActingOptions { Candidates = Candidates }, ValueStates);
        var draws = Draws.Of(random, outline, ValueStates, Candidates, 1f);
        var chosen = draws.ActionsOf(actor);
        var results = draws.ResultsOf(model);
        double[] actions = results[PolicyOutline.Action].Values, values = results[PolicyOutline.Value].Values;
        var size = outline.Transforms.ActionSize;
        for (var state = 0; state < ValueStates; state++)
        {
            var own = values.AsSpan(state * Candidates, Candidates).ToArray();
            var taken = Enumerable.Range(0, Candidates).Where(candidate => Difference(
                outline, chosen.AsSpan(state * size, size), actions.AsSpan(((state * Candidates) + candidate) * size, size)) <= Limit);
            var best = own.Max();
            if (!taken.Any(candidate => own[candidate] >= best - (Limit * (1 + Math.Abs(best)))))
                throw new OfqlException("The ONNX model's values choose another action than the policy's. No file was written. This is a defect of Ofql: please report it with the policy.");
        }
    }

    /// <summary>States in the task's units [n, S] and noise [n, candidates, Z].</summary>
    private sealed record Draws(int Count, int Candidates, float[] States, float[] Noise)
    {
        public static Draws Of(RandomStream random, PolicyOutline outline, int count, int candidates, float noiseScale)
        {
            var normalizer = outline.Transforms.States;
            var size = outline.Transforms.StateSize;
            var states = new float[count * size];
            for (var i = 0; i < states.Length; i++)
                states[i] = normalizer.Shift[i % size] + ((float)random.NextNormal() / normalizer.Scale[i % size]);
            var noise = new float[count * candidates * outline.NoiseSize];
            for (var i = 0; i < noise.Length; i++)
                noise[i] = noiseScale * (float)random.NextNormal();
            return new Draws(count, candidates, states, noise);
        }

        public float[] ActionsOf(IActor actor)
        {
            var actions = new float[Count * actor.ActionSize];
            actor.Act(Count, States, Noise, new float[Count], actions);
            return actions;
        }

        /// <summary>Results of the model, whose batch is every candidate of every state.</summary>
        public IReadOnlyDictionary<string, OnnxValue> ResultsOf(OnnxInterpreter model)
        {
            var size = States.Length / Count;
            var repeated = Enumerable.Range(0, Count * Candidates).SelectMany(row => States.AsSpan(row / Candidates * size, size).ToArray()).ToArray();
            var inputs = new Dictionary<string, OnnxValue> { [PolicyOutline.State] = OnnxValue.Matrix(Count * Candidates, repeated) };
            if (Noise.Length > 0)
                inputs[PolicyOutline.Noise] = OnnxValue.Matrix(Count * Candidates, Noise);
            return model.Run(inputs);
        }
    }
}
