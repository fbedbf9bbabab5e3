using Ofql.Environments;
using Ofql.Kernels.Randomness;
using Xunit;

namespace Ofql.Tests.Environments;

public sealed class CartPoleTests
{
    /// <summary>What Gymnasium's CartPole prints after <c>reset(seed)</c>.</summary>
    [Theory]
    [InlineData(42UL, 0.0273956f, -0.00611216f, 0.03585979f, 0.0197368f)]
    [InlineData(0UL, 0.01369617f, -0.02302133f, -0.04590265f, -0.04834723f)]
    public void It_starts_where_Gymnasium_starts(ulong seed, float place, float speed, float angle, float turning)
    {
        using var cart = new CartPole();
        var observation = new float[4];
        cart.ResetAsGymnasium(seed, observation);
        Assert.Equal([place, speed, angle, turning], observation, (a, b) => Math.Abs(a - b) < 1e-8);
        Assert.Throws<ArgumentException>(() => cart.ResetAsGymnasium(seed, new float[3]));
    }

    /// <summary>
    /// The accelerations solve the two equations of motion of cart and uniform rod (half length l, moment of inertia m l^2 / 3 about its
    /// middle), which this test states without solving them: M x'' + m l (th'' cos - th'^2 sin) = F and (4/3) l th'' + x'' cos = g sin.
    /// </summary>
    [Fact]
    public void A_step_obeys_the_equations_of_motion()
    {
        using var cart = new CartPole();
        var random = new RandomStream(4, "cartpole");
        var observation = new float[4];
        double[] before = new double[6], after = new double[6];
        for (var round = 0; round < 200; round++)
        {
            before = [random.NextUniform(-2, 2), random.NextUniform(-3, 3), random.NextUniform(-0.2, 0.2), random.NextUniform(-3, 3), 0, 0];
            var action = (float)random.NextUniform(-1, 1);
            cart.RestoreState(before, observation);
            Assert.Equal(1, cart.Step([action], observation).Reward);
            cart.SaveState(after);
            // Explicit Euler, 50 steps a second.
            Assert.Equal(before[0] + (0.02 * before[1]), after[0], 1e-14);
            Assert.Equal(before[2] + (0.02 * before[3]), after[2], 1e-14);
            double cartAcceleration = (after[1] - before[1]) / 0.02, poleAcceleration = (after[3] - before[3]) / 0.02;
            var (sine, cosine) = Math.SinCos(before[2]);
            Assert.Equal(10.0 * action, (1.1 * cartAcceleration) + (0.1 * 0.5 * ((poleAcceleration * cosine) - (before[3] * before[3] * sine))), 1e-9);
            Assert.Equal(9.8 * sine, (4.0 / 3 * 0.5 * poleAcceleration) + (cartAcceleration * cosine), 1e-9);
        }
    }

    /// <summary>The accelerations at rest by hand: upright with the full force, x'' = F (4/3) / (4/3 M - m), th'' = -x'' / (4/3 l).</summary>
    [Fact]
    public void Numbers_by_hand()
    {
        using var cart = new CartPole();
        var observation = new float[4];
        var state = new double[6];
        cart.RestoreState([0, 0, 0, 0, 0, 0], observation);
        cart.Step([1f], observation);
        cart.SaveState(state);
        var acceleration = 10 * (4.0 / 3) / ((4.0 / 3 * 1.1) - 0.1);
        Assert.Equal([0, 0.02 * acceleration, 0, -0.02 * acceleration / (2.0 / 3), 1, 0], state, (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Theory]
    [InlineData(2.39, 1.0, 0, 0, true)]
    [InlineData(2.39, 0.4, 0, 0, false)]
    [InlineData(-2.39, -1.0, 0, 0, true)]
    [InlineData(0, 0, 0.209, 0.1, true)]
    [InlineData(0, 0, 0.209, 0.01, false)]
    [InlineData(0, 0, -0.209, -0.1, true)]
    public void It_ends_where_the_cart_or_the_pole_leaves_its_limits(double place, double speed, double angle, double turning, bool ends)
    {
        using var cart = new CartPole();
        var observation = new float[4];
        cart.RestoreState([place, speed, angle, turning, 0, 0], observation);
        var result = cart.Step([0f], observation);
        Assert.Equal((1.0, ends, false), (result.Reward, result.Terminated, result.Truncated));
    }

    [Fact]
    public void A_feedback_law_keeps_it_up_to_the_limit_of_200_steps_and_random_actions_do_not()
    {
        Assert.All(Enumerable.Range(0, 20), episode => Assert.Equal((200, false), Length(episode, (s, _) => Math.Clamp((0.5f * s[0]) + s[1] + (10 * s[2]) + (2 * s[3]), -1, 1))));
        var random = Enumerable.Range(0, 100).Select(episode => Length(episode, (_, stream) => (float)stream.NextUniform(-1, 1)).Steps).ToArray();
        Assert.InRange(random.Average(), 15, 45);

        static (int Steps, bool Terminated) Length(int episode, Func<float[], RandomStream, float> law)
        {
            using var cart = new CartPole();
            var (observation, stream) = (new float[4], new RandomStream((ulong)episode, "actions"));
            cart.Reset(new RandomStream((ulong)episode, "start"), observation);
            for (var step = 1; ; step++)
            {
                var result = cart.Step([law(observation, stream)], observation);
                if (result.Done)
                    return (step, result.Terminated);
            }
        }
    }

    [Fact]
    public void Its_picture_shows_the_pole_where_it_is()
    {
        using var cart = new CartPole();
        cart.RestoreState([1, 0, 0.1, 0, 0, 0], new float[4]);
        var pole = cart.DrawFrame().Shapes[1];
        Assert.Equal((1, 0, 1 + Math.Sin(0.1), Math.Cos(0.1)), (pole.X1, pole.Y1, pole.X2, pole.Y2));
    }
}
