using Ofql.Agents;
using Ofql.Agents.MeanFlowQl;
using Ofql.Graph;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Randomness;
using Ofql.Networks;
using Xunit;

namespace Ofql.Tests.Agents;

/// <summary>The losses of MeanFlowQL (arXiv 2511.13035) against plain double arithmetic, and the course of its alpha.</summary>
public sealed class MeanFlowQlLossTests
{
    [Theory]
    [InlineData(false, CriticAggregation.Mean, 5)]
    [InlineData(true, CriticAggregation.Min, 5)]
    [InlineData(false, CriticAggregation.Min, 1)]
    public void Losses_and_gradients_are_those_of_the_paper(bool normalize, CriticAggregation aggregation, int bestOf)
    {
        using var data = OfqlBench.Data(20, 3, 2);
        var settings = new MeanFlowQlSettings
        {
            HiddenWidth = 6, HiddenLayers = 2, ActorWidth = 8, ActorDepth = 2, ActorMlpRatio = 2, EmbeddingSize = 6, BatchSize = 7, Alpha = 3,
            ConsistencyWeight = 0.7, TargetBound = 1.3, NormalizeQLoss = normalize, QAggregation = aggregation, BestOf = bestOf,
            // Rates of 0: what is compared is the state before the step.
            LearningRate = 0, CriticLearningRate = 0, CriticTau = 0, AlphaSchedule = AlphaSchedule.Constant,
        };
        using var agent = new MeanFlowQlAgent(settings, OfqlBench.Context(data), DataTransforms.Identity(3, 2), new ProgramMode(GivenInputs: true, KeepAll: true));
        var random = new RandomStream(3, "meanflow");
        foreach (var block in agent.Blocks)
            LossCheck.Shake(block, random, 0.3);
        var reference = new Reference(agent, random);
        agent.Update();
        var (critic, actor) = (agent.CriticTerms, agent.ActorTerms);

        LossCheck.Close(reference.CriticLoss(), agent.Program.Scalar(critic.Loss), "critic loss");
        LossCheck.Close(reference.FlowLoss(), agent.Program.Scalar(actor.FlowLoss), "flow loss");
        LossCheck.Close(reference.ConsistencyLoss(), agent.Program.Scalar(actor.ConsistencyLoss!), "consistency loss");
        LossCheck.Close(reference.BoundLoss(), agent.Program.Scalar(actor.BoundLoss), "bound loss");
        LossCheck.Close(reference.ActorLoss(), agent.Program.Scalar(actor.Loss), "actor loss");
        Assert.InRange(reference.BoundLoss(), 0.01, 10);
        Assert.Contains(Read(agent, actor.Flow.Target), value => Math.Abs(value) == 1.3f);
        Assert.Contains(Read(agent, actor.Flow.Target), value => Math.Abs(value) < 1.2f);

        LossCheck.Gradient(agent.Model.Phi, reference.Phi, reference.CriticLoss);
        LossCheck.Gradient(agent.Model.Theta, reference.Theta, reference.ActorLoss);
    }

    /// <summary>The minimum decides what is backed up, not who acts.</summary>
    [Theory]
    [InlineData(CriticAggregation.Mean)]
    [InlineData(CriticAggregation.Min)]
    public void Acting_takes_the_best_of_five_by_the_mean_of_the_target_critics(CriticAggregation aggregation)
    {
        using var data = OfqlBench.Data(20, 3, 2);
        var settings = new MeanFlowQlSettings
        {
            HiddenWidth = 6, HiddenLayers = 2, ActorWidth = 8, ActorDepth = 2, ActorMlpRatio = 2, EmbeddingSize = 6, BatchSize = 7, ConsistencyWeight = 0.7, QAggregation = aggregation,
        };
        using var agent = new MeanFlowQlAgent(settings, OfqlBench.Context(data), DataTransforms.Identity(3, 2), new ProgramMode(GivenInputs: true));
        var random = new RandomStream(5, "meanflow");
        foreach (var block in agent.Blocks)
            LossCheck.Shake(block, random, 0.3);
        var reference = new Reference(agent, random);
        CandidateCheck.TheBestActs(agent, reference.Act, reference.MeanOfTargets, reference.MinimumOfTargets, reference.MeanOfCritics);
    }

