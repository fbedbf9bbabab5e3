using Xunit;

namespace Ofql.Tests.Golden;

public sealed class GoldenFileTests
{
    [Fact]
    public void A_deviation_is_measured_against_the_largest_entry_and_names_its_place()
    {
        using var golden = GoldenFile.Open("kernels/cosine_schedule");
        var values = golden.Singles("learning_rate");
        golden.AssertClose("learning_rate", values);
        values[7] += 2e-5f * values[0];
        var failure = Assert.ThrowsAny<Exception>(() => golden.AssertClose("learning_rate", values));
        Assert.Contains("learning_rate", failure.Message, StringComparison.Ordinal);
        Assert.Contains("flat index 7", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_number_is_a_deviation()
    {
        using var golden = GoldenFile.Open("kernels/cosine_schedule");
        var values = golden.Singles("learning_rate");
        values[3] = float.NaN;
        Assert.ThrowsAny<Exception>(() => golden.AssertClose("learning_rate", values));
    }
}
