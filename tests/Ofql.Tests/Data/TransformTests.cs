using Ofql.Data;
using Ofql.Tests.Agents;
using Xunit;

namespace Ofql.Tests.Data;

public sealed class TransformTests
{
    [Fact]
    public void Standardised_columns_have_mean_0_and_deviation_1()
    {
        using var data = OfqlBench.Data();
        for (var row = 0L; row < data.Count; row++)
        {
            data.Observations.Writable(row)[0] = 1000 + (3 * data.Observations[row][0]);
            data.Observations.Writable(row)[1] = 7;
        }

        var normalizer = Normalizer.Standardize(data.Observations);
        var scaled = new float[data.Count][];
        for (var row = 0L; row < data.Count; row++)
            normalizer.Apply(data.Observations[row], scaled[row] = new float[5]);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(0, scaled.Average(x => (double)x[i]), 1e-4);
            Assert.Equal(i == 1 ? 0 : 1, Math.Sqrt(scaled.Average(x => (double)x[i] * x[i])), 1e-4);
        }

        // A column that never changes is only shifted.
        Assert.Equal((7f, 1f), (normalizer.Shift[1], normalizer.Scale[1]));
        Assert.Equal(1f, Normalizer.Standardize(data.Observations, epsilon: 1e-3).Scale[1]);
        var back = new float[5];
        normalizer.Invert(scaled[10], back);
        for (var i = 0; i < 5; i++)
            Assert.Equal(data.Observations[10][i], back[i], 1e-5f * Math.Max(1, Math.Abs(back[i])));
        Assert.False(normalizer.IsIdentity);
        Assert.True(Normalizer.Identity(3).IsIdentity);
    }

    [Fact]
    public void Action_bounds_become_the_unit_box()
    {
        var normalizer = Normalizer.ToUnitBox([-2, 0, -1], [2, 10, 1]);
        var values = new float[3];
        normalizer.Apply([-2, 10, 0.5f], values);
        Assert.Equal([-1f, 1f, 0.5f], values);
        normalizer.Invert([-1f, 1f, 0.5f], values);
        Assert.Equal([-2f, 10f, 0.5f], values);
        Assert.Contains("bounds [1, 1]", Assert.Throws<OfqlException>(() => Normalizer.ToUnitBox([1], [1])).Message, StringComparison.Ordinal);
        Assert.Throws<OfqlException>(() => Normalizer.ToUnitBox([0], [float.PositiveInfinity]));
        Assert.Throws<OfqlException>(() => Normalizer.ToUnitBox([float.NaN], [1]));
    }

    [Fact]
    public void Rewards_are_normalised_then_shifted_then_scaled()
    {
        // Episodes of 10 rows end at rows 9, 19, ..; rewards 0 .. 299.
        using var data = OfqlBench.Data(reward: row => row);
        var mean = 149.5;
        var deviation = Math.Sqrt(((300.0 * 300) - 1) / 12 * 300 / 299);
        // Best episode 290 + .. + 299, worst 0 + .. + 9.
        var range = 2945.0 - 45;
        Check(RewardNormalization.None, reward => reward);
        Check(RewardNormalization.Standardize, reward => (reward - mean) / deviation);
        Check(RewardNormalization.ReturnRange, reward => reward * 1000 / range);
        Check(RewardNormalization.Range, reward => (2 * reward / 299) - 1);

        void Check(RewardNormalization normalization, Func<double, double> normalized)
        {
            foreach (var (shift, scale) in new[] { (0.0, 1.0), (-0.5, 4.0) })
            {
                var transform = RewardTransform.Of(data, normalization, shift, scale);
                foreach (var reward in new[] { 0.0, 3, 200 })
                    Assert.Equal((normalized(reward) + shift) * scale, transform.Apply((float)reward), 1e-4 * Math.Max(1, Math.Abs(normalized(reward) * scale)));
            }
        }
    }

    [Fact]
    public void Rewards_that_cannot_be_normalised_say_so()
    {
        using var data = OfqlBench.Data(reward: _ => 1);
        Assert.Contains("none", Assert.Throws<OfqlException>(() => RewardTransform.Of(data, RewardNormalization.Standardize, 0, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("return range is 0", Assert.Throws<OfqlException>(() => RewardTransform.Of(data, RewardNormalization.ReturnRange, 0, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("no range", Assert.Throws<OfqlException>(() => RewardTransform.Of(data, RewardNormalization.Range, 0, 1)).Message, StringComparison.Ordinal);
        Assert.Equal(2, RewardTransform.Of(data, RewardNormalization.None, 1, 1).Apply(1));
    }
}
