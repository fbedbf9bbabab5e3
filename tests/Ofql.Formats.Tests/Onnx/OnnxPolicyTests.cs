using System.Text;
using Ofql.Agents;
using Ofql.Data;
using Ofql.Formats.Onnx;
using Ofql.Kernels.Randomness;
using Ofql.Tests.Shared;
using Xunit;

namespace Ofql.Formats.Tests.Onnx;

/// <summary>Policies as ONNX models: the bytes of the file, carried out by the interpreter, give the actions of the policy.</summary>
public sealed class OnnxPolicyTests
{
    private static readonly TransitionDataset Data = SmallData.Make(actionSize: 2);

    // Whatever of these an algorithm has: small networks, and moving averages that have begun.
    private static readonly Dictionary<string, string> Small = new()
    {
        ["hidden_width"] = "24", ["batch_size"] = "33", ["embedding_size"] = "8", ["actor_average_start"] = "3", ["actor_width"] = "16",
        ["pretrain_updates"] = "3", ["manager_width"] = "16", ["plan_samples"] = "24", ["plan_elites"] = "6", ["normalize_states"] = "standardize",
    };

    /// <summary>Every algorithm with networks as it is, and ways of acting that are not the default.</summary>
    public static TheoryData<string, string> Policies
    {
        get
        {
            var policies = new TheoryData<string, string>();
            foreach (var factory in AgentCatalog.All.Where(factory => factory.Name is not ("spaql" or "aql")))
            {
                policies.Add(factory.Name, "");
                foreach (var option in factory.Options)
                {
                    foreach (var word in Words(factory.Name, option).Where(word => word != option.Default))
                        policies.Add(factory.Name, $"{option.Name}={word}");
                }
            }

            return policies;
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_model_gives_the_actions_of_the_policy(string name, string option)
    {
        var policy = Trained(name, option);
        var outline = AgentCatalog.Outline(AgentCatalog.All, policy);
        var model = OnnxReader.Read(OnnxWriter.Bytes(OnnxPolicy.Model(policy, outline)));
        var interpreter = new OnnxInterpreter(model);
        Assert.Equal(outline.NoiseSize == 0 ? ["state"] : ["state", "noise"], model.Graph.Inputs.Select(port => port.Name));
        foreach (var batch in (int[])[1, 7])
        {
            using var actor = AgentCatalog.CreateActor(policy, new ActingOptions(), batch);
            var random = new RandomStream(4, "onnx");
            float[] states = Normals(batch * 3, random), noise = Normals(batch * actor.NoisePerState, random), expected = new float[batch * 2];
            actor.Act(batch, states, noise, new float[batch], expected);
            var inputs = new Dictionary<string, OnnxValue> { ["state"] = OnnxValue.Matrix(batch, states) };
            if (noise.Length > 0)
                inputs["noise"] = OnnxValue.Matrix(batch, noise);
            var found = interpreter.Run(inputs)["action"];
            Assert.Equal([batch, 2], found.Shape);
            for (var i = 0; i < expected.Length; i++)
                Assert.InRange(found.Values[i], expected[i] - 2e-5, expected[i] + 2e-5);
        }
    }

    [Theory]
    [InlineData("ofql", true)]
    [InlineData("dql", true)]
    [InlineData("fql", true)]
    [InlineData("idql", true)]
    [InlineData("td3_bc", false)]
    [InlineData("sac", false)]
    public void Values_are_written_where_there_are_any(string name, bool has)
    {
        using var folder = new TemporaryFolder();
        var policy = Trained(name, "");
        if (has)
        {
            var written = OnnxPolicy.Save(policy, folder["p.onnx"], withValue: true);
            Assert.True(written.HasValue);
            Assert.Equal(new FileInfo(folder["p.onnx"]).Length, written.Bytes);
            Assert.InRange(written.Agreement.LargestDifference, 0, 1e-5);
            Assert.InRange(written.Agreement.States, 256, 280);
            Assert.Equal(["action", "value"], OnnxReader.Read(File.ReadAllBytes(folder["p.onnx"])).Graph.Outputs.Select(port => port.Name));
        }
        else
        {
            Assert.Contains("has no value", Assert.Throws<OfqlException>(() => OnnxPolicy.Save(policy, folder["p.onnx"], withValue: true)).Message, StringComparison.Ordinal);
            Assert.Empty(folder.Files);
        }
    }

    [Fact]
    public void A_file_says_what_it_is_and_equal_policies_give_equal_bytes()
    {
        using var folder = new TemporaryFolder();
        var policy = Trained("ofql", "");
        OnnxPolicy.Save(policy, folder["a.onnx"]);
        OnnxPolicy.Save(policy, folder["b.onnx"]);
        var bytes = File.ReadAllBytes(folder["a.onnx"]);
        Assert.Equal(bytes, File.ReadAllBytes(folder["b.onnx"]));
        var model = OnnxReader.Read(bytes);
        Assert.Equal((8L, 18L, "Ofql", "ofql"), (model.IrVersion, model.Opset, model.Producer, model.Graph.Name));
        Assert.Equal(policy.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal), model.Metadata);
        Assert.Equal([new OnnxPort("state", OnnxType.Float, [null, 3]), new OnnxPort("noise", OnnxType.Float, [null, 2])], model.Graph.Inputs, Ports);
        Assert.Equal([new OnnxPort("action", OnnxType.Float, [null, 2])], model.Graph.Outputs, Ports);
        // Weights under the names of the policy file; nothing of the critics, nothing that follows from constants alone.
        var names = model.Graph.Constants.Select(constant => constant.Name).Where(name => name.Contains(".weight", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains(policy.Tensors.Keys, tensor => name.StartsWith(tensor, StringComparison.Ordinal)));
        Assert.DoesNotContain(names, name => name.StartsWith("critic", StringComparison.Ordinal) || name.Contains("time", StringComparison.Ordinal));
        Assert.DoesNotContain(model.Graph.Nodes, node => node.Operator is "Sin" or "Cos" or "Expand" or "Shape");
        var weights = policy.Tensors.Where(pair => pair.Key.StartsWith("actor.", StringComparison.Ordinal)).Sum(pair => 4L * pair.Value.Values.Length);
        Assert.InRange(bytes.Length, weights / 2, weights + 4096);

        static bool Ports(OnnxPort a, OnnxPort b) => a.Name == b.Name && a.Type == b.Type && a.Shape.SequenceEqual(b.Shape);
    }

    [Theory]
    [InlineData("spaql")]
    [InlineData("aql")]
    public void A_tree_is_refused(string name)
    {
        using var folder = new TemporaryFolder();
        using var agent = AgentCatalog.Find(name).Create(new Dictionary<string, string>(), Context());
        agent.Update();
        var error = Assert.Throws<OfqlException>(() => OnnxPolicy.Save(agent.ExportPolicy(), folder["p.onnx"]));
        Assert.Contains($"Policies of '{name}' are not made of networks", error.Message, StringComparison.Ordinal);
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void A_model_with_other_numbers_is_found_out()
    {
        var policy = Trained("ofql", "");
        var outline = AgentCatalog.Outline(AgentCatalog.All, policy);
        var model = OnnxPolicy.Model(policy, outline);
        Check(model);
        // Weights of 0, a bias that is NaN, a sum instead of a difference.
        Refused(model with { Graph = model.Graph with { Constants = [.. model.Graph.Constants.Select(Blank)] } });
        Refused(model with { Graph = model.Graph with { Constants = [.. model.Graph.Constants.Select(NotANumber)] } });
        Refused(model with { Graph = model.Graph with { Nodes = [.. model.Graph.Nodes.Select(node => node.Operator == "Sub" ? node with { Operator = "Add" } : node)] } });

        static OnnxTensor Blank(OnnxTensor tensor) => tensor.Name.EndsWith("weight", StringComparison.Ordinal) ? tensor with { Values = new byte[tensor.Values.Length] } : tensor;

        static OnnxTensor NotANumber(OnnxTensor tensor) => tensor.Name == "actor.out.bias" ? tensor with { Values = [.. Enumerable.Repeat((byte)255, tensor.Values.Length)] } : tensor;

        void Refused(OnnxModel wrong) => Assert.Contains("No file was written", Assert.Throws<OfqlException>(() => Check(wrong)).Message, StringComparison.Ordinal);

        OnnxAgreement Check(OnnxModel checkedModel) =>
            OnnxAgreement.Of(OnnxWriter.Bytes(checkedModel), outline, (options, capacity) => AgentCatalog.CreateActor(policy, options, capacity));
    }

    [Fact]
    public void Damaged_models_give_numbers_or_an_error()
    {
        var policy = Trained("iql_tdmpc", "");
        var sound = OnnxWriter.Bytes(OnnxPolicy.Model(policy, AgentCatalog.Outline(AgentCatalog.All, policy)));
        var ports = OnnxReader.Read(sound).Graph.Inputs;
        var random = new RandomStream(1, "inputs");
        var inputs = ports.ToDictionary(port => port.Name, port => OnnxValue.Matrix(2, Normals(2 * (int)port.Shape[1]!.Value, random)));
        var refused = 0;
        for (var seed = 0; seed < 1500; seed++)
        {
            try
            {
                _ = OnnxInterpreter.Of(Mutant(sound, seed)).Run(inputs);
            }
            catch (OfqlException)
            {
                refused++;
            }
        }

        // Most bytes are weights, whose change is no contradiction.
        Assert.InRange(refused, 100, 1500);
    }

    private static byte[] Mutant(byte[] sound, int seed)
    {
        var random = new Random(seed);
        var bytes = seed % 5 == 0 ? sound[..random.Next(1, sound.Length)] : [.. sound];
        // Structure is rarer than weights: every other change goes to where the operators are, at the beginning.
        for (var change = random.Next(1, 8); change > 0; change--)
            bytes[random.Next(random.Next(2) == 0 ? bytes.Length : Math.Min(bytes.Length, 6000))] = (byte)random.Next(256);
        return bytes;
    }

    // Those that choose another computation for acting; every activation once, where a network has it.
    private static string[] Words(string agent, AgentOption option) => option.Name switch
    {
        "act_with" or "sampler" or "noise_schedule" or "embedding_frequencies" or "actor_activation" => option.Kind.Split('|'),
        "activation" when agent is "bc" or "meanflow_ql" => option.Kind.Split('|'),
        "embedding_mlp" => ["true", "false"],
        _ => [],
    };

    private static PolicyArtefact Trained(string name, string option)
    {
        var factory = AgentCatalog.Find(name);
        var known = factory.Options.Select(known => known.Name).ToHashSet();
        var options = Small.Where(pair => known.Contains(pair.Key)).ToDictionary();
        if (option.Length > 0)
            options[option.Split('=')[0]] = option.Split('=')[1];
        using var agent = factory.Create(options, Context());
        for (var i = 0; i < 10; i++)
            agent.Update();
        return agent.ExportPolicy();
    }

    private static AgentContext Context() => new(Data, [-1f, -2f], [1f, 0.5f], Seed: 3, Threads: 1, PlannedUpdates: 20);

    private static float[] Normals(int count, RandomStream random)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = (float)random.NextNormal();
        return values;
    }
}
