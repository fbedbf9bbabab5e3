using Ofql.Agents;
using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Ofql.Graph.Parameters;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>
/// Consecutive updates of a descendant of Diffusion-QL against golden numbers: every draw is given, every number compared. A test
/// brings what is the algorithm's own.
/// </summary>
internal static class RegularizedPolicyGolden
{
    /// <summary>What all cases state about the update.</summary>
    public static T Common<T>(GoldenFile golden, T settings)
        where T : RegularizedPolicySettings => settings with
        {
            HiddenWidth = golden.Size("H"),
            BatchSize = golden.Size("B"),
            Discount = golden.Setting("gamma"),
            Eta = golden.Setting("eta"),
            LearningRate = golden.Setting("lr_actor"),
            CriticLearningRate = golden.Setting("lr_critic"),
            ActorMaxNorm = golden.Setting("max_norm_actor"),
            CriticMaxNorm = golden.Setting("max_norm_critic"),
            CriticTau = golden.Setting("tau"),
            ActorDecay = golden.Setting("ema_decay"),
            ActorAverageEvery = golden.Size("ema_every"),
            ActorAverageStart = golden.Size("ema_start"),
            MaxQBackup = golden.Flag("max_q_backup"),
        };

    /// <summary>One thing wrong each. What a comparison lets pass would prove nothing.</summary>
    public static Dictionary<string, Func<T, T>> Mistakes<T>()
        where T : RegularizedPolicySettings => new()
        {
            ["discount"] = s => s with { Discount = s.Discount - 0.01 },
            ["eta"] = s => s with { Eta = 1.01 * s.Eta },
            ["learning rate"] = s => s with { LearningRate = 1.01 * s.LearningRate },
            ["critic learning rate"] = s => s with { CriticLearningRate = 1.01 * s.CriticLearningRate },
            ["critic tau"] = s => s with { CriticTau = 1.05 * s.CriticTau },
            ["critic targets too rarely"] = s => s with { CriticTargetEvery = 2 },
            ["actor average"] = s => s with { ActorDecay = 0.99 * s.ActorDecay },
            ["average too late"] = s => s with { ActorAverageStart = 1 },
            ["average too rarely"] = s => s with { ActorAverageEvery = 2 },
            ["no clipping of the actor"] = s => s with { ActorMaxNorm = 0 },
            ["no clipping of the critics"] = s => s with { CriticMaxNorm = 0 },
            ["weight decay"] = s => s with { WeightDecay = 0.01 },
            ["denominator of data"] = s => s with { QNormalization = QNormalization.Data },
            ["no denominator"] = s => s with { QNormalization = QNormalization.None },
            ["other sinusoids"] = s => s with { EmbeddingFrequencies = EmbeddingFrequencies.MeanFlow },
            ["other activation"] = s => s with { Activation = Kernels.Activations.Activation.Silu },
        };

    /// <param name="golden">The case.</param>
    /// <param name="threads">Threads of the agent.</param>
    /// <param name="create">The agent with given inputs, every value kept.</param>
    /// <param name="writeDraws">Writes the inputs that only this algorithm has: (agent, prefix of the names).</param>
    /// <param name="own">Values of the first update that only this algorithm has; several of one shape stand for a tensor with one more axis.</param>
    public static void Compare<TAgent>(
        GoldenFile golden,
        int threads,
        Func<AgentContext, TAgent> create,
        Action<TAgent, string> writeDraws,
        Func<TAgent, IEnumerable<(string Name, IReadOnlyList<Node> Values)>> own)
        where TAgent : RegularizedPolicyAgent
    {
        using var data = TinyDataset(golden.Size("S"), golden.Size("A"));
        using var agent = create(new AgentContext(data, Bounds(golden, -1f), Bounds(golden, 1f), Seed: 1, threads, golden.Size("updates")));
        foreach (var block in agent.Model.Blocks)
        {
            foreach (var tensor in block.Layout.Tensors)
                block.Write(tensor, golden.Singles($"init.{block.Name}.{tensor.Name}"));
        }

        agent.StateIntegers.Single(integer => integer.Name == "step").Write(golden.Size("first_step"));
        for (var update = 1; update <= golden.Size("updates"); update++)
        {
            var prefix = $"input{update}.";
            WriteBatch(golden, agent.Losses.Batch, prefix);
            WriteChain(golden, agent.Losses.NoiseNext, prefix + "noise_next");
            agent.Losses.NoiseBehaviour.Write(golden.Singles(prefix + "noise_bc"));
            writeDraws(agent, prefix);
            var coin = (int)golden.Integers(prefix + "q_index")[0];
            agent.Update(coin);
            CompareSeries(golden, agent, update, coin);
            if (update == 1)
                CompareFirstUpdate(golden, agent, coin, own(agent));
            CompareParameters(golden, agent.Model, update);
        }
    }

    /// <summary>Noise [steps, rows, A] into an input [rows, k A] side by side; a last step whose noise is multiplied by zero may be left out.</summary>
    public static void WriteChain(GoldenFile golden, InputNode input, string name)
    {
        var values = golden.Singles(name);
        int size = golden.Size("A"), steps = input.Columns / size, rows = input.Rows;
        Assert.True(values.Length == rows * input.Columns || values.Length == rows * (input.Columns + size), name);
        var row = new float[input.Columns];
        for (var i = 0; i < rows; i++)
        {
            for (var step = 0; step < steps; step++)
                values.AsSpan(((step * rows) + i) * size, size).CopyTo(row.AsSpan(step * size));
            input.WriteRow(i, row);
        }
    }

