using Ofql.Environments;
using Ofql.Evaluation;
using Ofql.Kernels.Randomness;
using Ofql.Mujoco.Tasks;
using Xunit;

namespace Ofql.Mujoco.Tests.Tasks;

/// <summary>What a collection on a robot records beside the rows: states that can be put back, and ends.</summary>
public sealed class CollectedRowsTests
{
    [Theory]
    [InlineData("hopper-v2")]
    [InlineData("halfcheetah-v2")]
    [InlineData("walker2d-v2")]
    public void Positions_and_velocities_are_those_before_the_action(string name)
    {
        NativeMujoco.Require();
        using var environment = EnvironmentCatalog.BuiltIn.With(MujocoCatalog.Entries).Create(name);
        using var rows = TrajectoryCollector.Collect(environment, [new CollectionStretch(300, null)], new RandomStream(1, "data"), new Dictionary<string, string>(), cancellation: TestContext.Current.CancellationToken);
        var (positions, velocities) = (rows.Infos["infos/qpos"], rows.Infos["infos/qvel"]);
        Assert.Equal(rows.Observations.Width, positions.Width - 1 + velocities.Width);
        for (long row = 0; row < rows.Rows; row++)
        {
            // x is not observed; velocities are, within +-10 but for the cheetah.
            var limit = name == "halfcheetah-v2" ? float.MaxValue : 10f;
            float[] expected = [.. positions[row][1..], .. velocities[row].ToArray().Select(value => Math.Clamp(value, -limit, limit))];
            Assert.Equal(expected, rows.Observations[row].ToArray());
            Assert.False(rows.Terminals[row][0] != 0 && rows.Timeouts![row][0] != 0);
        }

        Assert.Equal(name != "halfcheetah-v2", Enumerable.Range(0, 300).Any(row => rows.Terminals[row][0] != 0));
        Assert.StartsWith("MuJoCo", rows.Metadata["simulator"], StringComparison.Ordinal);
    }
}
