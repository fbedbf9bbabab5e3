using Ofql.Agents;
using Ofql.Agents.Dtql;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Randomness;
using Ofql.Networks;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>The losses of DTQL (arXiv 2405.19690) against plain double arithmetic, and the order of its updates.</summary>
public sealed class DtqlLossTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.6)]
    public void Losses_and_gradients_are_those_of_the_paper(double likelihoodWeight)
    {
        using var data = OfqlBench.Data(20, 3, 2);
        // Rates of 0: what is compared is the state before the steps.
        var settings = Small with { LearningRate = 0, CriticLearningRate = 0, CriticTau = 0, LikelihoodWeight = likelihoodWeight };
        using var agent = new DtqlAgent(settings, OfqlBench.Context(data), DataTransforms.Identity(3, 2), new ProgramMode(GivenInputs: true, KeepAll: true));
        var random = new RandomStream(4, "dtql");
        foreach (var block in agent.Blocks)
            LossCheck.Shake(block, random, block.Name == "behaviour" ? 0.6 : 0.1);
        var reference = new Reference(agent, random);
        agent.Update();

        LossCheck.Close(reference.CriticLoss(), agent.CriticProgram.Scalar(agent.CriticTerms.Loss), "critic loss");
        LossCheck.Close(reference.BehaviourLoss(), agent.BehaviourProgram.Scalar(agent.BehaviourLoss), "behaviour loss");
        LossCheck.Close(reference.ActorLoss(), agent.ActorProgram.Scalar(agent.ActorTerms.Loss), "actor loss");
        Assert.Contains(reference.Denoised(), value => Math.Abs(value) == 1);
        Assert.Contains(reference.Denoised(), value => Math.Abs(value) < 0.9);
        LossCheck.Gradient(agent.Model.Phi, reference.Phi, reference.CriticLoss);
        LossCheck.Gradient(agent.Model.Mu, reference.Mu, reference.BehaviourLoss);
        LossCheck.Gradient(agent.Model.Theta, reference.Theta, reference.ActorLoss);
    }

    [Fact]
    public void Acting_takes_the_best_of_five_by_the_minimum_of_the_target_critics()
    {
        using var data = OfqlBench.Data(20, 3, 2);
        using var agent = new DtqlAgent(Small, OfqlBench.Context(data), DataTransforms.Identity(3, 2), new ProgramMode(GivenInputs: true));
        var random = new RandomStream(5, "dtql");
        foreach (var block in agent.Blocks)
            LossCheck.Shake(block, random, 0.3);
        var reference = new Reference(agent, random);
        CandidateCheck.TheBestActs(agent, reference.Act, reference.MinimumOfTargets, reference.MeanOfTargets, reference.MinQ);
    }

    [Fact]
    public void The_policy_and_the_targets_wait_for_the_end_of_the_pretraining()
    {
        using var data = OfqlBench.Data();
        using var agent = new DtqlAgent(Small with { PretrainUpdates = 5 }, OfqlBench.Context(data));
        var before = OfqlBench.State(agent);
        for (var i = 0; i < 5; i++)
            agent.Update();
        var pretrained = Moved();
        Assert.DoesNotContain(pretrained, name => name.StartsWith("actor.", StringComparison.Ordinal) || name.StartsWith("critic_target.", StringComparison.Ordinal));
        Assert.Contains(pretrained, name => name.StartsWith("behaviour.", StringComparison.Ordinal));
        Assert.Contains(pretrained, name => name.StartsWith("critic.q1.", StringComparison.Ordinal));
        Assert.Equal(0f, OfqlBench.Metrics(agent)["actor/loss"]);
        agent.Update();
        Assert.Contains(Moved(), name => name.StartsWith("actor.", StringComparison.Ordinal));
        Assert.Contains(Moved(), name => name.StartsWith("critic_target.", StringComparison.Ordinal));
        Assert.NotEqual(0f, OfqlBench.Metrics(agent)["actor/loss"]);

        string[] Moved() => OfqlBench.Differences(before, OfqlBench.State(agent));
    }

    [Fact]
    public void Rates_fall_from_the_end_of_the_pretraining()
    {
        using var data = OfqlBench.Data();
        using var agent = new DtqlAgent(Small with { PretrainUpdates = 400, LearningRateDecay = LearningRateDecay.Cosine }, OfqlBench.Context(data));
        Assert.Equal(3e-4, agent.CriticOptimizer.Options.RateAfter(400), 1e-12);
        Assert.Equal(1.5e-4, agent.BehaviourOptimizer.Options.RateAfter(700), 1e-12);
        Assert.Equal(1.5e-4, agent.ActorOptimizer.Options.RateAfter(300), 1e-12);
    }

    private static DtqlSettings Small { get; } = new() { HiddenWidth = 6, HiddenLayers = 2, EmbeddingSize = 4, BatchSize = 7, Alpha = 1.7, PretrainUpdates = 0 };

    /// <summary>The paper's equations, row by row. Draws the inputs of the agent.</summary>
    private sealed class Reference
    {
        private readonly DtqlSettings _settings;
        private readonly double[][] _s, _a, _r, _mask, _next, _noiseBehaviour, _sigmaBehaviour, _noisePolicy, _noiseTrust, _sigmaTrust;
        private readonly double[] _value, _target;
        private readonly Dictionary<string, double[]> _phiTarget;

        public Reference(DtqlAgent agent, RandomStream random)
        {
            var (inputs, batch) = (agent.Losses, agent.Losses.Batch);
            _settings = agent.Settings;
            double Normal() => random.NextNormal();
            double Sigma() => Math.Exp(random.NextNormal() - 0.7);
            _s = LossCheck.Fill(batch.State, Normal);
            _a = LossCheck.Fill(batch.Action, () => random.NextUniform(-1, 1));
            _r = LossCheck.Fill(batch.Reward, Normal);
            _mask = LossCheck.Fill(batch.Mask, () => random.NextIndex(3) == 0 ? 0 : 1);
            _next = LossCheck.Fill(batch.NextState, Normal);
            _noiseBehaviour = LossCheck.Fill(inputs.NoiseBehaviour, Normal);
            _sigmaBehaviour = LossCheck.Fill(inputs.SigmaBehaviour, Sigma);
            _noisePolicy = LossCheck.Fill(inputs.NoisePolicy, Normal);
            _noiseTrust = LossCheck.Fill(inputs.NoiseTrust, Normal);
            _sigmaTrust = LossCheck.Fill(inputs.SigmaTrust, Sigma);
            Phi = PlainNetworks.Values(agent.Model.Phi);
            Mu = PlainNetworks.Values(agent.Model.Mu);
            Theta = PlainNetworks.Values(agent.Model.Theta);
            _phiTarget = PlainNetworks.Values(agent.Model.PhiTarget);

            // What stands under a stop-gradient is computed once.
            _value = [.. Rows.Select(row => MinQ(_s[row], _a[row]))];
            _target = [.. Rows.Select(row => _r[row][0] + (_settings.Discount * _mask[row][0] * V(_next[row])))];
        }

        public Dictionary<string, double[]> Phi { get; }

        public Dictionary<string, double[]> Mu { get; }

        public Dictionary<string, double[]> Theta { get; }

        private IEnumerable<int> Rows => Enumerable.Range(0, _s.Length);

        public double CriticLoss() => Rows.Average(row =>
        {
            var d = _value[row] - V(_s[row]);
            return ((d < 0 ? 1 - _settings.Expectile : _settings.Expectile) * d * d)
                + Math.Pow(Q(1, _s[row], _a[row]) - _target[row], 2) + Math.Pow(Q(2, _s[row], _a[row]) - _target[row], 2);
        });

        public double BehaviourLoss() => Rows.Average(row => DiffusionLoss(row, _a[row], _noiseBehaviour, _sigmaBehaviour));

        public double ActorLoss() => Rows.Average(row =>
        {
            var (mean, deviation) = Gaussian(_s[row]);
            var action = Act(_s[row], _noisePolicy[row]);
            var likelihood = _a[row].Select((a, i) =>
            {
                var z = (Math.Atanh(a / 1.001) - mean[i]) / deviation[i];
                return (-0.5 * z * z) - Math.Log(deviation[i]) - (0.5 * Math.Log(2 * Math.PI));
            }).Sum();
            return (_settings.Alpha * DiffusionLoss(row, action, _noiseTrust, _sigmaTrust)) - MinQ(_s[row], action) - (_settings.LikelihoodWeight * likelihood);
        });

        public double[] Act(double[] s, double[] eps)
        {
            var (mean, deviation) = Gaussian(s);
            return mean.Select((m, i) => Math.Tanh(m + (deviation[i] * eps[i]))).ToArray();
        }

        public double MinimumOfTargets(double[] s, double[] a) => Math.Min(Q(_phiTarget, 1, s, a), Q(_phiTarget, 2, s, a));

        public double MeanOfTargets(double[] s, double[] a) => 0.5 * (Q(_phiTarget, 1, s, a) + Q(_phiTarget, 2, s, a));

        public double MinQ(double[] s, double[] a) => Math.Min(Q(1, s, a), Q(2, s, a));

        /// <summary>What the behaviour policy makes of the noised actions of the data.</summary>
        public double[] Denoised() => [.. Rows.SelectMany(row => Denoise(row, _a[row], _noiseBehaviour, _sigmaBehaviour))];

        /// <summary>mean ((D(a + sigma eps, sigma) - a) / c_out)^2.</summary>
        private double DiffusionLoss(int row, double[] action, double[][] noise, double[][] sigmas)
        {
            var sigma = sigmas[row][0];
            var output = sigma * 0.5 / Math.Sqrt((sigma * sigma) + 0.25);
            return Denoise(row, action, noise, sigmas).Zip(action, (d, a) => (d - a) / output).Average(error => error * error);
        }

        private double[] Denoise(int row, double[] action, double[][] noise, double[][] sigmas)
        {
            var sigma = sigmas[row][0];
            var sum = (sigma * sigma) + 0.25;
            var x = action.Zip(noise[row], (a, e) => a + (sigma * e)).ToArray();
            var f = Score(x.Select(value => value / Math.Sqrt(sum)).ToArray(), sigma, _s[row]);
            return x.Zip(f, (value, y) => Math.Clamp((0.25 / sum * value) + (sigma * 0.5 / Math.Sqrt(sum) * y), -1, 1)).ToArray();
        }

        private double[] Score(double[] x, double sigma, double[] s)
        {
            var size = _settings.EmbeddingSize;
            var time = PlainShapes.Mlp(Mu, "time_t.", new MlpShape([2 * size], Activation.Mish), PlainNetworks.Sinusoid(Math.Log(sigma) / 4, size), "fc2");
            return PlainShapes.Mlp(Mu, "", _settings.Trunk, PlainNetworks.Linear(Mu, "input", [.. x, .. s, .. time]));
        }

        private (double[] Mean, double[] Deviation) Gaussian(double[] s)
        {
            var output = PlainShapes.Mlp(Theta, "", _settings.ActorTrunk, s);
            return (output[..2], output[2..].Select(log => Math.Exp(Math.Clamp(log, _settings.LogStdLow, _settings.LogStdHigh))).ToArray());
        }

        private double Q(int which, double[] s, double[] a) => Q(Phi, which, s, a);

        private double Q(Dictionary<string, double[]> critics, int which, double[] s, double[] a) => PlainShapes.Mlp(critics, $"q{which}.", _settings.CriticTrunk, [.. s, .. a])[0];

        private double V(double[] s) => PlainShapes.Mlp(Phi, "v.", _settings.Trunk, s)[0];
    }
}