    [Fact]
    public void The_policy_begins_at_zero_and_within_the_bounds()
    {
        using var data = OfqlBench.Data();
        using var agent = new MeanFlowQlAgent(new MeanFlowQlSettings { HiddenWidth = 8, ActorWidth = 8, BatchSize = 16 }, OfqlBench.Context(data));
        using var actor = agent.CreateActor(new ActingOptions(), 1);
        var action = new float[actor.ActionSize];
        actor.Act(1, new float[actor.StateSize], [1f, -2f, 3f], [0f], action);
        Assert.All(action, value => Assert.Equal(0f, value));
    }

    [Fact]
    public void Alpha_follows_the_flow_loss_after_a_tenth_of_the_run()
    {
        var settings = new MeanFlowQlSettings { Alpha = 10, AlphaInterval = 10, AlphaWindow = 4 };
        var weight = new FlowWeight(settings, plannedUpdates: 1000);
        // Looks every 10 updates; the losses of others, and those before update 100, change nothing.
        for (var update = 0; update < 100; update++)
            weight.Observe(update, update % 10 == 0 ? 1f : 1000f);
        Assert.Equal(10f, weight.At(100));
        weight.Observe(100, 4.9f);
        Assert.Equal(10f, weight.At(101));
        // The mean of the last four is now (1 + 1 + 1 + 4.9) / 4 = 1.975.
        weight.Observe(110, 9.9f);
        Assert.Equal(12f, weight.At(111), 1e-5f);
        // (1 + 1 + 4.9 + 9.9) / 4 = 4.2.
        weight.Observe(120, 0.8f);
        Assert.Equal(9.6f, weight.At(121), 1e-5f);
        // A loss that grows tenfold from look to look; alpha ends at ten times what it was.
        for (var update = 130; update < 400; update += 10)
            weight.Observe(update, (float)Math.Pow(10, (update / 10) - 12));
        Assert.Equal(100f, weight.At(400));
    }

    [Fact]
    public void Alpha_may_fall_by_a_cosine_or_stay()
    {
        var cosine = new FlowWeight(new MeanFlowQlSettings { Alpha = 10, AlphaSchedule = AlphaSchedule.Cosine }, plannedUpdates: 1000);
        Assert.Equal([10, 5.5, 1, 1], new long[] { 0, 500, 1000, 3000 }.Select(update => Math.Round(cosine.At(update), 5)));
        var constant = new FlowWeight(new MeanFlowQlSettings { Alpha = 10, AlphaSchedule = AlphaSchedule.Constant }, plannedUpdates: 1000);
        constant.Observe(2000, 1);
        constant.Observe(4000, 1);
        constant.Observe(6000, 1000);
        Assert.Equal(10f, constant.At(6001));
    }

    private static float[] Read(MeanFlowQlAgent agent, Node node)
    {
        var values = new float[node.Rows * node.Columns];
        agent.Program.Read(node, values);
        return values;
    }

    /// <summary>The paper's equations, row by row. Draws the inputs of the agent.</summary>
    private sealed class Reference
    {
        private readonly MeanFlowQlSettings _settings;
        private readonly double[][] _s, _a, _r, _mask, _next, _noiseNext, _noisePolicy, _noiseFlow, _noiseConsistency, _t, _first, _second;
        private readonly Dictionary<string, double[]> _target;
        private readonly double[][] _flowTarget, _consistencyTarget;
        private readonly double[] _weight;
        private readonly double _scale;

