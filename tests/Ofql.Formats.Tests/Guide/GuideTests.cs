using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Guide;
using Ofql.Agents;
using Ofql.Data;
using Ofql.Formats.Onnx;
using Ofql.Formats.Policies;
using Ofql.Kernels.Randomness;
using Ofql.Training;
using Xunit;

namespace Ofql.Formats.Tests.Guides;

/// <summary>The algorithm of docs/add-an-algorithm.md, compiled here against the public surface alone: this assembly sees no internals of Ofql.</summary>
public class GuideTests
{
    private const float Best = 0.6f;

    [Fact]
    public void The_guide_is_short_and_its_code_is_what_is_compiled_here()
    {
        var guide = File.ReadAllText(Path.Combine(Here(), "..", "..", "..", "docs", "add-an-algorithm.md")).ReplaceLineEndings("\n");
        var blocks = Regex.Matches(guide, "```csharp\n(.*?)\n```", RegexOptions.Singleline).Select(match => match.Groups[1].Value);
        Assert.Equal(File.ReadAllText(Path.Combine(Here(), "Crr.cs")).ReplaceLineEndings("\n"), string.Join("\n\n", blocks) + "\n");
        Assert.InRange(guide.Split('\n').Length, 50, 120);
    }

    [Fact]
    public void It_learns_what_is_best_where_cloning_learns_the_mean_and_its_policy_can_be_loaded()
    {
        using var folder = new TemporaryFolder();
        using var data = OneStep();
        var first = new float[2];
        using var agent = Agent(data, beta: "0.2");
        agent.Update();
        agent.ReadMetrics(first);
        var result = new TrainingLoop(agent, new TrainingOptions { Updates = 800 }, new TrainingHooks()).Run(CancellationToken.None);
        Assert.Equal(TrainingOutcome.Completed, result.Outcome);
        var last = new float[2];
        agent.ReadMetrics(last);
        Assert.InRange(last[0], 0, first[0] / 10);
        PolicyFile.Save(agent.ExportPolicy(), folder["crr.safetensors"]);
        using var policy = OfqlPolicy.Load(folder["crr.safetensors"], algorithms: [new CrrFactory()]);
        using var actor = agent.CreateActor(new ActingOptions(), 1);
        float[] state = [0.3f, -0.4f], action = new float[1], learned = new float[1];
        policy.Act(state, action);
        actor.Act(1, state, [], [0f], learned);
        Assert.Equal(learned, action);
        Assert.InRange(action[0], Best - 0.25, Best + 0.25);
        Assert.InRange(OnnxPolicy.Save(agent.ExportPolicy(), folder["crr.onnx"], algorithms: [new CrrFactory()]).Agreement.LargestDifference, 0, 1e-5);

        // At an endless temperature every action of the data counts alike.
        using var cloning = Agent(data, beta: "1e6");
        new TrainingLoop(cloning, new TrainingOptions { Updates = 800 }, new TrainingHooks()).Run(CancellationToken.None);
        using var mean = cloning.CreateActor(new ActingOptions(), 1);
        mean.Act(1, state, [], [0f], learned);
        Assert.InRange(learned[0], -0.2, 0.2);
        Assert.Contains("crr", Assert.Throws<OfqlException>(() => OfqlPolicy.Load(folder["crr.safetensors"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_restored_agent_continues_with_the_same_bits()
    {
        using var data = OneStep();
        using IAgent whole = Agent(data, "1"), resumed = Agent(data, "1");
        Run(whole, 10);
        foreach (var (from, to) in whole.StateTensors.Zip(resumed.StateTensors))
        {
            var values = new float[from.Length];
            from.Read(values);
            to.Write(values);
        }

        foreach (var (from, to) in whole.StateIntegers.Zip(resumed.StateIntegers))
            to.Write(from.Read());
        Assert.Equal(10, resumed.Step);
        Run(whole, 10);
        Assert.NotEqual(whole.StateTensors.SelectMany(Bits), resumed.StateTensors.SelectMany(Bits));
        Run(resumed, 10);
        Assert.Equal(whole.StateTensors.SelectMany(Bits), resumed.StateTensors.SelectMany(Bits));
        Assert.Equal(whole.StateIntegers.Select(integer => integer.Read()), resumed.StateIntegers.Select(integer => integer.Read()));
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads_and_options_are_checked()
    {
        using var data = OneStep();
        using IAgent one = Agent(data, "1", threads: 1), two = Agent(data, "1", threads: 2);
        Run(one, 20);
        Run(two, 20);
        Assert.Equal(one.StateTensors.SelectMany(Bits), two.StateTensors.SelectMany(Bits));
        Assert.Contains("Did you mean 'beta'?", Assert.Throws<UsageException>(() => new CrrFactory().Resolve(new Dictionary<string, string> { ["betta"] = "1" })).Message, StringComparison.Ordinal);
    }

    private static IAgent Agent(TransitionDataset data, string beta, int threads = 2) => new CrrFactory().Create(
        new Dictionary<string, string> { ["hidden_width"] = "32", ["hidden_layers"] = "2", ["batch_size"] = "64", ["learning_rate"] = "3e-3", ["critic_learning_rate"] = "3e-3", ["critic_tau"] = "0.05", ["beta"] = beta },
        new AgentContext(data, [-1f], [1f], Seed: 1, threads, PlannedUpdates: 800));

    private static void Run(IAgent agent, int updates)
    {
        for (var i = 0; i < updates; i++)
            agent.Update();
    }

    private static int[] Bits(StateTensor tensor)
    {
        var values = new float[tensor.Length];
        tensor.Read(values);
        return Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
    }

    // Episodes of one step with uniform actions, rewarded for being near the best.
    private static TransitionDataset OneStep()
    {
        const int Rows = 2000;
        var random = new RandomStream(3, "one step");
        var data = new TransitionDataset(
            Column<float>.Allocate(Rows, 2), Column<float>.Allocate(Rows, 1), Column<float>.Allocate(Rows, 1), Column<float>.Allocate(Rows, 2), Column<byte>.Allocate(Rows, 1), Column<byte>.Allocate(Rows, 1));
        for (var row = 0; row < Rows; row++)
        {
            foreach (ref var value in data.Observations.Writable(row))
                value = (float)random.NextUniform(-1, 1);
            var action = data.Actions.Writable(row)[0] = (float)random.NextUniform(-1, 1);
            data.Rewards.Writable(row)[0] = -4 * (action - Best) * (action - Best);
            data.Terminated.Writable(row)[0] = 1;
        }

        return data;
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
