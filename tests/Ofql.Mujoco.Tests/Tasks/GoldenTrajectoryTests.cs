using System.Text.Json.Nodes;
using Ofql.Mujoco.Models;
using Ofql.Mujoco.Tasks;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Mujoco.Tests.Tasks;

/// <summary>
/// Trajectories of the four robots, recorded with MuJoCo 2.2.2 from model files that were written independently of ours: start and
/// actions follow the formula in the file.
/// </summary>
public sealed class GoldenTrajectoryTests
{
    private const double Tolerance = 1e-9;

    [Theory]
    [InlineData("hopper", 60)]
    [InlineData("halfcheetah", 60)]
    [InlineData("walker2d", 60)]
    [InlineData("ant", 60)]
    public void Trajectories_agree_to_1e_9(string task, int steps)
    {
        NativeMujoco.RequireReleaseOfTheRecordings();
        var golden = Read(task);
        using var simulation = new MujocoSimulation(MujocoCatalog.ModelOf(RobotOf(task), CapsuleRule.Exact));
        Assert.Equal((int)golden["nq"]!, simulation.Model.PositionCount);
        Assert.Equal((int)golden["nbody"]!, simulation.Model.BodyCount);
        Assert.Equal((int)golden["ngeom"]!, simulation.Model.GeomCount);
        var states = golden["states"]!.AsArray();
        Assert.True(states.Count > steps);
        Start(simulation, (double)golden["phase"]!, isFree: task == "ant");
        var worst = 0.0;
        for (var step = 0; step <= steps; step++)
        {
            worst = Math.Max(worst, Difference(simulation.Positions, states[step]!["qpos"]!));
            worst = Math.Max(worst, Difference(simulation.Velocities, states[step]!["qvel"]!));
            for (var i = 0; i < simulation.Controls.Length; i++)
                simulation.Controls[i] = 0.9 * Math.Sin((0.07 * step * (i + 1)) + i + (double)golden["phase"]!);
            simulation.Step((int)golden["frame_skip"]!);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{task}: {worst:g3}");
        Assert.True(worst <= Tolerance, $"{task} deviates by {worst:g3}; expected at most {Tolerance:g1}.");
    }

    private static RobotModel RobotOf(string task) => task switch
    {
        "hopper" => Robots.Hopper,
        "halfcheetah" => Robots.HalfCheetah,
        "walker2d" => Robots.Walker2d,
        _ => AntModel.Ant,
    };

    private static void Start(MujocoSimulation simulation, double phase, bool isFree)
    {
        for (var i = 0; i < simulation.Positions.Length; i++)
        {
            // The quaternion of a free joint is left alone.
            if (!isFree || i is < 3 or >= 7)
                simulation.Positions[i] += 0.004 * Math.Sin(phase + (1.7 * i));
        }

        for (var i = 0; i < simulation.Velocities.Length; i++)
            simulation.Velocities[i] = 0.05 * Math.Cos(phase + (2.3 * i));
    }

    private static double Difference(ReadOnlySpan<double> found, JsonNode expected)
    {
        Assert.Equal(expected.AsArray().Count, found.Length);
        var largest = 0.0;
        for (var i = 0; i < found.Length; i++)
            largest = Math.Max(largest, Math.Abs(found[i] - (double)expected[i]!));
        return double.IsNaN(largest) ? double.PositiveInfinity : largest;
    }

    private static JsonNode Read(string task)
    {
        var path = Path.Combine(GoldenFolder.Location, "mujoco", task + ".json");
        if (!File.Exists(path))
            Assert.Skip($"Golden trajectory '{task}' is not in '{GoldenFolder.Location}'. Set OFQL_GOLDEN to the folder that holds mujoco/{task}.json.");
        return JsonNode.Parse(File.ReadAllText(path))!;
    }
}
