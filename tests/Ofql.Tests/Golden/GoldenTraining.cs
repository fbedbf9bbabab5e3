using Ofql.Agents;
using Ofql.Data;
using Ofql.Graph;
using Ofql.Graph.Execution;
using Ofql.Graph.Nodes;
using Xunit;

namespace Ofql.Tests.Golden;

/// <summary>
/// Consecutive updates of an agent against a golden training case: parameters and draws are given, and every number that the
/// case has is compared. What the test forgot to name fails it.
/// </summary>
internal sealed record GoldenTraining
{
    /// <summary>Built with <see cref="ProgramMode.GivenInputs"/> and <see cref="ProgramMode.KeepAll"/>.</summary>
    public required ProgramAgent Agent { get; init; }

    /// <summary>Where the case's <c>input*</c> tensors go.</summary>
    public required IReadOnlyDictionary<string, InputNode> Inputs { get; init; }

    /// <summary>The numbers of its <c>series</c>.</summary>
    public required IReadOnlyDictionary<string, Func<float>> Series { get; init; }

    /// <summary>The nodes of its <c>update*</c> tensors, with the program that computes them.</summary>
    public required IReadOnlyDictionary<string, (Program Program, Node Node)> Values { get; init; }

    /// <summary>Tolerance of gradients.</summary>
    public double GradientTolerance { get; init; } = GoldenFile.Tolerance;

    /// <summary>What programs need to be compared so.</summary>
    public static ProgramMode Mode { get; } = new(GivenInputs: true, KeepAll: true);

    /// <summary>The inputs of a batch, by their golden names.</summary>
    public static Dictionary<string, InputNode> BatchNames(BatchInputs batch, bool transitions = true)
    {
        var names = new Dictionary<string, InputNode> { ["state"] = batch.State, ["action"] = batch.Action };
        if (!transitions)
            return names;
        names["reward"] = batch.Reward;
        names["mask"] = batch.Mask;
        names["next_state"] = batch.NextState;
        return names;
    }

    /// <summary>A context of the case's sizes; the dataset is never read.</summary>
    public static AgentContext Context(GoldenFile golden, TransitionDataset data, int threads) => new(
        data, Enumerable.Repeat(-1f, golden.Size("A")).ToArray(), Enumerable.Repeat(1f, golden.Size("A")).ToArray(), Seed: 1, threads, golden.Size("updates"));

    /// <summary>Transforms that change nothing.</summary>
    public static DataTransforms Identity(GoldenFile golden) => DataTransforms.Identity(golden.Size("S"), golden.Size("A"));

    /// <summary>A dataset of one empty row of the case's sizes.</summary>
    public static TransitionDataset Dataset(GoldenFile golden) => new(
        Column<float>.Allocate(1, golden.Size("S")),
        Column<float>.Allocate(1, golden.Size("A")),
        Column<float>.Allocate(1, 1),
        Column<float>.Allocate(1, golden.Size("S")),
        Column<byte>.Allocate(1, 1),
        Column<byte>.Allocate(1, 1));

    /// <summary>Runs the case's updates and compares.</summary>
    public void Compare(GoldenFile golden)
    {
        foreach (var block in Agent.Blocks)
        {
            foreach (var tensor in block.Layout.Tensors)
                block.Write(tensor, golden.Singles($"init.{block.Name}.{tensor.Name}"));
        }

        var compared = new HashSet<string>();
        for (var update = 1; update <= golden.Size("updates"); update++)
        {
            foreach (var (name, input) in Inputs)
                input.Write(golden.Singles($"input{update}.{name}"));
            Agent.Update();
            CompareSeries(golden, update, compared);
            CompareValues(golden, $"update{update}.", compared);
            CompareBlocks(golden, update, compared);
        }

        var expected = golden.Names.Where(name => name.Split('.')[0].TrimEnd("0123456789".ToCharArray()) is "update" or "grad" or "after" or "series");
        Assert.Equal(expected.Where(name => !name.EndsWith(".update", StringComparison.Ordinal)).Order(), compared.Order());
        Assert.All(golden.Names.Where(name => name.StartsWith("input1.", StringComparison.Ordinal)), name => Assert.Contains(name["input1.".Length..], Inputs.Keys));
    }

    private void CompareSeries(GoldenFile golden, int update, HashSet<string> compared)
    {
        foreach (var (name, read) in Series)
        {
            var full = "series." + name;
            compared.Add(full);
            var updates = golden.Contains(full + ".update") ? golden.Integers(full + ".update") : [.. Enumerable.Range(1, golden.Size("updates"))];
            var index = Array.IndexOf(updates, update);
            if (index < 0)
                continue;
            var (actual, series) = (read(), golden.Values(full));
            Assert.True(
                Math.Abs(actual - series[index]) <= GoldenFile.Tolerance * series.Max(Math.Abs),
                $"{full}, update {update}: expected {series[index]:g9}, found {actual:g9}.");
        }
    }

    private void CompareValues(GoldenFile golden, string prefix, HashSet<string> compared)
    {
        foreach (var full in golden.Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            Assert.True(Values.TryGetValue(full[prefix.Length..], out var value), $"The test compares nothing with '{full}'.");
            var actual = new float[value.Node.Rows * value.Node.Columns];
            value.Program.Read(value.Node, actual);
            golden.AssertClose(full, actual);
            compared.Add(full);
        }
    }

    private void CompareBlocks(GoldenFile golden, int update, HashSet<string> compared)
    {
        foreach (var block in Agent.Blocks)
        {
            foreach (var tensor in block.Layout.Tensors)
            {
                var values = new float[tensor.Count];
                block.ReadGradient(tensor, values);
                Compare($"grad{update}.{block.Name}.{tensor.Name}", values, GradientTolerance);
                block.Read(tensor, values);
                Compare($"after{update}.{block.Name}.{tensor.Name}", values, GoldenFile.Tolerance);
            }
        }

        void Compare(string name, float[] actual, double tolerance)
        {
            if (!golden.Contains(name))
                return;
            golden.AssertClose(name, actual, tolerance);
            compared.Add(name);
        }
    }
}
