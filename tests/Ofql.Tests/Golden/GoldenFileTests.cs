using Ofql.Tests.Shared;
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
    public void A_wrong_folder_fails_instead_of_skipping_every_case()
    {
        var folder = Directory.CreateTempSubdirectory("ofql-golden-").FullName;
        try
        {
            Assert.Contains("is not there", GoldenFolder.Fault(Path.Combine(folder, "mistyped")), StringComparison.Ordinal);
            // Its own folders, empty, and cases where nobody looks for them.
            Directory.CreateDirectory(Path.Combine(folder, "ofql"));
            File.WriteAllText(Path.Combine(folder, "plain.safetensors"), "");
            Assert.Contains("expected .safetensors files", GoldenFolder.Fault(folder), StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder, "ofql", "plain.safetensors"), "");
            Assert.Null(GoldenFolder.Fault(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_shipped_cases_lie_in_the_folders_that_are_known()
    {
        var shipped = Directory.GetDirectories(Path.Combine(AppContext.BaseDirectory, "Golden")).Select(Path.GetFileName).Append("mujoco");
        Assert.Equal(GoldenFolder.Parts, shipped.Distinct().Order(StringComparer.Ordinal));
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
