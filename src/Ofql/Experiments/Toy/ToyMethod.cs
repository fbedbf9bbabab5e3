using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Kernels.Randomness;

namespace Ofql.Experiments.Toy;

/// <summary>The network of a method: its value [R, 2] at [x (2), times].</summary>
internal delegate Node ToyField(params Node[] inputs);

/// <summary>A loss with what draws its times.</summary>
/// <param name="Loss">[1, 1].</param>
/// <param name="Times">Fills the times of a batch.</param>
internal sealed record ToyObjective(Node Loss, IStreamSource Times);

/// <summary>A generative method of the toy experiment (arXiv 2508.13904, appendix C): what it minimises and how it samples.</summary>
public abstract class ToyMethod
{
    private protected ToyMethod(string name, int timeInputs) => (Name, TimeInputs) = (name, timeInputs);

    /// <summary>DDPM: predicts the noise; Diffusion-QL's schedule of 10 steps, of which 1, 2 and 5 are visited for fewer steps.</summary>
    public static ToyMethod Ddpm { get; } = new DdpmMethod("ddpm", trainedSteps: 10);

    /// <summary>The same trained with one step, as Diffusion-QL with T = 1 is: the network sees nothing but noise.</summary>
    public static ToyMethod DdpmOfOneStep { get; } = new DdpmMethod("ddpm_of_one_step", trainedSteps: 1);

    /// <summary>Flow matching: the marginal velocity, at uniform times.</summary>
    public static ToyMethod MarginalVelocity { get; } = new MarginalMethod();

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Time inputs of its network.</summary>
    internal int TimeInputs { get; }

    /// <summary>MeanFlow: the average velocity, at pairs of times of this sampling.</summary>
    public static ToyMethod AverageVelocity(TimeSampling times) => new AverageMethod(times);

    /// <summary>The loss over a batch of data a and noise eps [B, 2].</summary>
    internal abstract ToyObjective Objective(ToyField f, Node a, Node eps, RandomStream times);

    /// <summary>Samples [R, 2] from noise in N steps; a diffusion takes N - 1 more noises of the same shape.</summary>
    internal abstract Node Sample(ToyField f, Node start, IReadOnlyList<Node> noises, int steps);

    private sealed class DdpmMethod(string name, int trainedSteps) : ToyMethod(name, 1)
    {
        internal override ToyObjective Objective(ToyField f, Node a, Node eps, RandomStream times)
        {
            var level = NoiseLevelInputs.Create(a.Graph);
            var source = new NoiseLevelSource(Schedule(trainedSteps), times, level);
            var terms = DiffusionTerms.Of(Field(f, trainedSteps), a, eps, level);
            return new ToyObjective(terms.MeanSquare(), source);
        }

        internal override Node Sample(ToyField f, Node start, IReadOnlyList<Node> noises, int steps) =>
            ReverseDiffusion.Sample(Field(f, steps), Schedule(trainedSteps).Respaced(steps), start, noises, (float)ToySet.Reach);

        private static NoiseSchedule Schedule(int steps) => NoiseSchedule.Of(NoiseScheduleKind.Vp, steps);

        // The network is told the time (k + 1) / T in (0, 1], which means the same noise whatever the number of steps.
        private static NoiseField Field(ToyField f, int steps) => (x, k) => f(x, (k + 1f) / steps);
    }

    private sealed class MarginalMethod() : ToyMethod("marginal_velocity", 1)
    {
        internal override ToyObjective Objective(ToyField f, Node a, Node eps, RandomStream times)
        {
            var t = a.Graph.Input("t", 1);
            var source = new SingleTimeSource(new TimeSampling { Distribution = TimeDistribution.Uniform }, times, t);
            var terms = MarginalVelocityTerms.Of((x, at) => f(x, at), a, eps, t);
            return new ToyObjective(terms.MeanSquare(), source);
        }

        internal override Node Sample(ToyField f, Node start, IReadOnlyList<Node> noises, int steps) =>
            FlowSampler.Euler((x, t) => f(x, t), start, steps);
    }

    private sealed class AverageMethod(TimeSampling sampling) : ToyMethod("average_velocity", 2)
    {
        internal override ToyObjective Objective(ToyField f, Node a, Node eps, RandomStream times)
        {
            InputNode r = a.Graph.Input("r", 1), t = a.Graph.Input("t", 1);
            var source = new TimeSource(sampling, times, r, t);
            var terms = AverageVelocityTerms.Of((x, from, to) => f(x, from, to), a, eps, r, t);
            return new ToyObjective(terms.MeanSquare(), source);
        }

        internal override Node Sample(ToyField f, Node start, IReadOnlyList<Node> noises, int steps) =>
            FlowSampler.Average((x, r, t) => f(x, r, t), start, steps);
    }
}
