using Ofql.Flow;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Flow;

/// <summary>Schedules against their formulas and published numbers, and the identities every posterior obeys.</summary>
public sealed class NoiseScheduleTests
{
    public static TheoryData<NoiseScheduleKind, int> Schedules => new(
        from kind in Enum.GetValues<NoiseScheduleKind>() from steps in new[] { 1, 2, 5, 10, 1000 } select (kind, steps));

    [Fact]
    public void Vp_has_diffusion_qls_numbers()
    {
        // T = 5, from the authors' formula to six digits: beta, abar, coefficient of the data, of x_k, posterior variance.
        (double, double, double, double, double)[] expected =
        [
            (0.195875, 0.804125, 1.000000, 0.000000, 0), (0.458818, 0.435178, 0.728435, 0.255116, 0.159114), (0.635781, 0.158500, 0.498410, 0.405078, 0.426742),
            (0.754878, 0.038852, 0.312681, 0.433466, 0.660907), (0.835031, 0.006409, 0.165654, 0.392901, 0.807766),
        ];
        var schedule = NoiseSchedule.Of(NoiseScheduleKind.Vp, 5);
        for (var k = 0; k < 5; k++)
        {
            Assert.Equal(expected[k].Item1, schedule.Beta(k), 1e-6);
            Assert.Equal(expected[k].Item2, schedule.AlphaBar(k), 1e-6);
            Assert.Equal(expected[k].Item3, schedule.DataCoefficient(k), 1e-6);
            Assert.Equal(expected[k].Item4, schedule.NoisyCoefficient(k), 1e-6);
            Assert.Equal(expected[k].Item5, schedule.PosteriorVariance(k), 1e-6);
        }
    }

    [Fact]
    public void Vp_at_the_time_s_is_the_same_for_any_number_of_steps()
    {
        // The exponents add up to -0.1 s - 0.5 (10 - 0.1) s^2, s = (k + 1) / T.
        foreach (var steps in new[] { 1, 2, 5, 10, 100 })
        {
            var schedule = NoiseSchedule.Of(NoiseScheduleKind.Vp, steps);
            for (var k = 0; k < steps; k++)
            {
                var s = (k + 1.0) / steps;
                Assert.Equal(Math.Exp((-0.1 * s) - (4.95 * s * s)), schedule.AlphaBar(k), 1e-12);
            }
        }
    }

    [Fact]
    public void Linear_runs_evenly_between_its_ends()
    {
        var schedule = NoiseSchedule.Of(NoiseScheduleKind.Linear, 1000);
        Assert.Equal(1e-4, schedule.Beta(0), 1e-15);
        Assert.Equal(0.02, schedule.Beta(999), 1e-15);
        Assert.Equal(((1e-4 * (999 - 500)) + (0.02 * 500)) / 999, schedule.Beta(500), 1e-15);
        // What is left of the signal after DDPM's 1000 steps (abar 4.0e-5).
        Assert.Equal(4.036e-5, schedule.AlphaBar(999), 1e-8);
        Assert.Equal(1e-4, NoiseSchedule.Of(NoiseScheduleKind.Linear, 1).Beta(0), 1e-15);
    }

    // abar = cos^2(pi/2 (t + 0.008)/1.008) / cos^2(pi/2 0.008/1.008) at t = 0.001, 0.25075, 0.5005, 0.75025, 0.9946, by hand.
    [Fact]
    public void The_continuous_cosine_has_the_levels_of_clean_diffuser()
    {
        var schedule = NoiseSchedule.Of(NoiseScheduleKind.CosineContinuous, 5);
        double[] expected = [0.9999587158, 0.8461693455, 0.4930643729, 0.1439984140, 7.082123e-5];
        for (var k = 0; k < 5; k++)
            Assert.Equal(expected[k], schedule.AlphaBar(k), 1e-10);
        Assert.Equal(7.082123e-5, NoiseSchedule.Of(NoiseScheduleKind.CosineContinuous, 1).AlphaBar(0), 1e-10);
    }

