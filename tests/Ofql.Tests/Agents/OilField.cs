using Ofql.Environments;
using Ofql.Kernels.Randomness;

namespace Ofql.Tests.Agents;

/// <summary>
/// The oil problem of arXiv 1910.08151 and 2007.06741: state and action are places in [0, 1], the reward of going from s to a is
/// max(exp(-lambda |a - c|) - |s - a|, 0) with the oil at c = 0.7 + pi / 60, the next state a. Five steps from 0.
/// </summary>
internal sealed class OilField(double lambda) : EpisodicEnvironment(Task, physicsLength: 1)
{
    private double _place;

    public static EnvironmentSpecification Task { get; } = new("oil", BoxSpace.Uniform(1, 0, 1), BoxSpace.Uniform(1, 0, 1), MaximumSteps: 5, Score: null);

    /// <summary>The best return, by dynamic programming on a grid.</summary>
    public static double Optimum(double lambda)
    {
        const int Grid = 800;
        var value = new double[Grid + 1];
        for (var step = 0; step < Task.MaximumSteps; step++)
        {
            var next = value;
            value = Enumerable.Range(0, Grid + 1).Select(s => Enumerable.Range(0, Grid + 1).Max(a => Reward(lambda, s / (double)Grid, a / (double)Grid) + next[a])).ToArray();
        }

        return value[0];
    }

    protected override void ResetPhysics(RandomStream random) => _place = 0;

    protected override (double Reward, bool Terminated) Advance(ReadOnlySpan<double> action)
    {
        var reward = Reward(lambda, _place, action[0]);
        _place = action[0];
        return (reward, false);
    }

    protected override void Observe(Span<float> observation) => observation[0] = (float)_place;

    protected override void SavePhysics(Span<double> state) => state[0] = _place;

    protected override void RestorePhysics(ReadOnlySpan<double> state) => _place = state[0];

    private static double Reward(double lambda, double s, double a) => Math.Max(Math.Exp(-lambda * Math.Abs(a - 0.7 - (Math.PI / 60))) - Math.Abs(s - a), 0);
}
