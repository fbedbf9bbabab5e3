using Ofql.Environments;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Environments;

public class EnvironmentContractTests
{
    public static TheoryData<string> Names => [.. EnvironmentCatalog.BuiltIn.Entries.Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_built_in_environment_keeps_the_contract(string name) =>
        Assert.Empty(EnvironmentContract.Violations(EnvironmentCatalog.BuiltIn.Get(name).Create));

    [Theory]
    [MemberData(nameof(Names))]
    public void The_catalog_describes_what_it_makes(string name)
    {
        var entry = EnvironmentCatalog.BuiltIn.Get(name);
        using var environment = entry.Create();
        Assert.Same(entry.Specification, environment.Specification);
        Assert.Equal(name, environment.Specification.Name);
    }

    [Theory]
    [InlineData("pendulum-v1")]
    [InlineData("cartpole-v0")]
    [InlineData("maze2d-large-v1")]
    public void A_step_allocates_nothing(string name)
    {
        using var environment = EnvironmentCatalog.BuiltIn.Create(name);
        var observation = new float[environment.Specification.StateSize];
        var action = new float[environment.Specification.ActionSize];
        var starts = new RandomStream(0, "reset");
        environment.Reset(starts, observation);
        environment.Step(action, observation);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < 150; step++)
        {
            if (environment.Step(action, observation).Done)
                environment.Reset(starts, observation);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_contract_finds_an_environment_that_forgets_its_step_counter_and_draws_while_stepping()
    {
        var broken = EnvironmentContract.Violations(() => new Broken()).Select(violation => violation.Rule).ToArray();
        Assert.Contains(broken, rule => rule.StartsWith("RestoreState", StringComparison.Ordinal));
        Assert.Contains(broken, rule => rule.StartsWith("Randomness", StringComparison.Ordinal));
        Assert.Contains(broken, rule => rule.StartsWith("An action that is not finite", StringComparison.Ordinal));
        Assert.Contains(broken, rule => rule.StartsWith("Step before", StringComparison.Ordinal));
    }

    [Fact]
    public void An_unknown_name_is_a_usage_error_that_suggests_the_nearest()
    {
        var error = Assert.Throws<UsageException>(() => EnvironmentCatalog.BuiltIn.Create("maze2d-umase-v1"));
        Assert.Contains("Did you mean 'maze2d-umaze-v1'?", error.Message, StringComparison.Ordinal);
        Assert.Contains("maze2d-large-dense-v1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_catalog_can_be_extended_without_changing_the_built_in_one()
    {
        var entry = new EnvironmentEntry(Pendulum.Task with { Name = "mine" }, "Mine", () => new Pendulum());
        var extended = EnvironmentCatalog.BuiltIn.With([entry]);
        Assert.Same(entry, extended.Get("mine"));
        Assert.Null(EnvironmentCatalog.BuiltIn.Find("mine"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Episodes_that_end_at_once_keep_the_contract(int steps) =>
        Assert.Empty(EnvironmentContract.Violations(() => new Brief(steps)));

    /// <summary>A task that is over after a few steps.</summary>
    private sealed class Brief(int steps)
        : EpisodicEnvironment(new EnvironmentSpecification("brief", BoxSpace.Uniform(1, -100, 100), BoxSpace.Uniform(1, -1, 1), 50, null), 2)
    {
        private double _place;
        private double _made;

        protected override void ResetPhysics(RandomStream random) => (_place, _made) = (random.NextNormal(), 0);

        protected override (double Reward, bool Terminated) Advance(ReadOnlySpan<double> action)
        {
            _place += action[0];
            return (_place, ++_made >= steps);
        }

        protected override void Observe(Span<float> observation) => observation[0] = (float)_place;

        protected override void SavePhysics(Span<double> state) => (state[0], state[1]) = (_place, _made);

        protected override void RestorePhysics(ReadOnlySpan<double> state) => (_place, _made) = (state[0], state[1]);
    }

    /// <summary>A random walk that breaks several rules on purpose.</summary>
    private sealed class Broken : IEnvironment
    {
        private RandomStream _random = new(0, "broken");
        private double _place;
        private int _steps;

        public EnvironmentSpecification Specification { get; } =
            new("broken", BoxSpace.Uniform(1, -100, 100), BoxSpace.Uniform(1, -1, 1), 20, null);

        public int StateLength => 1;

        public void Reset(RandomStream random, Span<float> observation)
        {
            (_random, _place, _steps) = (random, 0, 0);
            observation[0] = 0;
        }

        public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
        {
            _place += 0.1 * _random.NextNormal();
            observation[0] = (float)_place;
            return new StepResult(0, false, ++_steps >= 20);
        }

        public void SaveState(Span<double> state) => state[0] = _place;

        public void RestoreState(ReadOnlySpan<double> state, Span<float> observation)
        {
            _place = state[0];
            observation[0] = (float)_place;
        }

        public void Dispose()
        {
        }
    }
}
