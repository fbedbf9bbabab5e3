using Ofql.Agents;
using Ofql.Agents.IqlTdmpc;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;
using Ofql.Networks;
using Xunit;
using static Ofql.Tests.Agents.PlainNetworks;

namespace Ofql.Tests.Agents;

/// <summary>
/// The complete losses of IQL-TD-MPC in our reading (docs/iql-tdmpc.md) in plain double arithmetic, all gradients against differences of it,
/// the plan against a scalar twin, and the order of its updates.
/// </summary>
public sealed class IqlTdmpcLossTests
{
    private const int Batch = 9;

    [Fact]
    public void Losses_and_gradients_of_the_manager_are_those_of_the_equations()
    {
        using var agent = Agent();
        var plain = new Plain(agent);
        agent.Update();
        var (program, terms, model) = (agent.ManagerProgram, agent.ModelTerms, agent.Model);
        LossCheck.Close(plain.Consistency(), program.Scalar(terms.Consistency), "consistency");
        LossCheck.Close(plain.RewardError(), program.Scalar(terms.Reward), "reward");
        LossCheck.Close(plain.ManagerCriticLoss(), program.Scalar(terms.Critic.Loss), "manager's critics");
        LossCheck.Close(plain.ModelLoss(), program.Scalar(terms.Loss), "model");
        LossCheck.Close(plain.ManagerValueLoss(), program.Scalar(agent.ManagerValueTerms.Loss), "manager's value");
        LossCheck.Close(plain.ManagerPolicyLoss(), program.Scalar(agent.ManagerPolicyTerms.Loss), "manager's policy");
        CheckGradients(plain.Omega, model.Omega, plain.ModelLoss);
        CheckGradients(plain.ManagerPhi, model.ManagerPhi, plain.ModelLoss);
        CheckGradients(plain.ManagerPsi, model.ManagerPsi, plain.ManagerValueLoss);
        CheckGradients(plain.ManagerTheta, model.ManagerTheta, plain.ManagerPolicyLoss);
    }

    [Fact]
    public void Losses_and_gradients_of_the_worker_are_those_of_iql_on_states_with_intents()
    {
        using var agent = Agent();
        var plain = new Plain(agent);
        agent.Update();
        var (program, terms, model) = (agent.WorkerProgram, agent.WorkerTerms, agent.Model);
        LossCheck.Close(plain.ValueLoss(), program.Scalar(terms.Value.Loss), "value");
        LossCheck.Close(plain.CriticLoss(), program.Scalar(terms.Critic.Loss), "critics");
        LossCheck.Close(plain.PolicyLoss(), program.Scalar(terms.Policy.Loss), "policy");
        LossCheck.Close(plain.IntentSize(), program.Scalar(terms.IntentSize), "intent");
        CheckGradients(plain.Psi, model.Psi, plain.ValueLoss);
        CheckGradients(plain.Phi, model.Phi, plain.CriticLoss);
        CheckGradients(plain.Theta, model.Theta, plain.PolicyLoss);
    }

