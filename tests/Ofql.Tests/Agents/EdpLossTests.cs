using Ofql.Agents;
using Ofql.Agents.Edp;
using Ofql.Data;
using Ofql.Flow;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Randomness;
using Xunit;
using static Ofql.Tests.Agents.PlainNetworks;

namespace Ofql.Tests.Agents;

/// <summary>The complete losses of EDP (arXiv 2305.20081) in plain double arithmetic, and all gradients against differences of it.</summary>
public sealed class EdpLossTests
{
    private const int Batch = 9;
    private const int StateSize = 4;
    private const int ActionSize = 2;

    [Theory]
    [InlineData(EdpSampler.DpmSolver, 0)]
    [InlineData(EdpSampler.DpmSolver, 1)]
    [InlineData(EdpSampler.Ddpm, 0)]
    public void Losses_and_gradients_are_those_of_the_equations(EdpSampler sampler, int coin)
    {
        using var agent = Agent(s => s with { Sampler = sampler }, out var batch);
        var plain = new Plain(agent, batch);
        // Other critics judge other actions: the scale is that of the judging critic and a constant to the gradient.
        var scale = plain.MeanAbsoluteQ(coin + 1);
        agent.Update(coin);
        Assert.Equal(scale, agent.ActorProgram(coin).Scalar(agent.ActorTerms[coin].Q.Scale), 1e-5 * scale);
        Assert.Equal(plain.ActorLoss(coin + 1, scale), agent.ActorProgram(coin).Scalar(agent.ActorTerms[coin].Loss), 1e-5);
        CheckGradients(plain.Theta, agent.Model.Theta, () => plain.ActorLoss(coin + 1, scale));

        var targets = Enumerable.Range(0, Batch).Select(plain.Target).ToArray();
        Assert.Equal(plain.CriticLoss(targets), agent.CriticProgram.Scalar(agent.CriticTerms.Loss), 1e-4);
        CheckGradients(plain.Phi, agent.Model.Phi, () => plain.CriticLoss(targets));
    }

    /// <summary>Its code judges with the critics that learn, unlike Diffusion-QL's, and the policy that learns acts.</summary>
    [Theory]
    [InlineData(EdpSampler.DpmSolver)]
    [InlineData(EdpSampler.Ddpm)]
    public void Acting_takes_the_best_of_five_by_the_minimum_of_the_online_critics(EdpSampler sampler)
    {
        using var agent = Agent(s => s with { Sampler = sampler }, out var batch);
        var random = new RandomStream(5, "edp");
        foreach (var block in agent.Model.Blocks)
            LossCheck.Shake(block, random, 0.2);
        var plain = new Plain(agent, batch);
        CandidateCheck.TheBestActs(agent, plain.Act, plain.MinimumOfCritics, plain.MeanOfCritics, plain.MinimumOfTargets);
    }

    [Fact]
    public void The_actor_is_judged_by_the_critics_from_before_their_step()
    {
        using EdpAgent still = Agent(s => s, out _), moving = Agent(s => s with { CriticLearningRate = 0.1, CriticTau = 0.5 }, out _);
        still.Update(0);
        moving.Update(0);
        Assert.Equal(still.ActorProgram(0).Scalar(still.ActorTerms[0].Loss), moving.ActorProgram(0).Scalar(moving.ActorTerms[0].Loss));
        Assert.NotEqual(Values(still.Model.Phi)["q1.out.bias"], Values(moving.Model.Phi)["q1.out.bias"]);
    }

    [Fact]
    public void Targets_move_after_they_were_used()
    {
        using EdpAgent still = Agent(s => s, out _), moving = Agent(s => s with { LearningRate = 0.1, ActorDecay = 0, ActorAverageStart = 0, ActorAverageEvery = 1 }, out _);
        still.Update(0);
        moving.Update(0);
        Assert.Equal(still.CriticProgram.Scalar(still.CriticTerms.Loss), moving.CriticProgram.Scalar(moving.CriticTerms.Loss));
        Assert.Equal(Values(moving.Model.Theta)["out.bias"], Values(moving.Model.ThetaTarget)["out.bias"]);
    }

    [Fact]
    public void More_solver_steps_than_levels_are_refused()
    {
        var error = Assert.Throws<UsageException>(() => AgentCatalog.Find("edp").Resolve(new Dictionary<string, string> { ["steps"] = "10" }));
        Assert.Contains("'solver_steps'", error.Message, StringComparison.Ordinal);
        Assert.Equal("10", AgentCatalog.Find("edp").Resolve(new Dictionary<string, string> { ["steps"] = "10", ["sampler"] = "ddpm" })["steps"]);
    }

