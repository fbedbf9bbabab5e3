using Ofql.Kernels.Randomness;

namespace Ofql.Environments;

/// <summary>
/// Pole on a cart with the dynamics of Gymnasium's CartPole-v0: cart 1 kg, pole 0.1 kg and 1 m long, hinged without friction,
/// g = 9.8 m/s^2, 50 steps a second, 200 steps; terminated where the cart leaves +-2.4 m or the pole +-12 degrees. Reward 1 per step.
/// Observation [4]: place (m), speed (m/s), angle from upright (rad), angular speed (rad/s). Action [1]: force / 10 N, so that every force
/// in +-10 N can be chosen (Gymnasium's two actions are the ends of that range).
/// </summary>
/// <remarks>
/// Numbers from Farama-Foundation/Gymnasium, classic_control/cartpole.py, after Barto, Sutton, Anderson 1983. The speeds have no bound, as
/// there. No reference score is published for it. State saved: the observation in doubles, and the counters.
/// </remarks>
public sealed class CartPole : EpisodicEnvironment, IDrawable, IGymnasiumStart
{
    private const double TimeStep = 0.02;
    private const double Gravity = 9.8;
    private const double PoleMass = 0.1;
    private const double TotalMass = 1.0 + PoleMass;
    private const double HalfPole = 0.5;
    private const double MaximumForce = 10;
    private const double PlaceLimit = 2.4;
    private const double AngleLimit = 12 * 2 * Math.PI / 360;
    private const double StartBound = 0.05;

    private double _place;
    private double _speed;
    private double _angle;
    private double _turning;

    /// <summary>Creates the cart without an episode.</summary>
    public CartPole()
        : base(Task, physicsLength: 4)
    {
    }

    /// <summary>The fixed facts of the task. Places and angles are observed up to twice their limits, as in Gymnasium.</summary>
    public static EnvironmentSpecification Task { get; } = new(
        "cartpole-v0",
        new BoxSpace(
            [-2 * (float)PlaceLimit, float.NegativeInfinity, -2 * (float)AngleLimit, float.NegativeInfinity],
            [2 * (float)PlaceLimit, float.PositiveInfinity, 2 * (float)AngleLimit, float.PositiveInfinity]),
        BoxSpace.Uniform(1, -1, 1),
        MaximumSteps: 200,
        Score: null);

    /// <inheritdoc/>
    public double SecondsPerStep => TimeStep;

    /// <inheritdoc/>
    public DrawnScene DrawScene() => new(6, 2.4, -0.1, []);

    /// <inheritdoc/>
    public DrawnFrame DrawFrame()
    {
        // With the clock from upright.
        var (sine, cosine) = Math.SinCos(_angle);
        return new DrawnFrame(0, 0.7,
        [
            new(ShapeRole.FarLimb, _place - 0.2, 0, _place + 0.2, 0, 0.1),
            new(ShapeRole.NearLimb, _place, 0, _place + (2 * HalfPole * sine), 2 * HalfPole * cosine, 0.04),
            DrawnShape.Disc(ShapeRole.Body, _place, 0, 0.05),
        ]);
    }

    /// <inheritdoc/>
    public void ResetAsGymnasium(ulong seed, Span<float> observation)
    {
        var random = new NumpyGenerator(seed);
        _place = random.NextUniform(-StartBound, StartBound);
        _speed = random.NextUniform(-StartBound, StartBound);
        _angle = random.NextUniform(-StartBound, StartBound);
        _turning = random.NextUniform(-StartBound, StartBound);
        Begin(observation);
    }

    /// <inheritdoc/>
    protected override void ResetPhysics(RandomStream random)
    {
        _place = random.NextUniform(-StartBound, StartBound);
        _speed = random.NextUniform(-StartBound, StartBound);
        _angle = random.NextUniform(-StartBound, StartBound);
        _turning = random.NextUniform(-StartBound, StartBound);
    }

    /// <summary>
    /// Accelerations of cart and pole (Florian 2007, without friction), then explicit Euler: places move by the
    /// speeds before the step.
    /// </summary>
    protected override (double Reward, bool Terminated) Advance(ReadOnlySpan<double> action)
    {
        var (sine, cosine) = Math.SinCos(_angle);
        var push = ((MaximumForce * action[0]) + (PoleMass * HalfPole * _turning * _turning * sine)) / TotalMass;
        var turn = ((Gravity * sine) - (cosine * push)) / (HalfPole * ((4.0 / 3.0) - (PoleMass * cosine * cosine / TotalMass)));
        var acceleration = push - (PoleMass * HalfPole * turn * cosine / TotalMass);
        _place += TimeStep * _speed;
        _speed += TimeStep * acceleration;
        _angle += TimeStep * _turning;
        _turning += TimeStep * turn;
        return (1, Math.Abs(_place) > PlaceLimit || Math.Abs(_angle) > AngleLimit);
    }

    /// <inheritdoc/>
    protected override void Observe(Span<float> observation)
    {
        observation[0] = (float)_place;
        observation[1] = (float)_speed;
        observation[2] = (float)_angle;
        observation[3] = (float)_turning;
    }

    /// <inheritdoc/>
    protected override void SavePhysics(Span<double> state) => (state[0], state[1], state[2], state[3]) = (_place, _speed, _angle, _turning);

    /// <inheritdoc/>
    protected override void RestorePhysics(ReadOnlySpan<double> state) => (_place, _speed, _angle, _turning) = (state[0], state[1], state[2], state[3]);
}
