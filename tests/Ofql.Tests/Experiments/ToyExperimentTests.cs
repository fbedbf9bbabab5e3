using Ofql.Experiments.Toy;
using Ofql.Flow;
using Ofql.Graph.Execution;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Experiments;

/// <summary>Training and sampling of the toy experiment.</summary>
public sealed class ToyExperimentTests
{
    private static readonly ToySettings Small = new() { Updates = 1500, BatchSize = 256, Width = 32, LearningRate = 2e-3, Points = 1000, Projections = 32 };

    [Fact]
    public void The_defaults_are_the_papers()
    {
        var settings = new ToySettings();
        Assert.Equal((4000, 2048, 3, 64), (settings.Updates, settings.BatchSize, settings.Layers, settings.Width));
        Assert.Equal(["ddpm", "ddpm_of_one_step", "marginal_velocity", "average_velocity"], ToyArm.Methods.Select(arm => arm.Name));
        Assert.All(ToyArm.Methods, arm => Assert.Equal(arm.Name == "ddpm_of_one_step" ? [1] : [1, 2, 5, 10], arm.StepCounts));
    }

    [Fact]
    public void A_short_training_beats_an_untrained_network_and_one_step_needs_the_average_velocity()
    {
        using var team = new WorkerTeam(1);
        var set = ToySetTests.Find("crescent");
        var after = Distances(Small.Updates);
        var before = Distances(0);
        foreach (var ((name, steps), distance) in after)
        {
            // One step of a marginal method collapses: learning does not help it.
            if (steps == 10 || name == "average_velocity")
                Assert.True(distance < 0.5 * before[(name, steps)], $"{name}, {steps} steps: {before[(name, steps)]} untrained, {distance} trained");
        }

        foreach (var other in (string[])["marginal_velocity", "ddpm", "ddpm_of_one_step"])
            Assert.True(after[("average_velocity", 1)] < 0.5 * after[(other, 1)], $"{after[("average_velocity", 1)]} against {after[(other, 1)]} of {other}");

        Dictionary<(string, int), double> Distances(int updates)
        {
            var reference = new SlicedWasserstein(ToySetTests.Sample(set, 1000), 32, new RandomStream(1, "directions"));
            var found = new Dictionary<(string, int), double>();
            foreach (var arm in ToyArm.Methods)
            {
                using var trainer = new ToyTrainer(arm.Method, set, Small, seed: 1, team);
                for (var i = 0; i < updates; i++)
                    trainer.Update();
                Assert.Equal(updates, trainer.Updates);
                foreach (var steps in arm.StepCounts)
                    found[(arm.Name, steps)] = reference.To(trainer.Sample(1000, steps));
            }

            return found;
        }
    }

    [Fact]
    public void One_step_of_the_marginal_velocity_collapses_to_the_mean()
    {
        // v(eps, 1) = eps - E[a], so that one Euler step is E[a] whatever eps: (0, -0.84) for the crescent.
        using var team = new WorkerTeam(1);
        using var trainer = new ToyTrainer(ToyMethod.MarginalVelocity, ToySetTests.Find("crescent"), Small, seed: 0, team);
        for (var i = 0; i < 1000; i++)
            trainer.Update();
        var points = trainer.Sample(1000, 1);
        var (x, y) = (points.Where((_, i) => i % 2 == 0).Select(v => (double)v).ToArray(), points.Where((_, i) => i % 2 == 1).Select(v => (double)v).ToArray());
        Assert.Equal(0, Statistics.Mean(x), 0.2);
        Assert.Equal(-0.84, Statistics.Mean(y), 0.2);
        // The crescent itself has deviations 0.9 and 0.7.
        Assert.True(Statistics.StandardDeviation(x) < 0.4);
        Assert.True(Statistics.StandardDeviation(y) < 0.4);
    }

    [Fact]
    public void Same_seed_same_bits_on_any_number_of_threads()
    {
        var settings = Small with { Updates = 20, Points = 500 };
        var arms = ToyArm.Methods.Concat(ToyArm.Samplers(20).Skip(7)).ToList();
        var runs = new[] { 1, 2, 3 }.Select(threads =>
        {
            using var team = new WorkerTeam(threads);
            return new ToyExperiment(settings, ToySet.All, arms, [3]).Run(team, null, default);
        }).ToList();
        foreach (var run in runs.Skip(1))
        {
            Assert.Equal(runs[0].Select(Numbers), run.Select(Numbers));
            Assert.Equal(runs[0].SelectMany(result => result.Points), run.SelectMany(result => result.Points));
        }

        static (string, string, int, double, double, double, double) Numbers(ToyResult result) =>
            (result.Set, result.Arm, result.Steps, result.Distance, result.OffSupport, result.FarOff, result.Gap);
    }