    /// <summary>Rates of 0: what is compared is the state before the step. Inputs are drawn once; targets differ from what they follow.</summary>
    private static EdpAgent Agent(Func<EdpSettings, EdpSettings> change, out BatchInputs batch)
    {
        var settings = change(new EdpSettings
        {
            HiddenWidth = 7, HiddenLayers = 2, EmbeddingSize = 4, EmbeddingFrequencies = EmbeddingFrequencies.DiffusionQl, BatchSize = Batch, Steps = 12, SolverSteps = 5, LearningRate = 0, CriticLearningRate = 0, CriticTau = 0,
        });
        using var data = OfqlBench.Data(20, StateSize, ActionSize);
        var context = OfqlBench.Context(data);
        var agent = new EdpAgent(settings, context, DataTransforms.Of(settings, context), new ProgramMode(GivenInputs: true, KeepAll: true));
        var random = new RandomStream(3, "edp batch");
        foreach (var block in new[] { agent.Model.ThetaTarget, agent.Model.PhiTarget })
            block.Initialize(random);
        var losses = (EdpLosses)agent.Losses;
        batch = losses.Batch;
        foreach (var input in new[] { batch.State, batch.NextState, batch.Reward, losses.NoiseBehaviour, losses.NoiseNext })
            Draw(input, random.NextNormal);
        Draw(batch.Action, () => random.NextUniform(-1, 1));
        Draw(batch.Mask, () => random.NextIndex(3) == 0 ? 0 : 1);
        for (var row = 0; row < Batch; row++)
            losses.Level.Write(row, ((EdpModel)agent.Model).Schedule, (int)random.NextIndex(12));
        return agent;
    }

    /// <summary>The equations, row by row.</summary>
    private sealed class Plain
    {
        private readonly EdpSettings _settings;
        private readonly NoiseSchedule _schedule;
        private readonly double[][] _s, _a, _next, _eps, _noise;
        private readonly double[] _reward, _mask, _level;

        public Plain(EdpAgent agent, BatchInputs batch)
        {
            _settings = agent.Settings;
            _schedule = ((EdpModel)agent.Model).Schedule;
            (Theta, ThetaTarget, Phi, PhiTarget) = (Values(agent.Model.Theta), Values(agent.Model.ThetaTarget), Values(agent.Model.Phi), Values(agent.Model.PhiTarget));
            (_s, _a, _next) = (PlainNetworks.Rows(batch.State), PlainNetworks.Rows(batch.Action), PlainNetworks.Rows(batch.NextState));
            (_eps, _noise) = (PlainNetworks.Rows(agent.Losses.NoiseBehaviour), PlainNetworks.Rows(agent.Losses.NoiseNext));
            (_reward, _mask, _level) = (Column(batch.Reward), Column(batch.Mask), Column(((EdpLosses)agent.Losses).Level.Index));
        }

        public Dictionary<string, double[]> Theta { get; }

        public Dictionary<string, double[]> ThetaTarget { get; }

        public Dictionary<string, double[]> Phi { get; }

        public Dictionary<string, double[]> PhiTarget { get; }

        public double ActorLoss(int judge, double scale)
        {
            double noise = 0, value = 0;
            for (var row = 0; row < Batch; row++)
            {
                var (error, action) = Approximation(row);
                noise += error.Sum(e => e * e) / (Batch * ActionSize);
                value += Q(Phi, judge, Activation.Mish, _s[row], action) / Batch;
            }

            return noise - (_settings.Eta * value / scale);
        }

        public double MeanAbsoluteQ(int judge) => Enumerable.Range(0, Batch).Average(row => Math.Abs(Q(Phi, judge, Activation.Mish, _s[row], Approximation(row).Action)));

        public double Target(int row)
        {
            var action = Act(ThetaTarget, _next[row], _noise[row]);
            return _reward[row] + (_settings.Discount * _mask[row] * MinimumOfTargets(_next[row], action));
        }

        public double[] Act(double[] s, double[] noise) => Act(Theta, s, noise);

        public double MinimumOfCritics(double[] s, double[] a) => Math.Min(Q(Phi, 1, Activation.Mish, s, a), Q(Phi, 2, Activation.Mish, s, a));

