using Ofql.Formats.D4rl;
using Ofql.Formats.Datasets;
using Ofql.Formats.Tests.Hdf5;
using Xunit;

namespace Ofql.Formats.Tests.D4rl;

/// <summary>Real recordings: counts worked out by an independent program, and a sample of rows against the file.</summary>
public sealed class RecordedDataTests
{
    public RecordedDataTests() => NativeHdf5.Require();

    [Theory]
    [InlineData("pendulum-replay", 99_500, 500, 99_000, 500, 0)]
    [InlineData("pendulum-medium", 10_000, 50, 9_950, 50, 0)]
    [InlineData("pendulum-expert", 10_000, 50, 9_950, 50, 0)]
    [InlineData("hopper-v2-recorded", 510_741, 693, 510_113, 628, 65)]
    [InlineData("halfcheetah-v2-recorded", 489_000, 624, 488_376, 624, 0)]
    [InlineData("walker2d-v2-recorded", 365_926, 544, 365_441, 485, 59)]
    [InlineData("door-human", 6_729, 25, 6_704, 25, 0)]
    [InlineData("ant-v4-exact", 2_000, 2, 1_998, 2, 0)]
    public void Counts_are_those_of_the_rules(string name, int rows, int episodes, int kept, int timeouts, int terminals)
    {
        var path = SharedFiles.Require($"data/{name}.hdf5");
        using var data = DatasetReader.Open(path);
        var recorded = D4rlEpisodes.Read(path);
        Assert.Equal(kept, data.Count);
        Assert.Equal(episodes, recorded.Count);
        Assert.Equal(rows, recorded.Sum(episode => episode.Length));
        Assert.Equal(timeouts, recorded.Count(episode => episode.TimedOut));
        Assert.Equal(terminals, recorded.Count(episode => episode.Terminated));
        Assert.Equal(timeouts, TestData.All(data.Truncated).Count(flag => flag == 1));
        Assert.Equal(terminals, TestData.All(data.Terminated).Count(flag => flag == 1));
        Assert.Contains(
            $"{rows} {kept} ", Python.Require(Script, path, string.Join(",", Fingerprint(data))), StringComparison.Ordinal);
    }

    // Column sums in double tell wrong, shifted and missing rows apart well enough, and Python computes them with its own rules.
    private const string Script = """
        import sys, h5py, numpy as np
        with h5py.File(sys.argv[1]) as file:
            o, a, r = (file[n][:].astype(np.float32) for n in ("observations", "actions", "rewards"))
            cut = file["timeouts"][:].astype(bool)
        keep = np.flatnonzero(~cut[:-1])
        weight = np.arange(1, len(keep) + 1) % 97
        sums = [float((c.reshape(len(c), -1)[i].astype(np.float64).sum(1) * weight).sum()) for c, i in ((o, keep), (a, keep), (r, keep), (o, keep + 1))]
        found = [float(x) for x in sys.argv[2].split(",")]
        assert np.allclose(sums, found, rtol=1e-9, atol=1e-6), (sums, found)
        print(len(cut), len(keep), "ok")
        """;

    private static IEnumerable<string> Fingerprint(Ofql.Data.TransitionDataset data)
        => new[] { data.Observations, data.Actions, data.Rewards, data.NextObservations }.Select(column =>
        {
            var sum = 0.0;
            for (var row = 0L; row < column.Rows; row++)
            {
                var rowSum = 0.0;
                foreach (var value in column[row])
                    rowSum += value;
                sum += rowSum * ((row + 1) % 97);
            }

            return sum.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        });
}
