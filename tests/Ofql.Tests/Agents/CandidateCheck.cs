using Ofql.Agents;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>A policy's function of one row, such as its action for (state, noise).</summary>
internal delegate T OfRow<out T>(double[] state, double[] other);

/// <summary>The choice among candidates against plain double arithmetic: which critics judge, and that the best candidate acts.</summary>
internal static class CandidateCheck
{
    private const int States = 40;
    private const int Candidates = 5;
    private const double Tolerance = 1e-4;

    /// <param name="agent">No two of its critics agree.</param>
    /// <param name="act">The action for a state and a candidate's noise.</param>
    /// <param name="judge">The value of an action that decides.</param>
    /// <param name="others">Values that do not: each would have chosen worse somewhere, or the test could not tell them apart.</param>
    public static void TheBestActs(IAgent agent, OfRow<double[]> act, OfRow<double> judge, params OfRow<double>[] others)
    {
        using var actor = (CandidateActor)agent.CreateActor(new ActingOptions { Candidates = Candidates }, States);
        Assert.Equal(0, actor.NoisePerState % Candidates);
        float[] states = OfqlBench.Normals(States * actor.StateSize, "state"), noise = OfqlBench.Normals(States * actor.NoisePerState), actions = new float[States * actor.ActionSize];
        actor.Act(States, states, noise, new float[States], actions);
        var largestLoss = new double[others.Length];
        for (var row = 0; row < States; row++)
        {
            var state = Row(states, row, actor.StateSize);
            var candidates = Enumerable.Range(row * Candidates, Candidates).Select(i => act(state, Row(noise, i, actor.NoisePerState / Candidates))).ToArray();
            for (var i = 0; i < Candidates; i++)
                Assert.Equal(judge(state, candidates[i]), actor.Values[(row * Candidates) + i], Tolerance);
            var (action, best) = (Row(actions, row, actor.ActionSize), candidates.Max(candidate => judge(state, candidate)));
            Assert.Contains(candidates, candidate => candidate.Zip(action, (x, y) => Math.Abs(x - y)).Max() < Tolerance);
            Assert.Equal(best, judge(state, action), Tolerance);
            for (var i = 0; i < others.Length; i++)
                largestLoss[i] = Math.Max(largestLoss[i], best - judge(state, candidates.MaxBy(candidate => others[i](state, candidate))!));
        }

        Assert.All(largestLoss, loss => Assert.True(loss > 100 * Tolerance, $"{loss:g3}"));
    }

    private static double[] Row(float[] values, int row, int size) => Array.ConvertAll(values[(row * size)..((row + 1) * size)], value => (double)value);
}
