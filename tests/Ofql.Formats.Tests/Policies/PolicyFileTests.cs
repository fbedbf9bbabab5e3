using Ofql.Agents;
using Ofql.Formats.Policies;
using Ofql.Formats.Safetensors;
using Xunit;

namespace Ofql.Formats.Tests.Policies;

public sealed class PolicyFileTests
{
    [Fact]
    public void A_policy_comes_back_as_it_was()
    {
        using var folder = new TemporaryFolder();
        var policy = new PolicyArtefact(
            new Dictionary<string, string> { ["kind"] = "ofql", ["state_size"] = "3" },
            new Dictionary<string, (long[], float[])> { ["actor.w"] = ([2, 3], [1, 2, 3, 4, 5, 6]), ["actor.b"] = ([2], [-1, 0.5f]) });
        PolicyFile.Save(policy, folder["p"]);
        var opened = PolicyFile.Open(folder["p"]);
        Assert.Equal(policy.Metadata.OrderBy(pair => pair.Key), opened.Metadata.OrderBy(pair => pair.Key));
        Assert.Equal(["actor.b", "actor.w"], opened.Tensors.Keys.Order());
        foreach (var (name, (shape, values)) in policy.Tensors)
        {
            Assert.Equal(shape, opened.Tensors[name].Shape);
            Assert.Equal(values, opened.Tensors[name].Values);
        }
    }

    [Fact]
    public void What_is_no_policy_is_refused()
    {
        using var folder = new TemporaryFolder();
        using (var dataset = TestData.Dataset())
            Ofql.Formats.Datasets.DatasetFile.Save(dataset, folder["d"]);
        Assert.Contains("is a dataset file, expected a policy file", Assert.Throws<OfqlException>(() => PolicyFile.Open(folder["d"])).Message, StringComparison.Ordinal);
        SafetensorsWriter.Write(folder["e"], null, []);
        Assert.Contains("holds no tensor", Assert.Throws<OfqlException>(() => PolicyFile.Open(folder["e"])).Message, StringComparison.Ordinal);
        var wrong = new PolicyArtefact(
            new Dictionary<string, string>(), new Dictionary<string, (long[], float[])> { ["w"] = ([2, 3], [1]) });
        Assert.Contains("tensor 'w' has 1 values", Assert.Throws<OfqlException>(() => PolicyFile.Save(wrong, folder["w"])).Message, StringComparison.Ordinal);
        Assert.Equal(["d", "e"], folder.Files);
    }
}