    private static float[] Bounds(GoldenFile golden, float bound) => Enumerable.Repeat(bound, golden.Size("A")).ToArray();

    private static TransitionDataset TinyDataset(int stateSize, int actionSize) => new(
        Column<float>.Allocate(1, stateSize),
        Column<float>.Allocate(1, actionSize),
        Column<float>.Allocate(1, 1),
        Column<float>.Allocate(1, stateSize),
        Column<byte>.Allocate(1, 1),
        Column<byte>.Allocate(1, 1));

    private static void WriteBatch(GoldenFile golden, BatchInputs batch, string prefix)
    {
        foreach (var (input, name) in batch.All.Zip(["state", "action", "reward", "mask", "next_state"]))
            input.Write(golden.Singles(prefix + name));
    }

    private static void CompareSeries(GoldenFile golden, RegularizedPolicyAgent agent, int update, int coin)
    {
        var actor = agent.ActorProgram(coin);
        Compare("critic_loss", agent.CriticProgram.Scalar(agent.CriticTerms.Loss));
        Compare("bc_loss", actor.Scalar(agent.Losses.BehaviourLoss));
        Compare("q_loss", actor.Scalar(agent.ActorTerms[coin].Q.Loss));
        Compare("actor_loss", actor.Scalar(agent.ActorTerms[coin].Loss));
        Compare("critic_grad_norm", (float)agent.CriticOptimizer.GradientNorm);
        Compare("actor_grad_norm", (float)agent.ActorOptimizer.GradientNorm);

        void Compare(string name, float actual)
        {
            var series = golden.Values("series." + name);
            Assert.True(
                Math.Abs(actual - series[update - 1]) <= GoldenFile.Tolerance * series.Max(Math.Abs),
                $"series.{name}, update {update}: expected {series[update - 1]:g9}, found {actual:g9}.");
        }
    }

    private static void CompareFirstUpdate(
        GoldenFile golden, RegularizedPolicyAgent agent, int coin, IEnumerable<(string Name, IReadOnlyList<Node> Values)> own)
    {
        var (critic, q) = (agent.CriticTerms, agent.ActorTerms[coin].Q);
        var compared = new HashSet<string>();
        foreach (var (name, node) in new[]
        {
            ("next_action", critic.NextAction), ("next_q1", critic.NextQ1), ("next_q2", critic.NextQ2), ("target_q", critic.Target), ("q1", critic.Q1), ("q2", critic.Q2),
        })
            Value(name, agent.CriticProgram, [node]);
        foreach (var (name, nodes) in own.Concat([("policy_action", [agent.Losses.Action]), ("policy_q1", [q.Q1]), ("policy_q2", [q.Q2])]))
            Value(name, agent.ActorProgram(coin), nodes);
        if (golden.Contains("update1.next_q1_candidates"))
        {
            // The candidates stand one under the other before they are grouped.
            Value("next_q1_candidates", agent.CriticProgram, [critic.NextQ1.Inputs[0]]);
            Value("next_q2_candidates", agent.CriticProgram, [critic.NextQ2.Inputs[0]]);
        }

        Assert.Empty(golden.Names.Where(name => name.StartsWith("update1.", StringComparison.Ordinal)).Except(compared));
        foreach (var block in new[] { agent.Model.Theta, agent.Model.Phi })
        {
            foreach (var tensor in block.Layout.Tensors)
            {
                var values = new float[tensor.Count];
                block.ReadGradient(tensor, values);
                Assert.True(Tensor(golden, "grad1", $"{block.Name}.{tensor.Name}", values));
            }
        }

        void Value(string name, Program program, IReadOnlyList<Node> nodes)
        {
            var values = new List<float>();
            foreach (var node in nodes)
            {
                var part = new float[node.Rows * node.Columns];
                program.Read(node, part);
                values.AddRange(part);
            }

            golden.AssertClose("update1." + name, values.ToArray());
            compared.Add("update1." + name);
        }
    }

    private static void CompareParameters(GoldenFile golden, RegularizedPolicyModel model, int update)
    {
        foreach (var block in model.Blocks)
        {
            foreach (var tensor in block.Layout.Tensors)
            {
                var values = new float[tensor.Count];
                block.Read(tensor, values);
                // Both ends of the trajectory are in every case.
                Assert.Equal(update == 1 || update == golden.Size("updates"), Tensor(golden, $"after{update}", $"{block.Name}.{tensor.Name}", values));
            }
        }
    }

    /// <summary>Compares a whole tensor, or the entries that a full-size case keeps of it; false where it has neither.</summary>
    private static bool Tensor(GoldenFile golden, string when, string parameter, float[] values)
    {
        if (golden.Contains($"{when}.{parameter}"))
            golden.AssertClose($"{when}.{parameter}", values);
        else if (golden.Contains($"sample_{when}.{parameter}"))
            golden.AssertClose($"sample_{when}.{parameter}", Array.ConvertAll(golden.Integers("sample_index." + parameter), i => values[i]));
        else
            return false;
        return true;
    }
}
