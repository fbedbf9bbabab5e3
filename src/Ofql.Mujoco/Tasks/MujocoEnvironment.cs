using Ofql.Environments;
using Ofql.Kernels.Randomness;

namespace Ofql.Mujoco.Tasks;

/// <summary>
/// A task on a MuJoCo simulation. Its state is qpos, qvel, the solver's warm start and the time, and what a task adds.
/// </summary>
public abstract class MujocoEnvironment : EpisodicEnvironment, IDrawable, IMechanicalSystem
{
    private readonly int _positions;
    private readonly int _velocities;

    /// <summary>Creates the environment without an episode.</summary>
    /// <param name="specification">Shapes, bounds and step limit.</param>
    /// <param name="model">The model; shared, not owned.</param>
    /// <param name="frameSkip">Time steps of the engine per step of the environment.</param>
    /// <param name="extraLength">Doubles that the task adds to the saved state.</param>
    private protected MujocoEnvironment(EnvironmentSpecification specification, MujocoModel model, int frameSkip, int extraLength = 0)
        : base(specification, model.PositionCount + (2 * model.VelocityCount) + 1 + extraLength)
    {
        _positions = model.PositionCount;
        _velocities = model.VelocityCount;
        FrameSkip = frameSkip;
        Simulation = new MujocoSimulation(model);
    }

    /// <inheritdoc/>
    public override string Simulator => MujocoSupport.Title;

    /// <inheritdoc/>
    public int PositionCount => _positions;

    /// <inheritdoc/>
    public int VelocityCount => _velocities;

    /// <inheritdoc/>
    public abstract double SecondsPerStep { get; }

    /// <inheritdoc/>
    public abstract DrawnScene DrawScene();

    /// <inheritdoc/>
    public abstract DrawnFrame DrawFrame();

    /// <summary>The simulation.</summary>
    internal MujocoSimulation Simulation { get; }

    /// <summary>Time steps of the engine per step of the environment.</summary>
    private protected int FrameSkip { get; }

    /// <inheritdoc/>
    public void ReadMechanics(Span<float> positions, Span<float> velocities)
    {
        for (var i = 0; i < positions.Length; i++)
            positions[i] = (float)Simulation.Positions[i];
        for (var i = 0; i < velocities.Length; i++)
            velocities[i] = (float)Simulation.Velocities[i];
    }

    /// <summary>One step of the task with any finite action, the law of the task: <see cref="Advance"/> clips first.</summary>
    internal abstract (double Reward, bool Terminated) Move(ReadOnlySpan<double> action);

    /// <summary>Puts the simulation into a state and evaluates it there, as at the start of an episode.</summary>
    internal void Place(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        Simulation.Reset();
        positions.CopyTo(Simulation.Positions);
        velocities.CopyTo(Simulation.Velocities);
        Simulation.Forward();
        Started();
    }

    /// <inheritdoc/>
    protected sealed override void ResetPhysics(RandomStream random)
    {
        Simulation.Reset();
        Disturb(random, Simulation.Positions, Simulation.Velocities);
        Simulation.Forward();
        Started();
    }

    /// <inheritdoc/>
    protected sealed override (double Reward, bool Terminated) Advance(ReadOnlySpan<double> action) => Move(action);

    /// <inheritdoc/>
    protected sealed override void SavePhysics(Span<double> state)
    {
        Simulation.Positions.CopyTo(state);
        Simulation.Velocities.CopyTo(state[_positions..]);
        Simulation.WarmStart.CopyTo(state[(_positions + _velocities)..]);
        state[_positions + (2 * _velocities)] = Simulation.Time;
        SaveExtra(state[(_positions + (2 * _velocities) + 1)..]);
    }

    /// <inheritdoc/>
    protected sealed override void RestorePhysics(ReadOnlySpan<double> state)
    {
        Simulation.Reset();
        state[.._positions].CopyTo(Simulation.Positions);
        state.Slice(_positions, _velocities).CopyTo(Simulation.Velocities);
        // Evaluating the state moves the warm start, so it comes after; and it normalises the quaternion of a free joint in place, which is not the same
        // number when it is done twice: one state in six would come back otherwise.
        Simulation.Forward();
        state[.._positions].CopyTo(Simulation.Positions);
        state.Slice(_positions + _velocities, _velocities).CopyTo(Simulation.WarmStart);
        Simulation.Time = state[_positions + (2 * _velocities)];
        RestoreExtra(state[(_positions + (2 * _velocities) + 1)..]);
    }

    /// <summary>Adds the noise of a start to the reference pose.</summary>
    private protected abstract void Disturb(RandomStream random, Span<double> positions, Span<double> velocities);

    /// <summary>Called when the first state of an episode has been evaluated.</summary>
    private protected virtual void Started()
    {
    }

    /// <summary>Writes what the task adds to the state.</summary>
    private protected virtual void SaveExtra(Span<double> state)
    {
    }

    /// <summary>Reads what the task adds to the state.</summary>
    private protected virtual void RestoreExtra(ReadOnlySpan<double> state)
    {
    }

    /// <summary>Runs the engine for one step of the environment.</summary>
    private protected void Simulate(ReadOnlySpan<double> controls)
    {
        controls.CopyTo(Simulation.Controls);
        Simulation.Step(FrameSkip);
    }

    /// <summary>Uniform noise in +- <paramref name="bound"/> on every entry.</summary>
    private protected static void AddUniform(RandomStream random, Span<double> values, double bound)
    {
        foreach (ref var value in values)
            value += random.NextUniform(-bound, bound);
    }

    /// <summary>Normal noise on every entry.</summary>
    private protected static void AddNormal(RandomStream random, Span<double> values, double deviation)
    {
        foreach (ref var value in values)
            value += deviation * random.NextNormal();
    }

    /// <summary>The sum of the squares of an action.</summary>
    private protected static double SquareSum(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value * value;
        return sum;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Simulation.Dispose();
        base.Dispose(disposing);
    }
}
