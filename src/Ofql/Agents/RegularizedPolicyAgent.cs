using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Optimization;
using Ofql.Kernels.Randomness;

namespace Ofql.Agents;

/// <summary>
/// The update of Diffusion-QL and its descendants: a step of the critics, a step of the actor judged by them, the moving averages.
/// Which critic judges is decided by a coin.
/// </summary>
public abstract class RegularizedPolicyAgent : ProgramAgent
{
    private readonly Program? _criticStep;
    private readonly Program[] _actorSteps;
    private readonly RandomStream _coins;
    private readonly bool _actorFirst;
    private readonly Node _clippedShare;
    private int _lastCoin;

    private protected RegularizedPolicyAgent(
        RegularizedPolicySettings settings,
        AgentContext context,
        DataTransforms transforms,
        RegularizedPolicyModel model,
        Func<Graph.Graph, RegularizedPolicyLosses> losses,
        ProgramMode? mode)
        : base(context, Checked(settings), model, transforms, mode)
    {
        Model = model;
        Losses = losses(Graph);
        _actorFirst = settings.ActorFirst;
        _clippedShare = Losses.ClippedShare();
        CriticTerms = Losses.Critic();
        ActorTerms = [Losses.Actor(coin: 0), Losses.Actor(coin: 1)];

        var batch = DrawBatch(Losses.Batch);
        _coins = Stream("coin");
        var noiseNext = DrawNoise("noise_next", Losses.NoiseNext);
        IStreamSource[] actorDraws = [DrawNoise("noise_bc", Losses.NoiseBehaviour), .. Losses.Draws(Stream).Select(Draw)];

        var cosineSteps = CosineSteps(settings.LearningRateDecay);
        ActorOptimizer = Optimizer(model.Theta, new AdamOptions(
            settings.LearningRate, WeightDecay: settings.WeightDecay, MaximumNorm: settings.ActorMaxNorm, CosineSteps: cosineSteps));
        CriticOptimizer = Optimizer(model.Phi, new AdamOptions(settings.CriticLearningRate, MaximumNorm: settings.CriticMaxNorm, CosineSteps: cosineSteps));
        var criticAverage = Average(model.Phi, model.PhiTarget, settings.CriticTau, settings.CriticTargetEvery, settings.CriticTargetStart);
        var actorAverage = Average(model.Theta, model.ThetaTarget, 1 - settings.ActorDecay, settings.ActorAverageEvery, settings.ActorAverageStart);

        if (!settings.TrainCritics)
        {
            _actorSteps = [Compile(
                program => program.Gradient(Losses.BehaviourLoss, model.Theta).Compute(Losses.BehaviourLoss).Step(ActorOptimizer).Average(actorAverage),
                [batch, .. actorDraws])];
            Metric("actor/loss", _actorSteps[0], Losses.BehaviourLoss);
            Metric("actor/gradient_norm", ActorOptimizer);
            return;
        }

        // The program that runs first draws the batch; the actor's average moves in the last.
        _criticStep = Compile(
            program => Last(_actorFirst, program
                .Gradient(CriticTerms.Loss, model.Phi)
                .Compute(CriticTerms.MeanQ, CriticTerms.MeanTarget)
                .Step(CriticOptimizer)
                .Average(criticAverage)),
            _actorFirst ? [noiseNext] : [batch, noiseNext]);
        if (_actorFirst)
            actorDraws = [batch, .. actorDraws];
        _actorSteps = [Compile(ActorStep(0), actorDraws), CompileAlternative(ActorStep(1), actorDraws)];
        NameMetrics(_criticStep);

        Func<ProgramBuilder, ProgramBuilder> ActorStep(int coin) => program => Last(!_actorFirst, program
            .Gradient(ActorTerms[coin].Loss, model.Theta)
            .Compute(Losses.BehaviourLoss, ActorTerms[coin].Q.Loss, ActorTerms[coin].Q.Scale, _clippedShare)
            .Step(ActorOptimizer));

        ProgramBuilder Last(bool last, ProgramBuilder program) => last ? program.Average(actorAverage) : program;
    }

    internal RegularizedPolicyModel Model { get; }

    internal RegularizedPolicyLosses Losses { get; }

    internal CriticTerms CriticTerms { get; }

    internal RegularizedPolicyTerms[] ActorTerms { get; }

    internal Adam CriticOptimizer { get; }

    internal Adam ActorOptimizer { get; }

    internal Program CriticProgram => _criticStep!;

    internal Program ActorProgram(int coin) => _actorSteps[coin];

    /// <summary>One update with the critic that the coin chose.</summary>
    internal void Update(int coin)
    {
        BeginUpdate();
        Run(coin);
        EndUpdate();
    }

    /// <inheritdoc/>
    protected override void RunUpdate() => Run(_criticStep is null ? 0 : (int)(_coins.NextUInt64() >> 63));

    private void Run(int coin)
    {
        if (_actorFirst)
            _actorSteps[coin].Run();
        _criticStep?.Run();
        if (!_actorFirst)
            _actorSteps[coin].Run();
        _lastCoin = coin;
    }

    private static RegularizedPolicySettings Checked(RegularizedPolicySettings settings) => settings.TrainCritics || settings.Eta == 0
        ? settings
        : throw new UsageException($"Option 'train_critics' expects true where 'eta' is above 0; found false with eta {settings.Eta}. Set eta to 0 to clone the behaviour.");

    private void NameMetrics(Program criticStep)
    {
        Metric("critic/loss", criticStep, CriticTerms.Loss);
        Metric("critic/q_mean", criticStep, CriticTerms.MeanQ);
        Metric("critic/target_mean", criticStep, CriticTerms.MeanTarget);
        Metric("critic/gradient_norm", CriticOptimizer);
        OfActor("actor/loss", terms => terms.Loss);
        OfActor("actor/bc_loss", _ => Losses.BehaviourLoss);
        OfActor("actor/q_loss", terms => terms.Q.Loss);
        OfActor("actor/q_scale", terms => terms.Q.Scale);
        OfActor("actor/clipped_share", _ => _clippedShare);
        Metric("actor/gradient_norm", ActorOptimizer);

        void OfActor(string name, Func<RegularizedPolicyTerms, Node> value) =>
            Metric(name, () => _actorSteps[_lastCoin].Scalar(value(ActorTerms[_lastCoin])));
    }
}
