using Ofql.Agents;
using Ofql.Graph;
using Ofql.Kernels.Randomness;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Agents;

/// <summary>The best candidate by min(Q1, Q2) against the whole computation. Candidates are noise, critics are its columns: a test writes what they say.</summary>
public sealed class BoundedChoiceTests
{
    private const int Candidates = 23;

    private static readonly ActingRule _rule = new()
    {
        Blocks = [],
        NoiseSize = 2,
        Action = (_, noise) => 1f * noise!,
        Value = (_, a) => Min(Columns(a, 0, 1), Columns(a, 1, 1)),
    };

    public enum Critics
    {
        /// <summary>Q1 and Q2 know nothing of each other.</summary>
        Independent,

        /// <summary>Q2 is Q1 and a little noise, and lies below or above it.</summary>
        Alike,

        /// <summary>Few different values: many ties, within a critic and between them.</summary>
        Tied,

        /// <summary>The highest by one are the lowest by the other: every bound misleads.</summary>
        Opposed,

        /// <summary>Numbers that are none, and infinite ones, among the others.</summary>
        Broken,
    }

    public static TheoryData<Critics, int> Cases()
    {
        var cases = new TheoryData<Critics, int>();
        foreach (var critics in Enum.GetValues<Critics>())
        {
            foreach (var capacity in (int[])[1, 2, 7, 40])
                cases.Add(critics, capacity);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_the_choice_of_the_whole_computation(Critics critics, int capacity)
    {
        using CandidateActor bounded = Actor(capacity, judgeAll: false), whole = Actor(capacity, judgeAll: true);
        Assert.NotNull(bounded.Choice);
        Assert.Null(whole.Choice);
        var random = new RandomStream(3, critics.ToString());
        for (var call = 0; call < 60; call++)
        {
            var count = 1 + (call % capacity);
            var noise = new float[count * bounded.NoisePerState];
            for (var i = 0; i < noise.Length; i += 2)
                (noise[i], noise[i + 1]) = Draw(critics, random, below: call / 20 == 1);
            float[] states = new float[count], uniforms = new float[count], actions = new float[count * 2], expected = new float[count * 2];
            bounded.Act(count, states, noise, uniforms, actions);
            whole.Act(count, states, noise, uniforms, expected);
            for (var state = 0; state < count; state++)
                Assert.Equal(whole.Choose(whole.Values.Slice(state * Candidates, Candidates), 0), bounded.Choice.Chosen(state));
            Assert.Equal(expected, actions);
            Assert.InRange(bounded.Choice.JudgedByBoth, 0, count * Candidates);
        }
    }

    /// <summary>The critic that is the lower one goes first from the second call on: what it says is the minimum, and the other is asked once.</summary>
    [Fact]
    public void The_second_critic_judges_few_where_both_rank_alike()
    {
        foreach (var below in (bool[])[false, true])
        {
            using var actor = Actor(capacity: 1, judgeAll: false);
            var random = new RandomStream(4, "alike");
            var most = 0;
            for (var call = 0; call < 30; call++)
            {
                var noise = new float[actor.NoisePerState];
                for (var i = 0; i < noise.Length; i += 2)
                    (noise[i], noise[i + 1]) = Draw(Critics.Alike, random, below);
                actor.Act(1, [0f], noise, [0f], new float[2]);
                most = Math.Max(most, call == 0 ? 0 : actor.Choice!.JudgedByBoth);
            }

            // A round is four candidates.
            Assert.Equal(4, most);
        }
    }

    /// <summary>Neither a mean of critics nor a draw among candidates is bounded by one of them; and of few there is nothing to save.</summary>
    [Fact]
    public void Whatever_else_is_asked_for_is_computed_whole()
    {
        Assert.Null(Choice(_rule, new ActingOptions { Candidates = 15 }));
        Assert.NotNull(Choice(_rule, new ActingOptions { Candidates = 16 }));
        Assert.Null(Choice(_rule, new ActingOptions { Candidates = 16, Selection = CandidateSelection.Softmax }));
        Assert.Null(Choice(_rule with { Value = (_, a) => Columns(a, 0, 1) + Columns(a, 1, 1) }, new ActingOptions { Candidates = 16 }));

        static BoundedChoice? Choice(ActingRule rule, ActingOptions options)
        {
            using var actor = new CandidateActor(rule, DataTransforms.Identity(1, 2), options, 1);
            return actor.Choice;
        }
    }

    private static CandidateActor Actor(int capacity, bool judgeAll) =>
        new(_rule, DataTransforms.Identity(1, 2), new ActingOptions { Candidates = Candidates }, capacity, judgeAll: judgeAll);

    private static (float Q1, float Q2) Draw(Critics critics, RandomStream random, bool below)
    {
        float first = (float)random.NextNormal(), second = (float)random.NextNormal();
        switch (critics)
        {
            case Critics.Alike:
                return (first, first + (0.01f * second) + (below ? -1f : 1f));
            case Critics.Tied:
                return (MathF.Round(first), MathF.Round(second));
            case Critics.Opposed:
                return (first, -first + (0.1f * second));
            case Critics.Broken:
                ReadOnlySpan<float> odd = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f, -0f];
                return (second > 0.5f ? odd[(int)(random.NextUniform(0, 1) * odd.Length)] : first, second < -0.5f ? odd[(int)(random.NextUniform(0, 1) * odd.Length)] : second);
            default:
                return (first, second);
        }
    }
}
