using System.Diagnostics;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Optimization;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Activations;
using Ofql.Kernels.Randomness;
using Xunit;
using static Ofql.Graph.Functions;

namespace Ofql.Tests.Graphs;

/// <summary>Threads that run programs together: they start, sleep, wake and stop, never hang, and allocate nothing.</summary>
[Collection(Alone.Name)]
public sealed class GraphTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Running_a_program_allocates_nothing(int threads)
    {
        using var team = new WorkerTeam(threads);
        using var step = new Regression(team, batch: 50);
        var values = new float[50];
        var (thread, process) = Allocations.Of(300, () =>
        {
            step.Program.Run();
            step.Program.Read(step.Y, values);
        });
        Assert.Equal(0, thread);
        // Workers and the runtime's own threads: nothing that grows with the number of runs.
        Assert.True(process < 4096, $"{process} bytes in 300 runs.");
    }

    [Fact]
    public void A_team_sleeps_and_wakes()
    {
        using var team = new WorkerTeam(3);
        using var step = new Regression(team, batch: 64);
        step.Program.Run();
        for (var nap = 0; nap < 3; nap++)
        {
            Thread.Sleep(400);
            var loss = step.Loss;
            step.Program.Run();
            Assert.True(step.Loss < loss);
        }
    }

    [Fact]
    public void A_sleeping_team_uses_no_processor()
    {
        using var team = new WorkerTeam(3);
        using var step = new Regression(team, batch: 64);
        step.Program.Run();
        // How long workers spin first depends on what else the machine does: some half second has to come in which they do not.
        var quiet = Enumerable.Range(0, 20).Any(_ =>
        {
            Thread.Sleep(500);
            var before = Environment.CpuUsage.TotalTime;
            Thread.Sleep(500);
            return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds < 100;
        });
        Assert.True(quiet);
        step.Program.Run();
    }

    [Fact]
    public void Runs_at_the_moment_when_workers_fall_asleep_do_not_fail()
    {
        using var team = new WorkerTeam(4);
        using var step = new Regression(team, batch: 16);
        // A worker sleeps after some tens of milliseconds without work: pauses around that meet it on its way to bed.
        var random = new RandomStream(1, "pauses");
        var watch = Stopwatch.StartNew();
        while (watch.ElapsedMilliseconds < 4000)
        {
            step.Program.Run();
            var pause = Stopwatch.GetTimestamp() + (long)(random.NextUniform(0, 0.15) * Stopwatch.Frequency);
            while (Stopwatch.GetTimestamp() < pause)
                Thread.SpinWait(20);
        }

        Assert.True(float.IsFinite(step.Loss));
    }

    [Fact]
    public async Task Many_tiny_runs_with_more_threads_than_cores_end()
    {
        var runs = Task.Run(() =>
        {
            using var team = new WorkerTeam(Environment.ProcessorCount + 3);
            using var step = new Regression(team, batch: 16);
            for (var run = 0; run < 10_000; run++)
                step.Program.Run();
            return step.Optimizer.Steps;
        });
        // A team that waits for itself never ends; one on a machine busy with other things takes minutes.
        Assert.Same(runs, await Task.WhenAny(runs, Task.Delay(TimeSpan.FromSeconds(600))));
        Assert.Equal(10_000, await runs);
    }

    [Fact]
    public void Many_programs_take_turns_on_one_team()
    {
        using var team = new WorkerTeam(3);
        var steps = Enumerable.Range(1, 20).Select(i => new Regression(team, batch: i * 7)).ToArray();
        using var alone = new WorkerTeam(1);
        var references = Enumerable.Range(1, 20).Select(i => new Regression(alone, batch: i * 7)).ToArray();
        for (var round = 0; round < 20; round++)
        {
            foreach (var step in steps)
                step.Program.Run();
        }

        foreach (var (step, reference) in steps.Zip(references))
        {
            for (var round = 0; round < 20; round++)
                reference.Program.Run();
            Assert.Equal(reference.Loss, step.Loss);
            step.Dispose();
            reference.Dispose();
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 16)]
    [InlineData(4, 48)]
    public void An_input_that_cannot_be_filled_ends_the_run_not_the_process_and_the_team_goes_on(int threads, int failingRow)
    {
        using var team = new WorkerTeam(threads);
        using var graph = new Graph.Graph(64);
        var x = graph.Input("x", 3);
        var sum = Mean(Square(x));
        var source = new Failing(failingRow);
        using var program = new ProgramBuilder(graph).Fill(source, x).Compute(sum).Build(team);
        using var step = new Regression(team, batch: 64);
        for (var round = 0; round < 50; round++)
        {
            source.Fails = true;
            Assert.Equal("no such row", Assert.Throws<InvalidOperationException>(program.Run).Message);
            source.Fails = false;
            program.Run();
            step.Program.Run();
        }

        Assert.Equal(50, step.Optimizer.Steps);
        Assert.Equal(0, program.Scalar(sum));
    }

    [Fact]
    public void A_team_can_be_disposed_at_any_time()
    {
        foreach (var threads in new[] { 1, 2, 4 })
        {
            new WorkerTeam(threads).Dispose();
            var used = new WorkerTeam(threads);
            using (var step = new Regression(used, batch: 40))
            {
                step.Program.Run();
                used.Dispose();
                used.Dispose();
            }

            var asleep = new WorkerTeam(threads);
            Thread.Sleep(300);
            asleep.Dispose();
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerTeam(0));
    }

    /// <summary>Leaves its input at 0, or throws where it is asked for one row.</summary>
    private sealed class Failing(int row) : IRowSource
    {
        public bool Fails { get; set; }

        public void Fill(int first, int end)
        {
            if (Fails && row >= first && row < end)
                throw new InvalidOperationException("no such row");
        }
    }

    /// <summary>A small step of learning: rows, reductions, numbers and parameter updates, so that every kind of phase occurs.</summary>
    private sealed class Regression : IDisposable
    {
        private readonly Graph.Graph _graph;
        private readonly ParameterBlock _block;
        private readonly Node _loss;

        public Regression(WorkerTeam team, int batch)
        {
            _graph = new Graph.Graph(batch);
            var layout = new ParameterLayout();
            ParameterTensor w1 = layout.AddMatrix("fc1.weight", 3, 40), b1 = layout.AddVector("fc1.bias", 40), w2 = layout.AddMatrix("out.weight", 40, 1);
            _block = new ParameterBlock("regression", layout);
            var random = new RandomStream(2, "regression");
            _block.Initialize(random);
            InputNode x = _graph.Input("x", 3), target = _graph.Input("target", 1);
            x.Write(Matrix.Random(random, batch, 3).ToSingles());
            target.Write(Matrix.Random(random, batch, 1).ToSingles());
            Y = Dense(Dense(x, _block, w1, b1, Activation.Mish), _block, w2, null, Activation.Identity);
            _loss = Mean(Square(Y - target)) / StopGradient(Mean(Abs(target)));
            Optimizer = new Adam(_block, new AdamOptions(1e-3, MaximumNorm: 1));
            Program = new ProgramBuilder(_graph).Compute(Y).Gradient(_loss, _block).Step(Optimizer).Build(team);
        }

        public Program Program { get; }

        public Adam Optimizer { get; }

        public Node Y { get; }

        public float Loss => Program.Scalar(_loss);

        public void Dispose()
        {
            Program.Dispose();
            Optimizer.Dispose();
            _block.Dispose();
            _graph.Dispose();
        }
    }
}
