using Ofql.Flow;
using Ofql.Graph.Execution;
using Ofql.Kernels.Randomness;

namespace Ofql.Experiments.Toy;

/// <summary>Sizes of the toy experiment; the defaults are the paper's (arXiv 2508.13904, appendix C), where it gives them.</summary>
public sealed record ToySettings
{
    /// <summary>Updates per network: 100 epochs of 40 batches.</summary>
    public int Updates { get; init; } = 4000;

    /// <summary>Points per update B.</summary>
    public int BatchSize { get; init; } = 2048;

    /// <summary>Hidden layers, with Mish.</summary>
    public int Layers { get; init; } = 3;

    /// <summary>Their width H.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Adam's rate. The appendix gives none; 3e-4 is the paper's rate everywhere else.</summary>
    public double LearningRate { get; init; } = 3e-4;

    /// <summary>Points per sample that is measured (ours).</summary>
    public int Points { get; init; } = 10_000;

    /// <summary>Directions of the sliced Wasserstein distance (ours).</summary>
    public int Projections { get; init; } = 128;
}

/// <summary>One network to train per set and seed, and how to sample from it.</summary>
/// <param name="Name">Name in results.</param>
/// <param name="Method">What it minimises.</param>
/// <param name="StepCounts">Numbers of sampling steps.</param>
public sealed record ToyArm(string Name, ToyMethod Method, IReadOnlyList<int> StepCounts)
{
    private static readonly int[] PaperSteps = [1, 2, 5, 10];

    /// <summary>The paper's comparison, and Diffusion-QL's ablation to one step. The paper shows the average velocity at one step only.</summary>
    public static IReadOnlyList<ToyArm> Methods { get; } =
    [
        Of(ToyMethod.Ddpm), new(ToyMethod.DdpmOfOneStep.Name, ToyMethod.DdpmOfOneStep, [1]), Of(ToyMethod.MarginalVelocity), Of(ToyMethod.AverageVelocity(new TimeSampling())),
    ];

    /// <summary>The average velocity at one step under samplers of (r, t) that visit (0, 1), the pair it acts with, and two that do not.</summary>
    /// <param name="updates">Updates of the training, over which the ramps rise.</param>
    public static IReadOnlyList<ToyArm> Samplers(int updates) =>
    [
        Sampler("logit_normal", new TimeSampling()),
        Sampler("uniform", new TimeSampling { Distribution = TimeDistribution.Uniform }),
        Sampler("endpoint_10", new TimeSampling { EndpointShare = 0.10 }),
        Sampler("endpoint_25", new TimeSampling { EndpointShare = 0.25 }),
        Sampler("endpoint_50", new TimeSampling { EndpointShare = 0.50 }),
        Sampler("zero_start_25", new TimeSampling { EndpointShare = 0.25, EndRegion = EndRegion.ZeroStart }),
        Sampler("uniform_start_25", new TimeSampling { EndpointShare = 0.25, EndRegion = EndRegion.UniformStart }),
        Sampler("ramp_50", new TimeSampling { EndpointShare = 0.50, EndRamp = updates }),
        Sampler("ramp_100", new TimeSampling { EndpointShare = 1.00, EndRamp = updates }),
    ];

    private static ToyArm Of(ToyMethod method) => new(method.Name, method, PaperSteps);

    private static ToyArm Sampler(string name, TimeSampling times) => new(name, ToyMethod.AverageVelocity(times), [1]);
}

/// <summary>One sample, measured.</summary>
/// <param name="Set">Name of the set.</param>
/// <param name="Arm">Name of the arm; <see cref="ToyExperiment.Data"/> for an independent sample of the data itself.</param>
/// <param name="Steps">Sampling steps; 0 for data.</param>
/// <param name="Seed">Seed of everything.</param>
/// <param name="Distance">Sliced Wasserstein distance to the reference sample; for data this is the floor that no method can be expected to pass.</param>
/// <param name="OffSupport">Share of points outside the support.</param>
/// <param name="FarOff">Share of points farther than <see cref="ToyExperiment.Margin"/> from it.</param>
/// <param name="Gap">Mean distance to the support.</param>
/// <param name="Points">The sample, row-major [N, 2].</param>
public sealed record ToyResult(string Set, string Arm, int Steps, ulong Seed, double Distance, double OffSupport, double FarOff, double Gap, float[] Points);

