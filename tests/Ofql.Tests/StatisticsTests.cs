using Xunit;

namespace Ofql.Tests;

public class StatisticsTests
{
    [Theory]
    [InlineData(0.95, 1, 12.706204736)]
    [InlineData(0.95, 2, 4.302652730)]
    [InlineData(0.95, 4, 2.776445105)]
    [InlineData(0.95, 9, 2.262157163)]
    [InlineData(0.95, 30, 2.042272456)]
    [InlineData(0.95, 100, 1.983971519)]
    [InlineData(0.95, 1000, 1.962339081)]
    [InlineData(0.99, 1, 63.656741162)]
    [InlineData(0.99, 4, 4.604094871)]
    [InlineData(0.99, 9, 3.249835542)]
    [InlineData(0.99, 30, 2.749995654)]
    [InlineData(0.95, 1_000_000_000, 1.959963985)]
    public void Student_quantiles_agree_with_printed_tables(double probability, int degrees, double expected) =>
        Assert.Equal(expected, StudentT.CentralQuantile(probability, degrees), 1e-8);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(51)]
    [InlineData(2000)]
    [InlineData(2001)]
    [InlineData(4000)]
    public void Student_quantile_inverts_the_probability_in_both_branches(int degrees)
    {
        foreach (var probability in new[] { 0, 0.1, 0.5, 0.9, 0.95, 0.999 })
            Assert.Equal(probability, StudentT.CentralProbability(StudentT.CentralQuantile(probability, degrees), degrees), 1e-9);
    }

    [Fact]
    public void Mean_deviation_and_error_of_known_numbers()
    {
        double[] values = [2, 4, 4, 4, 5, 5, 7, 9];
        Assert.Equal(5, Statistics.Mean(values));
        Assert.Equal(Math.Sqrt(32.0 / 7), Statistics.StandardDeviation(values), 1e-15);
        Assert.Equal(Math.Sqrt(32.0 / 56), Statistics.StandardError(values), 1e-15);
        Assert.True(double.IsNaN(Statistics.StandardDeviation([3])));
    }

    [Fact]
    public void Interval_over_five_seeds_uses_student_not_normal()
    {
        var interval = Statistics.MeanInterval([1, 2, 3, 4, 5]);
        Assert.Equal(2.776445105 * Math.Sqrt(0.5), interval.Reach, 1e-8);
        Assert.Equal(3, 0.5 * (interval.Low + interval.High), 1e-12);
        Assert.Throws<ArgumentException>(() => Statistics.MeanInterval([1]));
    }

    [Theory]
    [InlineData(new double[] { 7 }, 7)]
    [InlineData(new double[] { 100, 1, 2 }, 103.0 / 3)]
    [InlineData(new double[] { 100, 2, -50, 4 }, 3)]
    [InlineData(new double[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 1000 }, 5.5)]
    public void Interquartile_mean_leaves_out_a_quarter_at_both_ends(double[] values, double expected) =>
        Assert.Equal(expected, Statistics.InterquartileMean(values), 1e-12);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.25, 1.75)]
    [InlineData(0.5, 2.5)]
    [InlineData(1, 4)]
    public void Quantiles_interpolate_between_order_statistics(double fraction, double expected) =>
        Assert.Equal(expected, Statistics.Quantile([4, 1, 3, 2], fraction), 1e-15);

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("flaw", "lawn", 2)]
    [InlineData("abc", "", 3)]
    public void Levenshtein_distances_of_textbook_pairs(string first, string second, int expected)
    {
        Assert.Equal(expected, NearestName.Distance(first, second));
        Assert.Equal(expected, NearestName.Distance(second, first));
    }

    [Fact]
    public void The_nearest_name_ignores_case_and_is_withheld_when_nothing_is_near()
    {
        string[] known = ["learning_rate", "batch_size", "discount"];
        Assert.Equal("batch_size", NearestName.Of("Batch-Size", known));
        Assert.Equal("discount", NearestName.Of("dicsount", known));
        Assert.Null(NearestName.Of("temperature", known));
        Assert.Equal("", NearestName.Question("temperature", known));
        Assert.Equal(" Did you mean 'discount'?", NearestName.Question("discont", known));
    }
}
