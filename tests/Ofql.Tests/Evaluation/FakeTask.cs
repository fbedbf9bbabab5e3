using Ofql.Agents;
using Ofql.Environments;
using Ofql.Kernels.Randomness;

namespace Ofql.Tests.Evaluation;

/// <summary>A walk on a line that terminates beyond +-1: episodes of many lengths, sensitive to every random number.</summary>
internal sealed class FakeWalk(int maximumSteps = 200) : EpisodicEnvironment(
    new EnvironmentSpecification(
        "fake-walk", BoxSpace.Uniform(2, -100, 100), BoxSpace.Uniform(1, -1, 1), maximumSteps, new ReferenceScore(-10, 10)), 2)
{
    private double _place;
    private double _phase;

    public bool NeverTerminates { get; init; }

    protected override void ResetPhysics(RandomStream random)
    {
        _place = random.NextUniform(-0.5, 0.5);
        _phase = random.NextNormal();
    }

    protected override (double Reward, bool Terminated) Advance(ReadOnlySpan<double> action)
    {
        _place += 0.2 * action[0];
        _phase = (0.9 * _phase) + (0.1 * action[0]);
        if (NeverTerminates)
            _place = Math.Clamp(_place, -0.9, 0.9);
        return (_place + (0.01 * _phase), Math.Abs(_place) > 1);
    }

    protected override void Observe(Span<float> observation)
    {
        observation[0] = (float)_place;
        observation[1] = (float)_phase;
    }

    protected override void SavePhysics(Span<double> state) => (state[0], state[1]) = (_place, _phase);

    protected override void RestorePhysics(ReadOnlySpan<double> state) => (_place, _phase) = (state[0], state[1]);
}

/// <summary>Acts by a fixed function of state, noise and uniform; counts what is alive.</summary>
internal sealed class FakeActor(int capacity, int stateSize = 2, int actionSize = 1) : IActor
{
    public int StateSize => stateSize;

    public int ActionSize => actionSize;

    public int Capacity => capacity;

    public int NoisePerState => 3;

    public int LargestCount { get; private set; }

    public bool IsDisposed { get; private set; }

    public int FailAfterCalls { get; init; } = int.MaxValue;

    public int Calls { get; private set; }

    public void Act(int count, ReadOnlySpan<float> states, ReadOnlySpan<float> noise, ReadOnlySpan<float> uniforms, Span<float> actions)
    {
        Calls++;
        LargestCount = Math.Max(LargestCount, count);
        for (var i = 0; i < count; i++)
        {
            var drawn = noise[i * 3] + (0.5f * noise[(i * 3) + 1]) - noise[(i * 3) + 2] + uniforms[i] - 0.5f;
            var action = (0.5f * drawn) - (0.2f * states[i * stateSize]);
            actions.Slice(i * actionSize, actionSize).Fill(Calls > FailAfterCalls ? float.NaN : action);
        }
    }

    public void Dispose() => IsDisposed = true;
}