    [Theory]
    [InlineData(1, 1, 3, GaussianActing.Mean, 1f)]
    [InlineData(7, 3, 1, GaussianActing.Mean, 1f)]
    [InlineData(12, 4, 2, GaussianActing.Sample, 0.5f)]
    [InlineData(40, 40, 3, GaussianActing.Sample, 1f)]
    [InlineData(6, 2, 2, GaussianActing.Sample, 0f)]
    public void An_action_follows_the_plan_of_a_scalar_twin(int samples, int elites, int horizon, GaussianActing actWith, float noiseScale)
    {
        using var agent = Agent(s => s with { PlanSamples = samples, PlanElites = elites, PlanHorizon = horizon, PlanTemperature = 1.5, ActWith = actWith });
        var plain = new Plain(agent);
        using var actor = agent.CreateActor(new ActingOptions { Candidates = 5, NoiseScale = noiseScale }, 30);
        var (stateSize, size) = (actor.StateSize, actor.ActionSize);
        Assert.Equal(size + (samples * horizon * agent.Settings.AbstractSize), actor.NoisePerState);
        float[] states = OfqlBench.Normals(30 * stateSize, "state"), noise = OfqlBench.Normals(30 * actor.NoisePerState), actions = new float[30 * size];
        actor.Act(30, states, noise, new float[30], actions);
        for (var row = 0; row < 30; row++)
        {
            var numbers = Array.ConvertAll(noise[(row * actor.NoisePerState)..((row + 1) * actor.NoisePerState)], x => (double)x);
            // The scale is that of the worker's noise; without noise the plan is that of the mean.
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] *= i < size ? noiseScale : noiseScale == 0 ? 0 : 1;
            var expected = plain.Act(Array.ConvertAll(states[(row * stateSize)..((row + 1) * stateSize)], x => (double)x), numbers);
            for (var i = 0; i < size; i++)
                Assert.Equal(expected[i], actions[(row * size) + i], 5e-5);
        }
    }

    [Fact]
    public void The_manager_learns_first_and_rests_when_the_worker_learns()
    {
        using var data = OfqlBench.Data();
        using var agent = new IqlTdmpcAgent(Small with { PretrainUpdates = 4 }, OfqlBench.Context(data));
        var before = OfqlBench.State(agent);
        Run(agent, 4);
        var pretrained = OfqlBench.State(agent);
        Assert.All(Moved(before, pretrained), name => Assert.True(IsManager(name), name));
        Assert.Contains("model.dynamics.fc1.weight", Moved(before, pretrained));
        Assert.Contains("model_target.encoder.fc1.weight", Moved(before, pretrained));
        Assert.Contains("manager_policy.log_std", Moved(before, pretrained));
        Assert.Equal(0f, OfqlBench.Metrics(agent)["actor/loss"]);
        var consistency = OfqlBench.Metrics(agent)["manager/consistency_loss"];
        Run(agent, 4);
        var moved = Moved(pretrained, OfqlBench.State(agent));
        Assert.All(moved, name => Assert.False(IsManager(name), name));
        Assert.Contains("actor.out.weight", moved);
        Assert.Contains("critic_target.q1.out.weight", moved);
        Assert.Equal(consistency, OfqlBench.Metrics(agent)["manager/consistency_loss"]);

        // The numbers of the manager's last update survive a restart.
        using var resumed = new IqlTdmpcAgent(Small with { PretrainUpdates = 4 }, OfqlBench.Context(data));
        OfqlBench.Restore(resumed, OfqlBench.State(agent));
        Run(agent, 1);
        Run(resumed, 1);
        Assert.Equal(OfqlBench.Metrics(agent), OfqlBench.Metrics(resumed));

        static string[] Moved(Dictionary<string, byte[]> a, Dictionary<string, byte[]> b) =>
            [.. OfqlBench.Differences(a, b).Where(name => name is not ("step" or "stream.batch") && !name.StartsWith("adam.", StringComparison.Ordinal))];
        static bool IsManager(string name) => name.StartsWith("model", StringComparison.Ordinal) || name.StartsWith("manager_", StringComparison.Ordinal) || name == "held_metrics";
    }

    [Fact]
    public void Side_by_side_both_learn_with_the_same_bits_on_any_number_of_threads_and_after_a_restart()
    {
        using var data = OfqlBench.Data();
        var single = After(12, threads: 1);
        Assert.Empty(OfqlBench.Differences(single, After(12, threads: 3)));
        using var resumed = new IqlTdmpcAgent(Small, OfqlBench.Context(data, threads: 2));
        OfqlBench.Restore(resumed, After(5, threads: 1));
        Run(resumed, 7);
        Assert.Empty(OfqlBench.Differences(single, OfqlBench.State(resumed)));

        Dictionary<string, byte[]> After(int updates, int threads)
        {
            using var agent = new IqlTdmpcAgent(Small, OfqlBench.Context(data, threads: threads));
            Run(agent, updates);
            return OfqlBench.State(agent);
        }
    }

    [Fact]
    public void Options_that_make_no_sense_together_are_refused()
    {
        var factory = AgentCatalog.Find("iql_tdmpc");
        Refused("plan_elites", ("plan_samples", "4"), ("plan_elites", "5"));
        Refused("abstract_size", ("plan_samples", "1000000"), ("plan_horizon", "1000"), ("abstract_size", "65536"));
        Refused("log_std_high", ("log_std_low", "3"));

        void Refused(string expected, params (string Name, string Value)[] options) => Assert.Contains(
            expected, Assert.Throws<UsageException>(() => factory.Resolve(options.ToDictionary(option => option.Name, option => option.Value))).Message, StringComparison.Ordinal);
    }

    private static IqlTdmpcSettings Small { get; } = new()
    {
        HiddenWidth = 12, ManagerWidth = 12, EncoderWidth = 10, LatentSize = 6, AbstractSize = 3, BatchSize = 17, Window = 3, PlanSamples = 16,
    };

    private static void Run(IqlTdmpcAgent agent, int updates)
    {
        for (var i = 0; i < updates; i++)
            agent.Update();
    }

    /// <summary>Rates of 0: what is compared is the state before the step. Every block has numbers of its own, targets too.</summary>
    private static IqlTdmpcAgent Agent(Func<IqlTdmpcSettings, IqlTdmpcSettings>? change = null)
    {
        var settings = new IqlTdmpcSettings
        {
            HiddenWidth = 6, ManagerWidth = 6, EncoderWidth = 5, LatentSize = 4, AbstractSize = 3, BatchSize = Batch, Beta = 1.5, ManagerBeta = 2, MaximumWeight = 1.6,
            LearningRate = 0, CriticLearningRate = 0, ValueLearningRate = 0, ManagerLearningRate = 0, CriticTau = 0, ManagerTau = 0, Discount = 0.9, Window = 3,
        };
        settings = change?.Invoke(settings) ?? settings;
        using var data = OfqlBench.Data(20, 3, 2);
        var agent = new IqlTdmpcAgent(settings, OfqlBench.Context(data), DataTransforms.Identity(3, 2), new ProgramMode(GivenInputs: true, KeepAll: true));
        var random = new RandomStream(3, "iql-td-mpc");
        foreach (var block in agent.Blocks)
        {
            block.Initialize(random);
            LossCheck.Shake(block, random, 0.3);
        }

        var windows = agent.Losses.Windows;
        foreach (var input in new[] { windows.First.State, windows.First.NextState, windows.First.Reward, windows.Reward, windows.End, windows.NextEnd })
            Draw(input, random.NextNormal);
        Draw(windows.First.Action, () => random.NextUniform(-1, 1));
        Draw(windows.First.Mask, () => random.NextIndex(3) == 0 ? 0 : 1);
        Draw(windows.Discount, () => random.NextIndex(3) == 0 ? 0 : Math.Pow(0.9, 1 + random.NextIndex(3)));
        return agent;
    }

    /// <summary>The equations, row by row.</summary>
    private sealed class Plain
    {
        private readonly IqlTdmpcSettings _settings;
        private readonly double[][] _s, _a, _next, _end, _nextEnd;
        private readonly double[] _reward, _mask, _windowReward, _discount, _target;
        private readonly Dictionary<string, double[]> _omegaTarget, _managerPhiTarget, _phiTarget;

        public Plain(IqlTdmpcAgent agent)
        {
            _settings = agent.Settings;
            var (model, windows) = (agent.Model, agent.Losses.Windows);
            (Omega, ManagerPhi, ManagerPsi, ManagerTheta) = (Values(model.Omega), Values(model.ManagerPhi), Values(model.ManagerPsi), Values(model.ManagerTheta));
            (Theta, Phi, Psi) = (Values(model.Theta), Values(model.Phi), Values(model.Psi));
            (_omegaTarget, _managerPhiTarget, _phiTarget) = (Values(model.OmegaTarget), Values(model.ManagerPhiTarget), Values(model.PhiTarget));
            (_s, _a, _next, _end, _nextEnd) = (Rows(windows.First.State), Rows(windows.First.Action), Rows(windows.First.NextState), Rows(windows.End), Rows(windows.NextEnd));
            (_reward, _mask, _windowReward, _discount) = (Column(windows.First.Reward), Column(windows.First.Mask), Column(windows.Reward), Column(windows.Discount));
            // It stands under a stop-gradient, so it is computed once.
            _target = [.. All.Select(row => _windowReward[row] + (_discount[row] * ManagerV(H(Omega, _end[row]))))];
        }

        public Dictionary<string, double[]> Omega { get; }

        public Dictionary<string, double[]> ManagerPhi { get; }

        public Dictionary<string, double[]> ManagerPsi { get; }

        public Dictionary<string, double[]> ManagerTheta { get; }

        public Dictionary<string, double[]> Theta { get; }

        public Dictionary<string, double[]> Phi { get; }

        public Dictionary<string, double[]> Psi { get; }

        private static IEnumerable<int> All => Enumerable.Range(0, Batch);

        public double Consistency() => All.Average(row => F(Z(row), G(row)).Zip(H(_omegaTarget, _end[row]), (f, h) => (f - h) * (f - h)).Average());

        public double RewardError() => All.Average(row => Math.Pow(R(Z(row), G(row)) - _windowReward[row], 2));

        public double ManagerCriticLoss() => All.Average(row =>
            Math.Pow(ManagerQ(ManagerPhi, 1, Z(row), G(row)) - _target[row], 2) + Math.Pow(ManagerQ(ManagerPhi, 2, Z(row), G(row)) - _target[row], 2));

        public double ModelLoss() => (2 * Consistency()) + (0.5 * RewardError()) + (0.1 * ManagerCriticLoss());

        public double ManagerValueLoss() => All.Average(row => Expectile(ManagerAdvantage(row), _settings.ManagerExpectile));

        public double ManagerPolicyLoss() => All.Average(row => Regression(
            ManagerAdvantage(row), _settings.ManagerBeta, G(row), Mean(ManagerTheta, _settings.ManagerTrunk, Z(row)), ManagerTheta["log_std"]));

        public double ValueLoss() => All.Average(row => Expectile(Advantage(row), _settings.Expectile));

        public double CriticLoss() => All.Average(row =>
        {
            var xNext = Joined(_next[row], H(Omega, _next[row]), E(_next[row], _nextEnd[row]));
            var y = _reward[row] + (_settings.Discount * _mask[row] * V(xNext));
            return Math.Pow(Q(Phi, 1, X(row), _a[row]) - y, 2) + Math.Pow(Q(Phi, 2, X(row), _a[row]) - y, 2);
        });

        public double PolicyLoss() => All.Average(row => Regression(Advantage(row), _settings.Beta, _a[row], Mean(Theta, _settings.Trunk, X(row)), Theta["log_std"]));

        public double IntentSize() => All.Average(row => X(row).Skip(_s[row].Length).Average(Math.Abs));

        /// <summary>The action of one state, from the noise of the worker and of the plan.</summary>
        public double[] Act(double[] s, double[] noise)
        {
            var (n, size, horizon) = (_settings.PlanSamples, _settings.AbstractSize, _settings.PlanHorizon);
            var (z, plan) = (H(Omega, s), noise[_a[0].Length..]);
            var sequences = Enumerable.Range(0, n).Select(i =>
            {
                double[] at = z, first = [];
                var score = 0.0;
                for (var h = 0; h < horizon; h++)
                {
                    var eps = plan[(((i * horizon) + h) * size)..(((i * horizon) + h + 1) * size)];
                    var g = Sample(ManagerTheta, Mean(ManagerTheta, _settings.ManagerTrunk, at), eps);
                    first = h == 0 ? g : first;
                    score += Math.Pow(_settings.Discount, _settings.Window * h) * R(at, g);
                    at = F(at, g);
                }

                return (Score: score + (Math.Pow(_settings.Discount, _settings.Window * horizon) * ManagerV(at)), First: first);
            }).OrderByDescending(sequence => sequence.Score).Take(_settings.PlanElites).ToArray();
            var weights = sequences.Select(sequence => Math.Exp(_settings.PlanTemperature * (sequence.Score - sequences[0].Score))).ToArray();
            var abstractAction = Enumerable.Range(0, size).Select(c => sequences.Zip(weights, (sequence, w) => w * sequence.First[c]).Sum() / weights.Sum()).ToArray();
            var mean = Mean(Theta, _settings.Trunk, Joined(s, z, abstractAction));
            return _settings.ActWith == GaussianActing.Mean ? mean : Sample(Theta, mean, noise[..mean.Length]);
        }

        private static double Expectile(double d, double tau) => (d < 0 ? 1 - tau : tau) * d * d;

        private double Regression(double advantage, double beta, double[] a, double[] mean, double[] logStd)
        {
            var logProbability = a.Select((value, i) => (-0.5 * Math.Pow((value - mean[i]) / Deviation(logStd[i]), 2)) - Math.Log(Deviation(logStd[i])) - (0.5 * Math.Log(2 * Math.PI))).Sum();
            return -Math.Min(Math.Exp(beta * advantage), _settings.MaximumWeight) * logProbability;
        }

        private double Deviation(double logStd) => Math.Exp(Math.Clamp(logStd, _settings.LogStdLow, _settings.LogStdHigh));

        private double[] Sample(Dictionary<string, double[]> theta, double[] mean, double[] eps) =>
            mean.Select((m, i) => Math.Clamp(m + (Deviation(theta["log_std"][i]) * eps[i]), -1, 1)).ToArray();

        private double ManagerAdvantage(int row) =>
            Math.Min(ManagerQ(_managerPhiTarget, 1, Z(row), G(row)), ManagerQ(_managerPhiTarget, 2, Z(row), G(row))) - ManagerV(Z(row));

        private double Advantage(int row) => Math.Min(Q(_phiTarget, 1, X(row), _a[row]), Q(_phiTarget, 2, X(row), _a[row])) - V(X(row));

        private double[] X(int row) => Joined(_s[row], Z(row), G(row));

        private double[] Joined(double[] s, double[] z, double[] g) => [.. s, .. F(z, g).Zip(z, (next, now) => next - now)];

        private double[] Z(int row) => H(Omega, _s[row]);

        private double[] G(int row) => E(_s[row], _end[row]);

        private double[] H(Dictionary<string, double[]> omega, double[] s) => PlainShapes.Mlp(omega, "encoder.", _settings.EncoderTrunk, s);

        private double[] E(double[] s, double[] end) => Array.ConvertAll(PlainShapes.Mlp(Omega, "abstraction.", _settings.ManagerTrunk, [.. s, .. end]), Math.Tanh);

        private double[] F(double[] z, double[] g) => PlainShapes.Mlp(Omega, "dynamics.", _settings.ManagerTrunk, [.. z, .. g]);

        private double R(double[] z, double[] g) => PlainShapes.Mlp(Omega, "reward.", _settings.ManagerTrunk, [.. z, .. g])[0];

        private double ManagerQ(Dictionary<string, double[]> phi, int which, double[] z, double[] g) => PlainShapes.Mlp(phi, $"q{which}.", _settings.ManagerTrunk, [.. z, .. g])[0];

        private double ManagerV(double[] z) => PlainShapes.Mlp(ManagerPsi, "", _settings.ManagerTrunk, z)[0];

        private static double[] Mean(Dictionary<string, double[]> theta, MlpShape trunk, double[] x) => Array.ConvertAll(PlainShapes.Mlp(theta, "", trunk, x), Math.Tanh);

        private double Q(Dictionary<string, double[]> phi, int which, double[] x, double[] a) => PlainShapes.Mlp(phi, $"q{which}.", _settings.CriticTrunk, [.. x, .. a])[0];

        private double V(double[] x) => PlainShapes.Mlp(Psi, "", _settings.CriticTrunk, x)[0];
    }
}