    [Fact]
    public void Results_hold_the_floor_first_and_every_arm_seed_and_number_of_steps()
    {
        using var team = new WorkerTeam(1);
        var progress = new List<ToyProgress>();
        var settings = Small with { Updates = 60, Points = 500 };
        ToySet[] sets = [ToySetTests.Find("spiral")];
        var results = new ToyExperiment(settings, sets, ToyArm.Methods, [0, 1]).Run(team, new Receiver(progress), default);
        // The data, three methods of four numbers of steps, and the one trained for one step.
        Assert.Equal(2 * (1 + (3 * 4) + 1), results.Count);
        foreach (var seed in results.GroupBy(result => result.Seed))
        {
            var floor = seed.First();
            Assert.Equal((ToyExperiment.Data, 0, 0.0, 0.0, 0.0), (floor.Arm, floor.Steps, floor.OffSupport, floor.FarOff, Math.Round(floor.Gap, 6)));
            Assert.All(seed.Skip(1), result => Assert.True(result.Distance > floor.Distance));
            Assert.All(seed, result => Assert.True(result.FarOff <= result.OffSupport && result.Points.Length == 1000));
        }

        // Every 50 updates and at the end of each of the 8 networks.
        Assert.Equal(16, progress.Count);
        Assert.Equal((480, 480), (progress[^1].Done, progress[^1].Total));
        Assert.All(progress.Zip(progress.Skip(1)), pair => Assert.True(pair.First.Done < pair.Second.Done));
        Assert.NotEqual(results[1].Distance, results[15].Distance);
    }

    [Fact]
    public void Divergence_is_an_error_and_cancellation_ends_the_run()
    {
        using var team = new WorkerTeam(1);
        var settings = Small with { Updates = 200, Points = 100, LearningRate = 1e30 };
        var error = Assert.Throws<OfqlException>(() => new ToyExperiment(settings, ToySet.All, ToyArm.Methods, [0]).Run(team, null, default));
        Assert.Contains("Lower the learning rate", error.Message, StringComparison.Ordinal);
        Assert.Throws<OperationCanceledException>(() => new ToyExperiment(Small, ToySet.All, ToyArm.Methods, [0]).Run(team, null, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void The_study_has_its_samplers()
    {
        var arms = ToyArm.Samplers(4000);
        Assert.Equal(arms.Count, arms.Select(arm => arm.Name).Distinct().Count());
        Assert.All(arms, arm => Assert.Equal([1], arm.StepCounts));
        using var team = new WorkerTeam(1);
        var results = new ToyExperiment(Small with { Updates = 30, Points = 200 }, [ToySetTests.Find("spiral")], arms, [0]).Run(team, null, default);
        // Different samplers, different networks.
        Assert.Equal(results.Count, results.Select(result => result.Distance).Distinct().Count());
    }

    private sealed class Receiver(List<ToyProgress> reports) : IProgress<ToyProgress>
    {
        public void Report(ToyProgress value) => reports.Add(value);
    }
}

/// <summary>An update allocates nothing once it is warm.</summary>
[Collection(Alone.Name)]
public sealed class ToyAllocationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_update_allocates_nothing(int threads)
    {
        using var team = new WorkerTeam(threads);
        var settings = new ToySettings { BatchSize = 64, Width = 16 };
        foreach (var method in (ToyMethod[])[ToyMethod.Ddpm, ToyMethod.MarginalVelocity, ToyMethod.AverageVelocity(new TimeSampling { EndpointShare = 0.5, EndRamp = 100, EndRegion = EndRegion.UniformStart })])
        {
            foreach (var set in ToySet.All)
            {
                using var trainer = new ToyTrainer(method, set, settings, 0, team);
                // The runtime's own threads allocate a few kilobytes now and then; one object per update would be 24,000 bytes.
                var (thread, process) = Allocations.Of(1000, trainer.Update);
                Assert.Equal(0, thread);
                Assert.True(process < 16_384, $"{process} bytes in 1000 updates.");
            }
        }
    }
}