        public Reference(MeanFlowQlAgent agent, RandomStream random)
        {
            var (inputs, batch) = (agent.Losses, agent.Losses.Batch);
            _settings = agent.Settings;
            double Normal() => random.NextNormal();
            double Time() => random.NextUniform(0.02, 1);
            _s = LossCheck.Fill(batch.State, Normal);
            _a = LossCheck.Fill(batch.Action, () => random.NextUniform(-1, 1));
            _r = LossCheck.Fill(batch.Reward, Normal);
            _mask = LossCheck.Fill(batch.Mask, () => random.NextIndex(3) == 0 ? 0 : 1);
            _next = LossCheck.Fill(batch.NextState, Normal);
            _noiseNext = LossCheck.Fill(inputs.NoiseNext, Normal);
            _noisePolicy = LossCheck.Fill(inputs.NoisePolicy, Normal);
            _noiseFlow = LossCheck.Fill(inputs.NoiseFlow, Normal);
            _t = LossCheck.Fill(inputs.T, Time);
            _noiseConsistency = LossCheck.Fill(inputs.Consistency!.Noise, Normal);
            _first = LossCheck.Fill(inputs.Consistency.First, Time);
            _second = LossCheck.Fill(inputs.Consistency.Second, Time);
            Theta = PlainNetworks.Values(agent.Model.Theta);
            Phi = PlainNetworks.Values(agent.Model.Phi);
            _target = PlainNetworks.Values(agent.Model.PhiTarget);

            // What stands under a stop-gradient is computed once.
            _flowTarget = Rows(FlowTarget);
            _consistencyTarget = Rows(row => Data(row, _second));
            _weight = Enumerable.Range(0, _s.Length).Select(row => 1 / Math.Pow(FlowError(row) + _settings.AdaptiveConstant, 1 - _settings.AdaptiveGamma)).ToArray();
            _scale = _settings.NormalizeQLoss ? _s.Select((_, row) => Math.Abs(PolicyQ(row))).Average() : 1;
        }

        public Dictionary<string, double[]> Theta { get; }

        public Dictionary<string, double[]> Phi { get; }

        /// <summary>Mean over critics and batch of (Q_i(s, a) - y)^2.</summary>
        public double CriticLoss() => Mean(row =>
        {
            var y = _r[row][0] + (_settings.Discount * _mask[row][0] * NextValue(row));
            return 0.5 * (Math.Pow(Q(Phi, 1, _s[row], _a[row]) - y, 2) + Math.Pow(Q(Phi, 2, _s[row], _a[row]) - y, 2));
        });

        public double FlowLoss() => Mean(row => _weight[row] * FlowError(row));

        public double ConsistencyLoss() => Mean(row => Data(row, _first).Zip(_consistencyTarget[row], (x, y) => (x - y) * (x - y)).Average());

        public double BoundLoss() => Mean(row => G(_s[row], _noisePolicy[row], 1).Average(a => Math.Max(0, a - 1) + Math.Max(0, -1 - a)));

        public double ActorLoss() => (_settings.Alpha * (FlowLoss() + (_settings.ConsistencyWeight * ConsistencyLoss())))
            - (Mean(PolicyQ) / _scale) + (_settings.BoundWeight * BoundLoss());

        public double[] Act(double[] s, double[] eps) => Clip(G(s, eps, 1));

        public double MeanOfTargets(double[] s, double[] a) => 0.5 * (Q(_target, 1, s, a) + Q(_target, 2, s, a));

        public double MinimumOfTargets(double[] s, double[] a) => Math.Min(Q(_target, 1, s, a), Q(_target, 2, s, a));

        public double MeanOfCritics(double[] s, double[] a) => 0.5 * (Q(Phi, 1, s, a) + Q(Phi, 2, s, a));

        /// <summary>The value of the best of n actions, by the mean of the target critics.</summary>
        private double NextValue(int row)
        {
            var n = Math.Max(1, _settings.BestOf / 2);
            var actions = Enumerable.Range(0, n).Select(i => Clip(G(_next[row], _noiseNext[(row * n) + i], 1)));
            var values = actions.Select(a => (One: Q(_target, 1, _next[row], a), Two: Q(_target, 2, _next[row], a)));
            var (one, two) = values.MaxBy(pair => pair.One + pair.Two);
            return _settings.QAggregation == CriticAggregation.Min ? Math.Min(one, two) : (one + two) / 2;
        }