    [Fact]
    public void Cosine_follows_its_square_until_beta_is_cut()
    {
        var schedule = NoiseSchedule.Of(NoiseScheduleKind.Cosine, 50);
        double F(double x) => Math.Pow(Math.Cos((x + 0.008) / 1.008 * Math.PI / 2), 2);
        for (var k = 0; k < 49; k++)
            Assert.Equal(F((k + 1) / 50.0) / F(0), schedule.AlphaBar(k), 1e-12);
        Assert.Equal(0.999, schedule.Beta(49), 1e-15);
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public void The_posterior_leads_from_level_to_level(NoiseScheduleKind kind, int steps)
    {
        var schedule = NoiseSchedule.Of(kind, steps);
        Assert.Equal(steps, schedule.Steps);
        for (var k = 0; k < steps; k++)
        {
            Assert.InRange(schedule.Beta(k), 0, 1);
            Assert.True(schedule.AlphaBar(k) < schedule.AlphaBar(k - 1));
            // Of x_k = sqrt(abar_k) a + sqrt(1 - abar_k) eps the posterior's mean and variance make x_(k-1): its part of the data and its variance.
            Assert.Equal(schedule.Signal(k - 1), schedule.DataCoefficient(k) + (schedule.NoisyCoefficient(k) * schedule.Signal(k)), 1e-12);
            var variance = Math.Pow(schedule.NoisyCoefficient(k) * schedule.Noise(k), 2) + schedule.PosteriorVariance(k);
            Assert.Equal(1 - schedule.AlphaBar(k - 1), variance, 1e-12);
        }

        Assert.Equal(0, schedule.PosteriorVariance(0), 1e-15);
        Assert.Equal(1, schedule.DataCoefficient(0), 1e-12);
    }

    [Fact]
    public void A_respaced_schedule_visits_the_same_levels()
    {
        var whole = NoiseSchedule.Of(NoiseScheduleKind.Cosine, 20);
        foreach (var steps in new[] { 1, 2, 5, 10, 20 })
        {
            var some = whole.Respaced(steps);
            for (var k = 0; k < steps; k++)
                Assert.Equal(whole.AlphaBar(((k + 1) * 20 / steps) - 1), some.AlphaBar(k), 1e-14);
        }

        var vp = NoiseSchedule.Of(NoiseScheduleKind.Vp, 10).Respaced(5);
        for (var k = 0; k < 5; k++)
            Assert.Equal(NoiseSchedule.Of(NoiseScheduleKind.Vp, 5).Beta(k), vp.Beta(k), 1e-12);
        Assert.Throws<ArgumentException>(() => whole.Respaced(3));
        Assert.Throws<ArgumentException>(() => whole.Respaced(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NoiseSchedule.Of(NoiseScheduleKind.Vp, 0));
    }

    [Fact]
    public void Levels_are_drawn_evenly()
    {
        const int count = 100_000;
        using var graph = new Graph.Graph(count);
        var inputs = NoiseLevelInputs.Create(graph);
        var schedule = NoiseSchedule.Of(NoiseScheduleKind.Vp, 5);
        var source = new NoiseLevelSource(schedule, new RandomStream(1, "levels"), inputs);
        Assert.Equal((ulong)count, source.CountersPerRun);
        source.Fill(0, count);
        float[] k = new float[count], signal = new float[count], noise = new float[count];
        inputs.Index.Read(k);
        inputs.Signal.Read(signal);
        inputs.Noise.Read(noise);
        foreach (var level in k.Distinct())
            Assert.Equal(0.2, k.Count(other => other == level) / (double)count, 0.005);
        Assert.Equal(5, k.Distinct().Count());
        for (var i = 0; i < count; i++)
        {
            Assert.Equal((float)schedule.Signal((int)k[i]), signal[i]);
            Assert.Equal((float)schedule.Noise((int)k[i]), noise[i]);
        }
    }
}
