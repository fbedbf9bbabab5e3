using Ofql.Agents;
using Ofql.Evaluation;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Tests.Evaluation;

public class ActionAgreementTests
{
    [Fact]
    public void Differences_are_in_deviations_of_the_recorded_action_and_bounds_are_counted()
    {
        using var data = SmallData.Make(rows: 300, actionSize: 2);
        for (var row = 0L; row < data.Count; row++)
        {
            // The first entry alternates between -1 and 1, the second never changes.
            data.Actions.Writable(row)[0] = row % 2 == 0 ? -1 : 1;
            data.Actions.Writable(row)[1] = 0.5f;
        }

        var same = ActionAgreement.Of(new RuleActor(row => row % 2 == 0 ? -1 : 1), data, [-1, -1], [1, 1]);
        Assert.Equal((int)data.Count, same.Rows);
        Assert.Equal((0.0, double.NaN), (same.Errors[0], same.Errors[1]));
        Assert.Equal((1.0, 0.5), (same.AtBounds, same.RecordedAtBounds));

        var away = ActionAgreement.Of(new RuleActor(row => row % 2 == 0 ? -0.5f : 0.5f), data, [-1, -1], [1, 1]);
        Assert.Equal(0.5, away.Errors[0], 1e-3);
        Assert.Equal(0.0, away.AtBounds);
        Assert.Throws<ArgumentException>(() => ActionAgreement.Of(new RuleActor(_ => 0), data, [-1], [1]));
    }

    /// <summary>Acts by the number of its call.</summary>
    private sealed class RuleActor(Func<int, float> rule) : IActor
    {
        private int _calls;

        public int StateSize => 3;

        public int ActionSize => 2;

        public int Capacity => 1;

        public int NoisePerState => 1;

        public void Act(int count, ReadOnlySpan<float> states, ReadOnlySpan<float> noise, ReadOnlySpan<float> uniforms, Span<float> actions) => actions.Fill(rule(_calls++));

        public void Dispose()
        {
        }
    }
}
