using Ofql.Flow;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Flow;

/// <summary>
/// The average velocity of Gaussian data a ~ N(m, s^2) is known: with sig_t = sqrt((1-t)^2 s^2 + t^2), the flow carries x at time t
/// to x_r = (1-r) m + (sig_r / sig_t) (x - (1-t) m), so u = (x - x_r) / (t - r).
/// </summary>
public sealed class AverageVelocityTests
{
    private const double M = 0.3;
    private const double S = 0.4;

    public static TheoryData<double, double, double> Points => new()
    {
        { 0.7, 0.2, 0.9 }, { 0.7, 0, 1 }, { -1.3, 0.1, 0.5 }, { 0.3, 0.05, 0.95 }, { 2, 0.6, 0.7 }, { 0, 0, 0.3 },
    };

    [Fact]
    public void The_closed_form_has_its_known_value() => Assert.Equal(0.2562200725, U(0.7, 0.2, 0.9), 1e-10);

    [Theory]
    [MemberData(nameof(Points))]
    public void The_closed_form_satisfies_the_mean_flow_identity(double x, double r, double t)
    {
        // u = v - (t - r) du/dt, the derivative along the flow.
        const double h = 1e-5;
        var v = V(x, t);
        var along = (U(x + (h * v), r, t + h) - U(x - (h * v), r, t - h)) / (2 * h);
        Assert.Equal(U(x, r, t), v - ((t - r) * along), 1e-8);
    }

    [Theory]
    [MemberData(nameof(Points))]
    public void The_average_velocity_is_the_mean_of_the_velocity_along_the_path(double x, double r, double t)
    {
        const int steps = 20_000;
        double sum = 0, at = x;
        var h = (t - r) / steps;
        for (var i = 0; i < steps; i++)
        {
            var time = t - (i * h);
            // Middle of each step, by a half step before it.
            var middle = V(at - (0.5 * h * V(at, time)), time - (0.5 * h));
            sum += middle / steps;
            at -= h * middle;
        }

        Assert.Equal(U(x, r, t), sum, 1e-7);
    }

    [Fact]
    public void One_step_of_the_average_velocity_reaches_the_data_and_of_the_velocity_only_its_mean()
    {
        Assert.Equal(M + (S * 1.1), 1.1 - U(1.1, 0, 1), 1e-12);
        Assert.Equal(M, 1.1 - V(1.1, 1), 1e-12);
    }

    [Fact]
    public void The_terms_of_the_loss_meet_the_closed_form()
    {
        // The field is the closed form, written in nodes. With a = x - t v and eps = x + (1 - t) v the conditional velocity
        // eps - a is the marginal v at a_t = x, so that the target must be u itself.
        var points = Points.Select(row => row.Data).Where(p => p.Item3 < 1).ToArray();
        using var graph = new Graph.Graph(points.Length);
        InputNode a = graph.Input("a", 1), eps = graph.Input("eps", 1), r = graph.Input("r", 1), t = graph.Input("t", 1);
        for (var i = 0; i < points.Length; i++)
        {
            var (x, from, to) = points[i];
            a.WriteNumber(i, (float)(x - (to * V(x, to))));
            eps.WriteNumber(i, (float)(x + ((1 - to) * V(x, to))));
            r.WriteNumber(i, (float)from);
            t.WriteNumber(i, (float)to);
        }

        Node Sigma(Node time) => Sqrt(Square((float)S * (1f - time)) + Square(time));
        var terms = AverageVelocityTerms.Of(
            (at, from, to) => (at - ((float)M * (1f - from)) - (Sigma(from) / Sigma(to) * (at - ((float)M * (1f - to))))) / (to - from), a, eps, r, t);
        var (error, loss) = (terms.SquaredError(), terms.MeanSquare());
        using var team = new WorkerTeam(1);
        using var program = new ProgramBuilder(graph).Compute(terms.At, terms.Velocity, terms.U, terms.Target, error, loss).Build(team);
        program.Run();
        for (var i = 0; i < points.Length; i++)
        {
            var (x, from, to) = points[i];
            Assert.Equal(x, Read(program, terms.At)[i], 1e-6);
            Assert.Equal(V(x, to), Read(program, terms.Velocity)[i], 1e-6);
            // Differences over a short time lose digits: u divides a difference of floats by t - r.
            Assert.Equal(U(x, from, to), Read(program, terms.U)[i], 1e-6 / (to - from));
            Assert.Equal(U(x, from, to), Read(program, terms.Target)[i], 1e-6 / (to - from));
            Assert.Equal(0, Read(program, error)[i], 1e-9);
        }

        Assert.Equal(0, program.Scalar(loss), 1e-9);
    }

    [Fact]
    public void The_adaptive_weight_falls_with_the_error()
    {
        using var graph = new Graph.Graph(3);
        var d = graph.Input("d", 1);
        d.Write([0f, 0.5f, 8f]);
        var weight = AverageVelocityTerms.AdaptiveWeight(d, 1e-2f, 0.75f);
        using var team = new WorkerTeam(1);
        using var program = new ProgramBuilder(graph).Compute(weight).Build(team);
        program.Run();
        var values = Read(program, weight);
        foreach (var (found, error) in values.Zip([0.0, 0.5, 8]))
            Assert.Equal(1, found * Math.Pow(error + 0.01, 0.75), 1e-5);
    }

    private static double Sig(double t) => Math.Sqrt(((1 - t) * (1 - t) * S * S) + (t * t));

    private static double V(double x, double t) => -M + ((t - ((1 - t) * S * S)) / (Sig(t) * Sig(t)) * (x - ((1 - t) * M)));

    private static double U(double x, double r, double t) => (x - (((1 - r) * M) + (Sig(r) / Sig(t) * (x - ((1 - t) * M))))) / (t - r);

    private static float[] Read(Program program, Node node)
    {
        var values = new float[node.Rows * node.Columns];
        program.Read(node, values);
        return values;
    }
}