/// <summary>Where the experiment stands.</summary>
/// <param name="Set">Set under way.</param>
/// <param name="Arm">Arm under way.</param>
/// <param name="Seed">Seed under way.</param>
/// <param name="Update">Updates of its network so far.</param>
/// <param name="Loss">Loss of its last batch.</param>
/// <param name="Done">Updates done, of all networks.</param>
/// <param name="Total">Updates of all networks.</param>
public sealed record ToyProgress(string Set, string Arm, ulong Seed, long Update, float Loss, long Done, long Total);

/// <summary>Trains and measures every arm on every set with every seed. Same seed, same bits on any number of threads.</summary>
public sealed class ToyExperiment(ToySettings settings, IReadOnlyList<ToySet> sets, IReadOnlyList<ToyArm> arms, IReadOnlyList<ulong> seeds)
{
    /// <summary>Name of the rows that hold an independent sample of the data.</summary>
    public const string Data = "data";

    /// <summary>Points farther than this from the support are far off.</summary>
    public const double Margin = 0.1;

    private const int UpdatesPerReport = 50;

    /// <summary>Runs it.</summary>
    /// <exception cref="OfqlException">A network diverged.</exception>
    /// <exception cref="OperationCanceledException">It was told to stop.</exception>
    public IReadOnlyList<ToyResult> Run(WorkerTeam team, IProgress<ToyProgress>? progress, CancellationToken cancellation)
    {
        var results = new List<ToyResult>();
        long done = 0;
        var total = (long)settings.Updates * sets.Count * arms.Count * seeds.Count;
        foreach (var set in sets)
        {
            foreach (var seed in seeds)
            {
                var measure = new Measure(settings, set, seed);
                results.Add(measure.OfData());
                foreach (var arm in arms)
                {
                    using var trainer = new ToyTrainer(arm.Method, set, settings, seed, team);
                    Train(trainer, (update, loss) => progress?.Report(new ToyProgress(set.Name, arm.Name, seed, update, loss, done + update, total)), cancellation);
                    if (!float.IsFinite(trainer.Loss))
                        throw new OfqlException($"'{arm.Name}' diverged on '{set.Name}' (seed {seed}): its loss is {trainer.Loss}. Lower the learning rate.");
                    done += settings.Updates;
                    results.AddRange(arm.StepCounts.Select(steps => measure.Of(arm.Name, steps, trainer.Sample(settings.Points, steps))));
                }
            }
        }

        return results;
    }

    private void Train(ToyTrainer trainer, Action<long, float> report, CancellationToken cancellation)
    {
        while (trainer.Updates < settings.Updates)
        {
            cancellation.ThrowIfCancellationRequested();
            trainer.Update();
            if (trainer.Updates % UpdatesPerReport == 0 || trainer.Updates == settings.Updates)
                report(trainer.Updates, trainer.Loss);
        }
    }

    /// <summary>Measures samples of one set against one reference sample.</summary>
    private sealed class Measure
    {
        private readonly ToySettings _settings;
        private readonly ToySet _set;
        private readonly ulong _seed;
        private readonly SlicedWasserstein _distance;

        public Measure(ToySettings settings, ToySet set, ulong seed)
        {
            (_settings, _set, _seed) = (settings, set, seed);
            _distance = new SlicedWasserstein(DataOf("toy reference"), settings.Projections, new RandomStream(seed, "toy projections"));
        }

        public ToyResult OfData() => Of(Data, 0, DataOf("toy floor"));

        public ToyResult Of(string arm, int steps, float[] points)
        {
            int off = 0, far = 0;
            double sum = 0;
            for (var i = 0; i < points.Length; i += 2)
            {
                var distance = _set.Distance(points[i], points[i + 1]);
                if (!double.IsFinite(distance))
                    throw new OfqlException($"'{arm}' sampled a point of '{_set.Name}' that is no number (seed {_seed}). Lower the learning rate.");
                off += distance > ToySet.Rounding ? 1 : 0;
                far += distance > Margin ? 1 : 0;
                sum += distance;
            }

            double count = _settings.Points;
            return new ToyResult(_set.Name, arm, steps, _seed, _distance.To(points), off / count, far / count, sum / count, points);
        }

        private float[] DataOf(string stream)
        {
            var points = new float[2 * _settings.Points];
            _set.Sample(new RandomStream(_seed, stream), points);
            return points;
        }
    }
}
