using Ofql.Agents;
using Ofql.Data;

namespace Ofql.Evaluation;

/// <summary>
/// How a policy's actions compare with those recorded in the same states. Without a simulator it is what can be said of a policy at once: one that is far
/// from all recorded actions, or stands at the bounds where nobody stood, has left what the data can support.
/// </summary>
/// <param name="Rows">States compared, spread evenly over the data.</param>
/// <param name="Errors">Root mean square difference per action entry [A], in deviations of the recorded entry; NaN where that never changes.</param>
/// <param name="AtBounds">Share of the policy's entries at a bound.</param>
/// <param name="RecordedAtBounds">Share of the recorded entries there.</param>
public sealed record ActionAgreement(int Rows, IReadOnlyList<double> Errors, double AtBounds, double RecordedAtBounds)
{
    private const int MostRows = 1000;

    // In shares of the range: what a bound becomes on its way through normalised units and back.
    private const float BoundSlack = 1e-5f;

    /// <summary>Compares in up to a thousand states.</summary>
    /// <param name="actor">The policy; it acts with noise of 0.</param>
    /// <param name="data">What was recorded.</param>
    /// <param name="low">Smallest action [A].</param>
    /// <param name="high">Largest action [A].</param>
    /// <exception cref="ArgumentException">Another number of actions, or an actor of other sizes.</exception>
    public static ActionAgreement Of(IActor actor, TransitionDataset data, float[] low, float[] high)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(data);
        if (actor.StateSize != data.StateSize || actor.ActionSize != data.ActionSize || low.Length != data.ActionSize || high.Length != data.ActionSize)
            throw new ArgumentException($"Expected states of {data.StateSize} and actions of {data.ActionSize} numbers, as the data has; found {actor.StateSize}, {actor.ActionSize} and bounds of {low.Length}.");
        var (rows, size) = ((int)Math.Min(MostRows, data.Count), data.ActionSize);
        float[] state = new float[data.StateSize], action = new float[size], noise = new float[actor.NoisePerState], uniform = [0.5f];
        double[] square = new double[size], sum = new double[size], sumOfSquares = new double[size];
        long atBounds = 0, recordedAtBounds = 0;
        for (var i = 0; i < rows; i++)
        {
            var row = data.Count * i / rows;
            data.Observations[row].CopyTo(state);
            actor.Act(1, state, noise, uniform, action);
            var recorded = data.Actions[row];
            for (var j = 0; j < size; j++)
            {
                square[j] += Math.Pow((double)action[j] - recorded[j], 2);
                sum[j] += recorded[j];
                sumOfSquares[j] += (double)recorded[j] * recorded[j];
                atBounds += IsAtBound(action[j], low[j], high[j]) ? 1 : 0;
                recordedAtBounds += IsAtBound(recorded[j], low[j], high[j]) ? 1 : 0;
            }
        }

        var errors = Enumerable.Range(0, size).Select(j =>
        {
            var variance = (sumOfSquares[j] / rows) - Math.Pow(sum[j] / rows, 2);
            // What is left of a constant after rounding is no deviation.
            return variance > 1e-12 * sumOfSquares[j] / rows ? Math.Sqrt(square[j] / rows / variance) : double.NaN;
        }).ToArray();
        return new ActionAgreement(rows, errors, atBounds / ((double)rows * size), recordedAtBounds / ((double)rows * size));
    }

    private static bool IsAtBound(float value, float low, float high) => value <= low + (BoundSlack * (high - low)) || value >= high - (BoundSlack * (high - low));
}