        public double MeanOfCritics(double[] s, double[] a) => 0.5 * (Q(Phi, 1, Activation.Mish, s, a) + Q(Phi, 2, Activation.Mish, s, a));

        public double MinimumOfTargets(double[] s, double[] a) => Math.Min(Q(PhiTarget, 1, Activation.Mish, s, a), Q(PhiTarget, 2, Activation.Mish, s, a));

        public double CriticLoss(double[] targets) => Enumerable.Range(0, Batch).Average(row =>
            Math.Pow(Q(Phi, 1, Activation.Mish, _s[row], _a[row]) - targets[row], 2) + Math.Pow(Q(Phi, 2, Activation.Mish, _s[row], _a[row]) - targets[row], 2));

        private (double[] Error, double[] Action) Approximation(int row)
        {
            var k = (int)_level[row];
            var (signal, noise) = (_schedule.Signal(k), _schedule.Noise(k));
            var x = _a[row].Zip(_eps[row], (a, e) => (signal * a) + (noise * e)).ToArray();
            var predicted = Noise(Theta, x, k, _s[row]);
            return (predicted.Zip(_eps[row], (p, e) => p - e).ToArray(), x.Zip(predicted, (v, p) => Math.Clamp((v - (noise * p)) / signal, -1, 1)).ToArray());
        }

        private double[] Noise(Dictionary<string, double[]> theta, double[] x, int k, double[] s)
        {
            var embedding = Mlp(theta, "time_t.", Activation.Mish, Sinusoid(k, _settings.EmbeddingSize), "fc2");
            return Mlp(theta, "", Activation.Mish, [.. x, .. embedding, .. s]);
        }

        private double[] Act(Dictionary<string, double[]> theta, double[] s, double[] noise) => _settings.Sampler == EdpSampler.Ddpm ? Chain(theta, s, noise) : Solve(theta, s, noise);

        private double[] Data(Dictionary<string, double[]> theta, double[] x, int k, double[] s) => x.Zip(Noise(theta, x, k, s), (v, p) => Math.Clamp((v - (_schedule.Noise(k) * p)) / _schedule.Signal(k), -1, 1)).ToArray();

        /// <summary>DDPM, algorithm 2, with the clipped data in the posterior mean.</summary>
        private double[] Chain(Dictionary<string, double[]> theta, double[] s, double[] noise)
        {
            var x = noise[..ActionSize];
            for (var (k, draw) = (_schedule.Steps - 1, 1); k >= 0; k--, draw++)
            {
                var abar = _schedule.AlphaBar(k);
                var before = _schedule.AlphaBar(k - 1);
                var beta = 1 - (abar / before);
                var x0 = Data(theta, x, k, s);
                x = x.Select((v, i) => (beta * Math.Sqrt(before) / (1 - abar) * x0[i]) + ((1 - before) * Math.Sqrt(1 - beta) / (1 - abar) * v)
                    + (k == 0 ? 0 : Math.Sqrt(beta * (1 - before) / (1 - abar)) * noise[(draw * ActionSize) + i])).ToArray();
            }

            return x;
        }

        /// <summary>DPM-Solver++(2M), algorithm 2.</summary>
        private double[] Solve(Dictionary<string, double[]> theta, double[] s, double[] noise)
        {
            var levels = DpmSolver.Levels(_schedule, _settings.SolverSteps);
            var lambda = levels.Select(k => Math.Log(_schedule.Signal(k) / _schedule.Noise(k))).ToArray();
            var x = noise;
            var data = new List<double[]>();
            for (var i = 0; i < levels.Length; i++)
            {
                data.Add(Data(theta, x, levels[i], s));
                if (i == levels.Length - 1)
                    break;
                var h = lambda[i + 1] - lambda[i];
                var r = i == 0 ? double.PositiveInfinity : (lambda[i] - lambda[i - 1]) / h;
                var earlier = i == 0 ? data[0] : data[i - 1];
                var d = data[i].Zip(earlier, (now, then) => ((1 + (1 / (2 * r))) * now) - (1 / (2 * r) * then)).ToArray();
                x = x.Zip(d, (v, value) => (_schedule.Noise(levels[i + 1]) / _schedule.Noise(levels[i]) * v) - (_schedule.Signal(levels[i + 1]) * (Math.Exp(-h) - 1) * value)).ToArray();
            }

            return data[^1];
        }
    }
}