        /// <summary>clip(a_t + (t - 1) v - t dg/dt), dg/dt by differences along (v, 1).</summary>
        private double[] FlowTarget(int row)
        {
            const double step = 1e-5;
            var (at, t) = (Path(row, _noiseFlow, _t), _t[row][0]);
            var v = _noiseFlow[row].Zip(_a[row], (e, a) => e - a).ToArray();
            double[] later = G(_s[row], at.Zip(v, (x, d) => x + (step * d)).ToArray(), t + step), sooner = G(_s[row], at.Zip(v, (x, d) => x - (step * d)).ToArray(), t - step);
            return at.Select((x, i) => Math.Clamp(x + ((t - 1) * v[i]) - (t * (later[i] - sooner[i]) / (2 * step)), -_settings.TargetBound, _settings.TargetBound)).ToArray();
        }

        private double FlowError(int row) =>
            G(_s[row], Path(row, _noiseFlow, _t), _t[row][0]).Zip(_flowTarget[row], (g, target) => (g - target) * (g - target)).Average();

        /// <summary>a_t - t (a_t - g(a_t, t)).</summary>
        private double[] Data(int row, double[][] times)
        {
            var (at, t) = (Path(row, _noiseConsistency, times), times[row][0]);
            return at.Zip(G(_s[row], at, t), (x, g) => x - (t * (x - g))).ToArray();
        }

        private double[] Path(int row, double[][] noise, double[][] times) =>
            _a[row].Zip(noise[row], (a, e) => ((1 - times[row][0]) * a) + (times[row][0] * e)).ToArray();

        private double PolicyQ(int row)
        {
            var action = Clip(G(_s[row], _noisePolicy[row], 1));
            return 0.5 * (Q(Phi, 1, _s[row], action) + Q(Phi, 2, _s[row], action));
        }

        private double Q(Dictionary<string, double[]> critics, int which, double[] s, double[] a) =>
            PlainShapes.Mlp(critics, $"q{which}.", _settings.ValueTrunk, [.. s, .. a])[0];

        /// <summary>The transformer, with its attention written out for one token: queries and keys cannot matter.</summary>
        private double[] G(double[] s, double[] at, double t)
        {
            var time = PlainShapes.Mlp(
                Theta, "time_t.", new MlpShape([_settings.ActorWidth], Activation.Silu), PlainShapes.CosineSine(t, _settings.EmbeddingSize), "fc2");
            var c = PlainNetworks.Activate(Activation.Silu, time);
            var token = Add(PlainNetworks.Linear(Theta, "embed", [.. s, .. at]), Theta["position"], 1);
            for (var block = 1; block <= _settings.ActorDepth; block++)
            {
                var (name, m) = ($"block{block}.", Chunks(PlainNetworks.Linear(Theta, $"block{block}.modulation", c)));
                var value = PlainNetworks.Linear(Theta, name + "value", Modulated(token, name + "norm1", m[0], m[1]));
                var first = Add(token, Product(m[2], PlainNetworks.Linear(Theta, name + "project", value)), 1);
                var inner = PlainShapes.Mlp(
                    Theta, name, new MlpShape([_settings.ActorMlpRatio * _settings.ActorWidth], Activation.Gelu), Modulated(first, name + "norm2", m[3], m[4]), "fc2");
                var second = Add(first, Product(m[5], inner), 1);
                token = Add(token, Add(second, token, -1), 0.1);
            }

            var last = Chunks(PlainNetworks.Linear(Theta, "modulation", c));
            return PlainNetworks.Linear(Theta, "out", Modulated(token, "norm", last[0], last[1]));
        }

        private double[] Modulated(double[] x, string norm, double[] shift, double[] scale)
        {
            var size = Math.Sqrt(x.Average(value => value * value) + 1e-6);
            return x.Select((value, i) => (Math.Sqrt(x.Length) * value / size * Theta[norm][i] * (1 + scale[i])) + shift[i]).ToArray();
        }

        private double[][] Chunks(double[] x) => x.Chunk(_settings.ActorWidth).ToArray();

        private double[][] Rows(Func<int, double[]> of) => Enumerable.Range(0, _s.Length).Select(of).ToArray();

        private double Mean(Func<int, double> of) => Enumerable.Range(0, _s.Length).Average(of);

        private static double[] Clip(double[] x) => Array.ConvertAll(x, value => Math.Clamp(value, -1, 1));

        private static double[] Add(double[] x, double[] y, double factor) => x.Zip(y, (a, b) => a + (factor * b)).ToArray();

        private static double[] Product(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).ToArray();
    }
}
